import type { Clock } from "../../lib/clock.ts";
import { SingleFlight } from "../../lib/single-flight.ts";
import { unlessLate } from "../../lib/soon.ts";
import type { Directory, Upstream } from "../../metadata/contract.ts";

/** Milliseconds that a scrape waits for the database. */
export const scrapePatience = 1000;

export interface KnownUpstreamsOptions {
  clock: Clock;
  directory: Pick<Directory, "upstreams">;
  /** Rises with each change of them. */
  generation: () => Promise<number>;
}

/**
 * The upstreams that there are, read anew when something was changed. Where the database does not answer, or not soon, they are
 * what they were: how they do is known without it, and who looks at metrics then wants them the most.
 */
export class KnownUpstreams {
  readonly #options: KnownUpstreamsOptions;
  readonly #flights = new SingleFlight<void>();
  #generation = Number.NaN;
  #upstreams: readonly Upstream[] = [];

  constructor(options: KnownUpstreamsOptions) {
    this.#options = options;
  }

  async all(): Promise<readonly Upstream[]> {
    // That the database does not answer is told by /readyz and by weir_ready.
    await unlessLate(this.#options.clock, scrapePatience, () =>
      this.#flights.do("", () => this.#read()),
    );
    return this.#upstreams;
  }

  async #read(): Promise<void> {
    const { directory, generation } = this.#options;
    const now = await generation();
    if (now === this.#generation) return;
    this.#upstreams = await directory.upstreams();
    this.#generation = now;
  }
}
