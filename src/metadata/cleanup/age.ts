import type { WalkedEntry } from "../purges/walk.ts";
import { usedMs } from "../uses.ts";

/** Whether an entry was last pulled before then. What a tag leads to goes no sooner than the tag. */
export const wasPulledBefore =
  (time: number) =>
  ({ kind, reference, digest, downloaded_at: at }: WalkedEntry): boolean =>
    at < (kind === "manifest" && reference !== digest ? time : time - usedMs);
