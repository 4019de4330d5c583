import { expect, test } from "bun:test";
import type { BlobStore } from "../../src/blobs/contract.ts";
import { Holds } from "../../src/lib/holds.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Sweep } from "../../src/metadata/contract.ts";
import { noSpaceCounts } from "../../src/work/space/contract.ts";
import { sweepingWork } from "../../src/work/space/sweeping.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { digestOfText } from "../fakes/metadata-samples.ts";

const digest = digestOfText("layer");

/** What a step of the sweep does with a blob that is due, where this happens while the record is marked. */
async function sweptWhile(marking: (clock: SteppedClock, holds: Holds) => void): Promise<string[]> {
  const clock = new SteppedClock();
  const holds = new Holds();
  const done: string[] = [];
  const sweep = {
    now: async () => clock.now(),
    due: async () => [{ kind: "blob", digest, size: 5 }],
    async beginRemoval() {
      marking(clock, holds);
      return true;
    },
    abandonRemoval: async () => void done.push("abandon"),
    endRemoval: async () => void done.push("end"),
  } as unknown as Sweep;
  const blobs = { delete: async () => void done.push("delete") } as unknown as BlobStore;
  const log = createLog(clock, "error", { write() {}, async flush() {} });
  const counts = noSpaceCounts();
  const work = sweepingWork({ sweep, blobs, holds, clock, log, counts });
  const { signal } = new AbortController();
  await work.step({ state: "removing", done: 0, signal });
  return done;
}

test("a deletion is given up whose mark took so long that others may not wait for its end", async () => {
  expect(await sweptWhile((clock) => clock.step(100))).toEqual(["delete", "end"]);
  expect(await sweptWhile((clock) => clock.step(5000))).toEqual(["abandon"]);
});

test("nor is anything deleted that somebody has begun to store meanwhile", async () => {
  expect(await sweptWhile((_, holds) => void holds.hold(digest))).toEqual(["abandon"]);
});
