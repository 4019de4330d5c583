import { type Clock, type Timer, yieldTurn } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import type { Cache, Downloads, EntryKey } from "../metadata/contract.ts";

/** How long counts wait for their write; a crash loses at most these. */
const flushMs = 10_000;
/** Rows of one transaction: whoever stores or evicts something of the same upstream may wait for it. */
const batchRows = 50;

/** Counts pulls in memory and writes them together: a write per pull would cost more than the pull. */
export class Usage {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #log: Log;
  #counts = new Map<string, Downloads>();
  #timer: Timer | undefined;

  constructor({ cache, clock, log }: { cache: Cache; clock: Clock; log: Log }) {
    this.#cache = cache;
    this.#clock = clock;
    this.#log = log;
  }

  /** `pulls`: 0 where somebody asks only whether his copy still stands, which keeps an entry in use all the same. */
  count({ upstreamId, repository, kind, reference }: EntryKey, pulls: 0 | 1 = 1): void {
    const lastAt = this.#clock.now();
    const key = `${upstreamId} ${repository} ${kind} ${reference}`;
    const known = this.#counts.get(key);
    if (known) {
      known.count += pulls;
      known.lastAt = lastAt;
    } else {
      this.#counts.set(key, { upstreamId, repository, kind, reference, count: pulls, lastAt });
    }
    this.#timer ??= this.#clock.after(flushMs, () => void this.flush());
  }

  /** Writes what has been counted. A failing database costs counts, never a pull. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    for (let i = 0; i < counts.length; i += batchRows) {
      const batch = counts.slice(i, i + batchRows);
      try {
        await this.#cache.countDownloads(batch);
      } catch (error) {
        const code = failureCode(error);
        this.#log.warn("download counts were lost", { entries: batch.length, code });
      }
      await yieldTurn();
    }
  }
}
