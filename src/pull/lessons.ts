import { StoreFullError } from "../blobs/contract.ts";
import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import { Allowance } from "./allowance.ts";
import { isWrongContent } from "./errors.ts";
import { flightKey, type Wanted } from "./flight.ts";

/** Objects that are remembered, of each kind. */
const maxRemembered = 10_000;
/** What could not be stored is not begun again for windows, whose bytes it would cost twice, for so many milliseconds. */
const unstorableMs = 60_000;

/** What is known of objects that are not stored, by upstream, version of its credentials, repository and digest. */
export class Lessons {
  readonly #clock: Clock;
  readonly #allowances = new LruMap<string, Allowance>(maxRemembered);
  readonly #unstorable = new LruMap<string, number>(maxRemembered);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What may still be relayed of it. Outlives fills that fail: an upstream whose fills never end well is not trusted for ever. */
  allowance(wanted: Wanted): Allowance {
    const key = flightKey(wanted);
    const allowance = this.#allowances.get(key) ?? new Allowance();
    this.#allowances.set(key, allowance);
    return allowance;
  }

  /** The upstream sent something else under this digest, and has not sent the right bytes since. */
  isSuspect(wanted: Wanted): boolean {
    return this.#allowances.get(flightKey(wanted))?.signal.aborted === true;
  }

  /** The store could not take it a moment ago. */
  isUnstorable(wanted: Wanted): boolean {
    return this.#clock.elapsed() < (this.#unstorable.get(flightKey(wanted)) ?? 0);
  }

  noteUnstorable(wanted: Wanted): void {
    this.#unstorable.set(flightKey(wanted), this.#clock.elapsed() + unstorableMs);
  }

  noteStored(wanted: Wanted): void {
    this.#allowances.delete(flightKey(wanted));
  }

  /** Takes note of why its bytes did not come to a good end. */
  noteFailure(wanted: Wanted, error: unknown): void {
    if (isWrongContent(error)) this.allowance(wanted).cut(error);
    if (error instanceof StoreFullError) this.noteUnstorable(wanted);
  }
}
