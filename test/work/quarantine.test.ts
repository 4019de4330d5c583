import { expect, test } from "bun:test";
import type { StoredBlob } from "../../src/blobs/contract.ts";
import { createLog } from "../../src/lib/log.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { Finding } from "../../src/work/contract.ts";
import type { Work, WorkStep } from "../../src/work/runner/contract.ts";
import { noSpaceCounts } from "../../src/work/space/contract.ts";
import { quarantineWork } from "../../src/work/space/quarantine.ts";
import { scrubbingWork } from "../../src/work/space/scrubbing.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/image.ts";

const hour = 3_600_000;
const day = 24 * hour;
const clock = new SteppedClock();
const log = createLog(clock, "error", { write() {}, async flush() {} });
const digest = (n: number) => digestOf(sampleBytes(8, n));

async function runAll(work: Work): Promise<WorkStep> {
  const { signal } = new AbortController();
  let at = await work.step({ state: undefined, done: 0, signal });
  while (!at.isOver) at = await work.step({ state: at.state, done: at.done, signal });
  return at;
}

/** What is left of a quarantine of these, each put aside so many hours ago, and what was said of it. */
async function emptied(sizes: readonly number[], hoursAgo: (n: number) => number) {
  const aside = new Map<string, StoredBlob>();
  for (const [n, size] of sizes.entries()) {
    const storedAt = clock.now() - hoursAgo(n) * hour;
    aside.set(digest(n), { digest: digest(n), size, storedAt });
  }
  const counts = noSpaceCounts();
  const blobs = {
    quarantined: async (limit: number) => [...aside.values()].slice(0, limit),
    discardQuarantined: async (one: string) => void aside.delete(one),
  };
  const over = await runAll(quarantineWork({ blobs, clock, log, counts }));
  const left = sizes.keys().filter((n) => aside.has(digest(n)));
  return { left: [...left], over, counts };
}

test("what was put aside goes when it is old, and when it is too much: the oldest first", async () => {
  const old = await emptied([5, 5, 5], (n) => 24 * (31 - n));
  expect(old.left).toEqual([2]);
  expect(old.over).toMatchObject({ done: 2 });
  const large = await emptied([600 << 20, 500 << 20, 400 << 20, 10], (n) => n + 1);
  expect(large.left).toEqual([0, 2, 3]);
  expect(large.counts.quarantine).toEqual({ objects: 3, bytes: (1000 << 20) + 10 });
  const many = await emptied(Array<number>(2300).fill(1), (n) => n / 10);
  expect(many.over).toMatchObject({ done: 1800 });
  expect(many.left).toHaveLength(500);
  const none = await emptied([], () => 0);
  expect(none.over.message).toBeUndefined();
  expect(none.counts.quarantine).toEqual({ objects: 0, bytes: 0 });
});

test("a scrub that could not read something says so, and comes again a day later; one that could, in a week", async () => {
  const noted: unknown[] = [];
  const scrub = (findings: Partial<Finding>[]) => {
    const checked = { manifests: 0, blobs: 3, bytes: 9, entries: 0 };
    const step = async () => ({ next: undefined, checked, findings: findings as Finding[] });
    const management = { note: async (fact: unknown) => void noted.push(fact) };
    const counts = noSpaceCounts();
    return { counts, work: scrubbingWork({ verifier: { step }, management, log, counts }) };
  };
  const failing = scrub([
    { problem: "unreadable", outcome: "kept", digest: digest(1) },
    { problem: "wrong", outcome: "repaired", digest: digest(2) },
  ]);
  expect(await runAll(failing.work)).toMatchObject({
    nextMs: day,
    message:
      "1 stored objects were wrong or missing, 1 of them were fetched again; 1 cannot be read or put aside and stay: they are looked at again in a day; the log names them",
  });
  expect(failing.counts).toMatchObject({ damaged: 1, repaired: 1, kept: 1 });
  expect(noted).toMatchObject([{ details: { damaged: 1, repaired: 1, kept: 1 } }]);
  expect(await runAll(scrub([]).work)).toMatchObject({ nextMs: 7 * day, message: undefined });
});
