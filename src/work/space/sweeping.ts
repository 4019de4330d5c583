import type { BlobStore } from "../../blobs/contract.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Holds } from "../../lib/holds.ts";
import type { Log } from "../../lib/log.ts";
import type { Sweep } from "../../metadata/contract.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import type { Work } from "../runner/contract.ts";
import type { SpaceCounts } from "./contract.ts";

/** Whoever has found an entry while it was there has opened what it needs by then. */
export const graceMs = 300_000;
/** A file without a record, which is written right after it. */
const strayMs = 3_600_000;
/** What others wait for the end of a removal, less what a bucket may take for it. */
const beginMs = 3000;
const notesPerStep = 500;
const removalsPerStep = 20;
const straysPerStep = 500;

export interface SweepingOptions {
  sweep: Sweep;
  blobs: Pick<BlobStore, "delete" | "list">;
  /** What is being stored here. */
  holds: Holds;
  clock: Clock;
  log: Log;
  counts: SpaceCounts;
}

/** Deletes content that no entry has needed for a while. */
export function sweepingWork(options: SweepingOptions): Work {
  const { sweep } = options;
  return {
    name: "sweep",
    everyMs: 60_000,
    afterStartMs: 60_000,
    goesByAge: true,
    async step({ state = "looking", done }) {
      const now = await sweep.now();
      if (state === "looking") {
        const some = await sweep.note(now, notesPerStep);
        return { isOver: false, state: some < notesPerStep ? "removing" : state, done };
      }
      const due = await sweep.due(now - graceMs, removalsPerStep);
      let removed = 0;
      for (const content of due) removed += (await removeContent(options, content)) ? 1 : 0;
      // What is held stays due.
      if (removed === 0) return { isOver: true, done };
      return { isOver: false, state, done: done + removed };
    },
  };
}

/** Whether it is gone, or needed after all. */
async function removeContent(
  options: SweepingOptions,
  { kind, digest, size }: { kind: "manifest" | "blob"; digest: Digest; size: number },
): Promise<boolean> {
  const { sweep, counts } = options;
  if (kind === "manifest") {
    if (!(await sweep.removeManifest(digest))) return true;
    counts.sweptManifests++;
    counts.sweptBytes += size;
    return true;
  }
  const outcome = await removeBlob(options, digest);
  if (outcome === "removed") {
    counts.sweptBlobs++;
    counts.sweptBytes += size;
  }
  return outcome !== "held";
}

/** First the record says so, then the bytes go, then the record: a kill in between leaves what the next run finishes. */
async function removeBlob(
  { sweep, blobs, holds, clock }: SweepingOptions,
  digest: Digest,
): Promise<"removed" | "needed" | "held"> {
  if (holds.has(digest)) return "held";
  const startedAt = clock.elapsed();
  const begun = await sweep.now();
  if (!(await sweep.beginRemoval(digest, begun))) return "needed";
  // Who began to store it before the record said so does not know of this; who begins now waits for the end.
  // A database or a process that took too long has left the others less time than a deletion may take.
  if (holds.has(digest) || clock.elapsed() - startedAt > beginMs) {
    await sweep.abandonRemoval(digest, begun);
    return "held";
  }
  await blobs.delete(digest);
  await sweep.endRemoval(digest, begun);
  return "removed";
}

/**
 * Puts stored bytes that nothing is known of, as a kill leaves them, on record as what nothing needs: the sweep deletes them as
 * it does others, whoever begins to need them meanwhile.
 */
export function straysWork({ sweep, blobs, holds, clock, log }: SweepingOptions): Work {
  return {
    name: "stray_blobs",
    everyMs: 24 * 3_600_000,
    afterStartMs: 600_000,
    goesByAge: true,
    async step({ state, done }) {
      const listed = await blobs.list(parseDigest(state ?? ""), straysPerStep);
      const now = clock.now();
      const old = listed.filter(
        ({ digest, storedAt }) => storedAt < now - strayMs && !holds.has(digest),
      );
      const strays = await sweep.adopt(old, await sweep.now());
      if (strays.length > 0)
        log.warn("blobs without a record were found", { count: strays.length });
      const last = listed.at(-1)?.digest;
      const isOver = listed.length < straysPerStep;
      return { isOver, state: last, done: done + strays.length };
    },
  };
}
