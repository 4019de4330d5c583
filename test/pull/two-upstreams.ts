import { afterEach, beforeEach } from "bun:test";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir, type WeirOptions } from "../fakes/weir.ts";

export let first: FakeUpstream;
export let second: FakeUpstream;
export let weir: TestWeir;

/** Each test of the file that calls it has two upstreams of its own, and stops the server that it starts. */
export function forEachTest(): void {
  beforeEach(async () => {
    first = await FakeUpstream.start();
    second = await FakeUpstream.start();
  });
  afterEach(async () => {
    await weir.stop();
    await first.stop();
    await second.stop();
  });
}

export async function serve(options: WeirOptions): Promise<void> {
  weir = await TestWeir.start(options);
}

type Settings = WeirOptions["upstreams"][number]["settings"];
export async function start(
  one: Settings = {},
  two: Settings = {},
  registry: WeirOptions["registry"] = {},
): Promise<void> {
  const upstreams = [
    { fake: first, settings: { ...one } },
    { fake: second, settings: { ...two } },
  ];
  await serve({ upstreams, registry });
}

/** How many there are in a table. */
export async function rows(table = "lists"): Promise<number> {
  const [row] = await weir.query<{ count: number }>(`select count(*) as count from ${table}`);
  return row?.count ?? -1;
}
