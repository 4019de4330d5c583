import type { Clock } from "../../lib/clock.ts";
import type { Family } from "../../lib/metrics.ts";
import type { StoreSize } from "../../metadata/contract.ts";

/** Milliseconds until what is stored is counted again. */
const shortest = 60_000;
/** So many times as long as counting took it is left at peace. */
const rest = 50;

/** How much is stored. It is counted at times, and by nobody's leave: whoever asks meanwhile gets the last count. */
export class Sized {
  #last: StoreSize | undefined;
  #counting: Promise<void> | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly clock: Clock,
    readonly count: () => Promise<StoreSize>,
  ) {}

  families(): Family[] {
    const gauge = (name: string, help: string, read: (size: StoreSize) => number) => {
      const samples = async () => {
        const size = await this.#size();
        return size ? [{ labels: {}, value: read(size) }] : [];
      };
      return { name, help, type: "gauge", samples } as const;
    };
    return [
      gauge("weir_store_bytes", "Bytes of the blobs that are stored.", ({ bytes }) => bytes),
      gauge("weir_store_blobs", "Blobs that are stored.", ({ blobs }) => blobs),
    ];
  }

  /** The first count is waited for; undefined where the database could not be asked yet. */
  async #size(): Promise<StoreSize | undefined> {
    if (this.clock.elapsed() >= this.#nextAt) this.#counting ??= this.#recount();
    if (!this.#last) await this.#counting;
    return this.#last;
  }

  async #recount(): Promise<void> {
    const started = this.clock.elapsed();
    try {
      this.#last = await this.count();
    } catch {
      // That the database does not answer is told by /readyz and by weir_ready.
    } finally {
      const took = this.clock.elapsed() - started;
      this.#nextAt = this.clock.elapsed() + Math.max(shortest, rest * took);
      this.#counting = undefined;
    }
  }
}
