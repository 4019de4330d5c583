import type { Clock, Timer } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import type { Cache, Downloads } from "../metadata/contract.ts";

/** How long counts wait for their write; a crash loses at most these. */
const flushMs = 10_000;

/** Counts pulls in memory and writes them together: a write per pull would cost more than the pull. */
export class Usage {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #log: Log;
  #counts = new Map<number, Downloads>();
  #timer: Timer | undefined;

  constructor({ cache, clock, log }: { cache: Cache; clock: Clock; log: Log }) {
    this.#cache = cache;
    this.#clock = clock;
    this.#log = log;
  }

  count(entryId: number): void {
    const lastAt = this.#clock.now();
    const known = this.#counts.get(entryId);
    if (known) {
      known.count++;
      known.lastAt = lastAt;
    } else {
      this.#counts.set(entryId, { entryId, count: 1, lastAt });
    }
    this.#timer ??= this.#clock.after(flushMs, () => void this.flush());
  }

  /** Writes what has been counted. A failing database costs counts, never a pull. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    try {
      await this.#cache.countDownloads(counts);
    } catch (error) {
      this.#log.warn("download counts were lost", {
        entries: counts.length,
        code: failureCode(error),
      });
    }
  }
}
