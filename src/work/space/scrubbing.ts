import type { Log } from "../../lib/log.ts";
import type { Management } from "../../metadata/contract.ts";
import type { Work } from "../runner/contract.ts";
import type { Verifier } from "../verify/contract.ts";
import type { SpaceCounts } from "./contract.ts";
import { count, record, tally } from "./findings.ts";

const dayMs = 24 * 3_600_000;
const weekMs = 7 * dayMs;

export interface ScrubbingOptions {
  verifier: Verifier;
  management: Pick<Management, "note">;
  log: Log;
  counts: SpaceCounts;
}

/** Where a run has come to. */
interface Progress {
  next: string | undefined;
  damaged: number;
  repaired: number;
  kept: number;
}

const nothing: Progress = { next: undefined, damaged: 0, repaired: 0, kept: 0 };

/**
 * Looks each week whether what is stored is what it should be, in doses. What is wrong or missing is put aside, put on record
 * and fetched again at once; where that fails, the next pull does. What cannot be read or put aside stays, and is looked at again a day later.
 */
export function scrubbingWork({ verifier, management, log, counts }: ScrubbingOptions): Work {
  return {
    name: "scrub",
    everyMs: weekMs,
    afterStartMs: 3_600_000,
    goesByAge: false,
    async step({ state, done }) {
      // A release before this one has left no count of what is kept.
      const before = {
        ...nothing,
        ...(state === undefined ? {} : (JSON.parse(state) as Progress)),
      };
      const step = await verifier.step(before.next, { repair: true });
      const found = tally(step.findings);
      counts.scrubbedBlobs += step.checked.blobs;
      counts.scrubbedBytes += step.checked.bytes;
      count(counts, found);
      if (step.findings.length > 0) await record(management, "store.scrub", step.findings);
      const progress = {
        next: step.next,
        damaged: before.damaged + found.damaged,
        repaired: before.repaired + found.repaired,
        kept: before.kept + found.kept,
      };
      const total = done + step.checked.blobs + step.checked.manifests;
      if (step.next !== undefined) {
        return { isOver: false, state: JSON.stringify(progress), done: total };
      }
      const message = messageOf(progress);
      if (message) log.error("the store was damaged", { ...progress, next: undefined });
      const nextMs = progress.kept > 0 ? dayMs : weekMs;
      return { isOver: true, done: total, message, nextMs };
    },
  };
}

function messageOf({ damaged, repaired, kept }: Progress): string | undefined {
  const parts: string[] = [];
  if (damaged > 0) {
    parts.push(
      `${damaged} stored objects were wrong or missing, ${repaired} of them were fetched again`,
    );
  }
  if (kept > 0) {
    parts.push(`${kept} cannot be read or put aside and stay: they are looked at again in a day`);
  }
  return parts.length > 0 ? `${parts.join("; ")}; the log names them` : undefined;
}
