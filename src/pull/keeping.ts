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

/**
 * Brings bytes to where they rest and notes that they do, by `work`, while nobody here deletes what rests there under the same
 * digest: a deletion that is under way comes to its end before. `work` is told whether they were on record by then, so that
 * what another server deletes meanwhile is not noted as stored.
 */
export async function keepSafe<T>(
  { cache, clock, holds }: KeepingOptions,
  digest: Digest,
  work: (wasRecorded: boolean) => Promise<T>,
): Promise<T> {
  const release = holds.hold(digest);
  try {
    for (;;) {
      const recorded = await cache.recorded(digest);
      if (recorded !== "leaving") return await work(recorded === "yes");
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
  } finally {
    release();
  }
}
