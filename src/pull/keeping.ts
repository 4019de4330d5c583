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
 * Brings bytes to where they rest and notes that they do, by `work`, while nobody deletes what rests there under the same
 * digest: a deletion that is under way comes to its end before.
 */
export async function keepSafe<T>(
  { cache, clock, holds }: KeepingOptions,
  digest: Digest,
  work: () => Promise<T>,
): Promise<T> {
  const release = holds.hold(digest);
  try {
    while (await cache.isBeingRemoved(digest, clock.now())) {
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
    return await work();
  } finally {
    release();
  }
}
