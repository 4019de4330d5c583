import { StoreFullError } from "../blobs/contract.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Upstream } from "../metadata/contract.ts";
import type { Wanted } from "./flight.ts";

export interface StorableOptions {
  clock: Clock;
  log: Log;
  /** Larger blobs are passed through, not stored, since somebody wants it so; undefined: no limit. */
  maxBlobBytes: number | undefined;
  /** Of all that is cached; undefined: no limit. What alone is larger would have to go as soon as it is there. */
  cacheMaxBytes: number | undefined;
}

/** Milliseconds that it is told of after the last time. */
const toldMs = 15 * 60_000;
const infinite = Number.POSITIVE_INFINITY;

/** It turned out to be larger than what may be stored while it came. */
export class TooLargeError extends StoreFullError {}

/** How large a blob may be that is stored. */
export class Storable {
  readonly #options: StorableOptions;
  /** When one was last passed through that a limit of the cache has no room for. */
  #passedAt = Number.NEGATIVE_INFINITY;

  constructor(options: StorableOptions) {
    this.#options = options;
  }

  maxBytes({ maxBytes = infinite }: Upstream): number {
    const { maxBlobBytes = infinite, cacheMaxBytes = infinite } = this.#options;
    return Math.min(maxBytes, maxBlobBytes, cacheMaxBytes);
  }

  /** Notes that a blob is not stored. `size`: undefined where nobody has said it. */
  passed({ digest, upstream }: Wanted, size: number | undefined): void {
    const { clock, log, maxBlobBytes = infinite, cacheMaxBytes = infinite } = this.#options;
    const bound = this.maxBytes(upstream);
    const isWanted = bound === maxBlobBytes;
    const own = "cache_max_bytes of its upstream or group";
    const limit = isWanted
      ? "WEIR_MAX_BLOB_BYTES"
      : bound === cacheMaxBytes
        ? "WEIR_CACHE_MAX_BYTES"
        : own;
    const facts = { upstream: upstream.name, digest, reason: `larger than ${limit}`, size, bound };
    log[isWanted ? "info" : "warn"]("blob is passed through, not stored", facts);
    if (!isWanted) this.#passedAt = clock.elapsed();
  }

  /** That a limit of the cache is too small for what is pulled; undefined: not lately. */
  told(): string | undefined {
    if (this.#options.clock.elapsed() - this.#passedAt >= toldMs) return undefined;
    return "blobs are passed through that are larger than a limit of the cache: the log names them";
  }
}
