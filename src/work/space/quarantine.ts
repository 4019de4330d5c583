import type { BlobStore, StoredBlob } from "../../blobs/contract.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Work } from "../runner/contract.ts";
import type { SpaceCounts } from "./contract.ts";

const hourMs = 3_600_000;
/** Time enough for somebody to look at it. */
const keptMs = 30 * 24 * hourMs;
/** Of all that is put aside; what was so last stays longest. */
const keptBytes = 1 << 30;
const keptObjects = 500;
/** More than may stay: a list that is full leaves some to give up. */
const listedPerStep = 2 * keptObjects;

export interface QuarantineOptions {
  blobs: Pick<BlobStore, "quarantined" | "discardQuarantined">;
  clock: Clock;
  log: Log;
  counts: SpaceCounts;
}

/** Empties the quarantine of what was put aside long ago, or is too much, and says what is in it. */
export function quarantineWork({ blobs, clock, log, counts }: QuarantineOptions): Work {
  return {
    name: "quarantine",
    everyMs: hourMs,
    afterStartMs: 60_000,
    goesByAge: true,
    async step({ state, done }) {
      const listed = await blobs.quarantined(listedPerStep);
      const { stay, go } = parted(listed, clock.now() - keptMs);
      for (const { digest } of go) await blobs.discardQuarantined(digest);
      if (go.length > 0) log.info("what was put aside was deleted", { objects: go.length });
      const total = done + go.length;
      if (listed.length >= listedPerStep)
        return { isOver: false, state: state ?? "more", done: total };
      const bytes = stay.reduce((sum, { size }) => sum + size, 0);
      counts.quarantine = { objects: stay.length, bytes };
      const message =
        stay.length > 0
          ? `objects put aside in quarantine: ${stay.length}, of ${bytes} bytes; they stay for 30 days at most`
          : undefined;
      return { isOver: true, done: total, message };
    },
  };
}

function parted(listed: readonly StoredBlob[], since: number) {
  const stay: StoredBlob[] = [];
  const go: StoredBlob[] = [];
  let bytes = 0;
  for (const blob of listed.toSorted((a, b) => b.storedAt - a.storedAt)) {
    const isKept =
      blob.storedAt > since && stay.length < keptObjects && bytes + blob.size <= keptBytes;
    if (isKept) bytes += blob.size;
    (isKept ? stay : go).push(blob);
  }
  return { stay, go };
}
