import { Endings } from "./endings.ts";

/**
 * Single flights for those who look first whether the outcome is there already. A look-up can begin before a flight has ended
 * and be answered after that, and then sees neither: who comes of it flies knowing that the look-up is too old to go by.
 */
export class FlightsAfterLook<T> {
  readonly #flights = new Map<string, Promise<T>>();
  readonly #endings = new Endings();

  /** To be read before the look-up is begun. */
  get moment(): number {
    return this.#endings.moment;
  }

  /**
   * Runs `work`, or joins the run of the same key. `work` is told whether it must look again, since another run of the key has
   * ended after `lookedAt`. The key is free again when the run has ended, and what `until` makes of its outcome as well.
   */
  do(
    key: string,
    lookedAt: number,
    work: (isOld: boolean) => Promise<T>,
    until: (outcome: T) => Promise<void> | undefined = () => undefined,
  ): Promise<T> {
    const flying = this.#flights.get(key);
    if (flying) return flying;
    const flight = this.#fly(key, work(this.#endings.since(key, lookedAt)), until, () => flight);
    this.#flights.set(key, flight);
    return flight;
  }

  /** Who comes from now on does not join the run that there is. */
  leave(key: string): void {
    this.#flights.delete(key);
  }

  async #fly(
    key: string,
    run: Promise<T>,
    until: (outcome: T) => Promise<void> | undefined,
    flight: () => Promise<T>,
  ): Promise<T> {
    const free = () => {
      if (this.#flights.get(key) === flight()) this.#flights.delete(key);
      this.#endings.note(key);
    };
    let kept: Promise<void> | undefined;
    try {
      const outcome = await run;
      kept = until(outcome);
      return outcome;
    } finally {
      if (kept) void kept.then(free, free);
      else free();
    }
  }
}
