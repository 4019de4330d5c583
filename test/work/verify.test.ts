import { expect, test } from "bun:test";
import { StoreUnavailableError } from "../../src/blobs/contract.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Upstream } from "../../src/metadata/contract.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { StoreVerifier, type VerifierOptions } from "../../src/work/verify/verifier.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/image.ts";

/** A store with one blob, which is read as `stream` says, and a record of it. */
function verifierOf(
  read: () => AsyncGenerator<Uint8Array> | undefined,
  quarantine: () => Promise<unknown> = async () => true,
) {
  const clock = new SteppedClock();
  const digest = digestOf(sampleBytes(10, 1));
  const stored = { digest, size: 10, storedAt: 1 };
  const done: string[] = [];
  const blobs = {
    open: async () => {
      const pieces = read();
      if (!pieces) return undefined;
      const next = async () => {
        const { done: isOver, value } = await pieces.next();
        return isOver ? undefined : value;
      };
      return { kind: "stream", stream: { next, cancel: async () => {}, waiting: false } };
    },
    stat: async () => stored,
    quarantine: () => {
      done.push("quarantined");
      return quarantine();
    },
  };
  const verifier = new StoreVerifier({
    holdings: {
      blobs: async () => [stored],
      verified: async (digests: unknown[]) => void done.push(`${digests.length} verified`),
      holders: async () => [{ kind: "blob", digest, upstreamId: 1, repository: "app" }],
    },
    cache: { blob: async () => stored, forgetBlob: async () => void done.push("forgotten") },
    blobs,
    directory: { upstreams: async () => [{ id: 1, name: "up" } as Upstream] },
    repair: async () => {
      done.push("repaired");
      return true;
    },
    clock,
    log: createLog(clock, "error", { write() {}, async flush() {} }),
  } as unknown as VerifierOptions);
  return { verifier, done, digest };
}

test("a blob that a pull waits for: right ones are noted, others go the way of those that a step finds", async () => {
  const right = verifierOf(async function* () {
    yield sampleBytes(10, 1);
  });
  expect(await right.verifier.recheck(right.digest, 10, 1)).toEqual({ isRight: true });
  expect(right.done).toEqual(["1 verified"]);
  const wrong = verifierOf(async function* () {
    yield sampleBytes(10, 2);
  });
  expect(await wrong.verifier.recheck(wrong.digest, 10, 1)).toMatchObject({
    isRight: false,
    finding: { problem: "wrong", outcome: "lost" },
  });
  // The pull itself fetches it.
  expect(wrong.done).toEqual(["quarantined", "forgotten"]);
  const unreadable = verifierOf(async function* () {
    yield sampleBytes(5, 1);
    throw Object.assign(new Error("i/o error, read"), { code: "EIO" });
  });
  expect(await unreadable.verifier.recheck(unreadable.digest, 10, 1)).toMatchObject({
    isRight: false,
    finding: { problem: "unreadable", outcome: "kept" },
  });
  expect(unreadable.done).toEqual([]);
});

test("a blob that cannot be read is neither wrong nor missing: it stays, and is told", async () => {
  const { verifier, done, digest } = verifierOf(async function* () {
    yield sampleBytes(5, 1);
    throw Object.assign(new Error("i/o error, read"), { code: "EIO" });
  });
  const { findings } = await verifier.step("blobs ", { repair: true });
  expect(findings).toEqual([
    {
      kind: "blob",
      digest,
      problem: "unreadable",
      outcome: "kept",
      upstream: "up",
      repository: "app",
      reason: "EIO",
    },
  ]);
  expect(done).toEqual(["0 verified"]);
});

test("a wrong blob that cannot be put aside is told, and stays on record to be looked at again", async () => {
  const wrong = async function* () {
    yield sampleBytes(10, 2);
  };
  const denied = () => Promise.reject(new StoreUnavailableError("the bucket denies access"));
  const { verifier, done, digest } = verifierOf(wrong, denied);
  expect(await verifier.step("blobs ", { repair: true })).toMatchObject({
    findings: [
      {
        digest,
        problem: "wrong",
        outcome: "kept",
        reason: "it could not be put aside: the bucket denies access",
      },
    ],
  });
  expect(done).toEqual(["quarantined", "0 verified"]);
});

test("a wrong blob is out of its place before it is forgotten: a kill in between leaves nothing that a pull would find", async () => {
  const { verifier, done } = verifierOf(async function* () {
    yield sampleBytes(10, 2);
  });
  await verifier.step("blobs ", { repair: true });
  expect(done).toEqual(["quarantined", "forgotten", "repaired", "0 verified"]);
});

test("a read that fails once is made again", async () => {
  let reads = 0;
  const { verifier, done } = verifierOf(async function* () {
    if (reads++ === 0) throw Object.assign(new Error("i/o error, read"), { code: "EIO" });
    yield sampleBytes(10, 1);
  });
  expect(await verifier.step("blobs ", { repair: true })).toMatchObject({ findings: [] });
  expect(done).toEqual(["1 verified"]);
});

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
    cache: { blob: async () => undefined },
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
