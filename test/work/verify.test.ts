import { expect, test } from "bun:test";
import { createLog } from "../../src/lib/log.ts";
import type { Upstream } from "../../src/metadata/contract.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { StoreVerifier, type VerifierOptions } from "../../src/work/verify/verifier.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/image.ts";

test("a step in which upstreams are slow ends early, and the next one goes on behind it", async () => {
  const clock = new SteppedClock();
  const entries = Array.from({ length: 5 }, (_, i) => ({
    id: (i + 1) * 10,
    place: i + 1,
    kind: "blob" as const,
    digest: digestOf(sampleBytes(10, i)),
    upstreamId: 1,
    repository: "app",
  }));
  const holdings = {
    lacking: async (after: number) => {
      const found = entries.filter(({ id }) => id > after);
      const places = found.map((entry, i) => ({ ...entry, place: i + 1 }));
      return { last: found.at(-1)?.id, count: found.length, entries: places };
    },
    holders: async () => [entries[0]],
  };
  let repairs = 0;
  const verifier = new StoreVerifier({
    holdings,
    directory: { upstreams: async () => [{ id: 1, name: "up" } as Upstream] },
    repair: async () => {
      repairs++;
      clock.step(12_000);
      return true as const;
    },
    clock,
    log: createLog(clock, "error", { write() {}, async flush() {} }),
  } as unknown as VerifierOptions);
  const first = await verifier.step("entries ", { repair: true });
  expect(first).toMatchObject({ next: "entries 20", checked: { entries: 2 } });
  const second = await verifier.step(first.next, { repair: true });
  const third = await verifier.step(second.next, { repair: true });
  expect([second.next, third.next]).toEqual(["entries 40", "entries 50"]);
  expect(await verifier.step(third.next, { repair: true })).toMatchObject({ next: undefined });
  const all = [first, second, third].reduce((sum, { checked }) => sum + checked.entries, 0);
  expect([repairs, all]).toEqual([5, 5]);
});
