import { afterEach, beforeEach } from "bun:test";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir, type WeirOptions } from "../fakes/weir.ts";

export const name = "library/app";
export let fake: FakeUpstream;
export let weir: TestWeir;

/** Each test of the file that calls it has an upstream of its own, and stops the server that it starts. */
export function forEachTest(): void {
  beforeEach(async () => {
    fake = await FakeUpstream.start();
  });
  afterEach(async () => {
    await weir.stop();
    await fake.stop();
  });
}

export async function start(options: Partial<WeirOptions> = {}): Promise<void> {
  weir = await TestWeir.start({ upstreams: [{ fake }], ...options });
}
