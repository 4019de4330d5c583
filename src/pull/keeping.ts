import type { Clock } from "../lib/clock.ts";
import type { Holds } from "../lib/holds.ts";
import type { Cache } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";

/** A deletion takes milliseconds, or as long as a bucket takes. */
const lookMs = 100;

export interface KeepingOptions {
  cache: Cache;
  clock: Clock;
  /** What is being stored here, which nothing here deletes. */
  holds: Holds;
}

/** What was on record before bytes are brought to their place. */
export interface Before {
  wasRecorded: boolean;
  /** As bytes that are there, and right as far as is known. */
  isStored: boolean;
}

/**
 * Brings bytes to where they rest and notes that they do, by `work`, while nobody here deletes what rests there under the same
 * digest: a deletion that is under way comes to its end before. `work` is told what was on record by then, so that
 * what another server deletes meanwhile is not noted as stored, and what nobody knows of is not taken for the right bytes.
 */
export async function keepSafe<T>(
  { cache, clock, holds }: KeepingOptions,
  digest: Digest,
  work: (before: Before) => Promise<T>,
): Promise<T> {
  const release = holds.hold(digest);
  try {
    for (;;) {
      const recorded = await cache.recorded(digest);
      if (recorded !== "leaving") {
        return await work({ wasRecorded: recorded !== "no", isStored: recorded === "yes" });
      }
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
  } finally {
    release();
  }
}
