import type { Clock } from "../../lib/clock.ts";
import type { Family } from "../../lib/metrics.ts";
import { unlessLate } from "../../lib/soon.ts";
import { scrapePatience } from "./known-upstreams.ts";

/** Milliseconds until blobs are counted again. */
const shortest = 60_000;
/** So many times as long as counting took it is left at peace. */
const rest = 500;

export interface SizedOptions {
  clock: Clock;
  /** Bytes that are stored, which are known at any time. */
  storedBytes: () => Promise<number>;
  /** How many blobs, which has to be counted. */
  blobCount: () => Promise<number>;
}

/** How much is stored. Blobs are counted at times, and nobody waits for it: who asks meanwhile gets the last count. */
export class Sized {
  readonly #options: SizedOptions;
  #blobs: number | undefined;
  #isCounting = false;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: SizedOptions) {
    this.#options = options;
  }

  families(): Family[] {
    const gauge = (name: string, help: string, read: () => Promise<number | undefined>) => {
      const samples = async () => {
        const value = await read();
        return value === undefined ? [] : [{ labels: {}, value }];
      };
      return { name, help, type: "gauge", samples } as const;
    };
    return [
      gauge("weir_store_bytes", "Bytes of blobs and manifests that are stored.", () =>
        // That the database does not answer is told by /readyz and by weir_ready.
        unlessLate(this.#options.clock, scrapePatience, this.#options.storedBytes),
      ),
      gauge("weir_store_blobs", "Blobs that are stored.", async () => this.#lastCount()),
    ];
  }

  /** Undefined until there is one. */
  #lastCount(): number | undefined {
    const isDue = this.#options.clock.elapsed() >= this.#nextAt;
    if (isDue && !this.#isCounting) void this.#recount();
    return this.#blobs;
  }

  async #recount(): Promise<void> {
    const { clock, blobCount } = this.#options;
    const started = clock.elapsed();
    this.#isCounting = true;
    try {
      this.#blobs = await blobCount();
    } catch {
      // As above.
    } finally {
      const took = clock.elapsed() - started;
      this.#nextAt = clock.elapsed() + Math.max(shortest, rest * took);
      this.#isCounting = false;
    }
  }
}
