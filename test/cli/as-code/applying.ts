import { afterAll, beforeAll, expect } from "bun:test";
import { FakeUpstream } from "../../fakes/upstream.ts";
import { TestWeir } from "../../fakes/weir.ts";
import { runAt } from "../world.ts";

export let upstream: FakeUpstream;
export let weir: TestWeir;

/** The tests of the file that calls it have one server, and one after the other changes it. */
export function forAllTests(): void {
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    upstream.image("library/app", "latest");
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }], others: [] });
  });
  afterAll(async () => {
    await weir.stop();
    await upstream.stop();
  });
}

export interface Change {
  sign: string;
  what: string;
  details: string[];
}

/** The changes that a file would bring about. */
export async function planOf(text: string, ...more: string[]): Promise<Change[]> {
  const argv = ["apply", "--file", "-", "--dry-run", "--json", ...more];
  const { code, out, err } = await runAt(weir, argv, { input: text });
  if (code !== 0 && code !== 10) throw new Error(err);
  const changes = JSON.parse(out) as Change[];
  expect(code).toBe(changes.length > 0 ? 10 : 0);
  return changes;
}
export const short = (changes: readonly Change[]) =>
  changes.map(({ sign, what }) => `${sign} ${what}`);

export const apply = (text: string, more: string[] = [], env: Record<string, string> = {}) =>
  runAt(weir, ["apply", "--file", "-", ...more], { input: text, env });

export async function exported(): Promise<string> {
  const { code, out, err } = await runAt(weir, ["export"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}
