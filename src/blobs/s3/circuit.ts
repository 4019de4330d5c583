import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { BucketError } from "./trouble.ts";

/** So many failures one after the other, and the bucket is left alone. */
const maxFailures = 3;
/** Milliseconds it is left alone: at first, and at most; twice as long each time a try fails. */
const rest = { first: 2_000, longest: 30_000 };

/**
 * Keeps pulls from waiting for a bucket that does not do: after some failures it is not asked for a while, then by one
 * request, and by all again when that one has come off. Each kind of request has one: who may not write may read.
 */
export class Circuit {
  #failures = 0;
  #restMs = rest.first;
  #until = Number.NEGATIVE_INFINITY;
  #isTrying = false;
  #trouble: BucketError | undefined;

  constructor(
    readonly what: "read" | "write" | "delete" | "quarantine",
    readonly clock: Clock,
    readonly log: Log,
  ) {}

  /** Why the bucket is left alone, or would be; undefined while it does. */
  get trouble(): BucketError | undefined {
    return this.#isOpen ? this.#trouble : undefined;
  }

  /** Whether a request would be turned away now. */
  get isResting(): boolean {
    return this.#isOpen && (this.#isTrying || this.clock.elapsed() < this.#until);
  }

  get #isOpen(): boolean {
    return this.#failures >= maxFailures;
  }

  /** The outcome of `work`, unless the bucket is left alone: then a `BucketError` at once. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.isResting) throw new BucketError("resting", { cause: this.#trouble });
    const isTry = this.#isOpen;
    this.#isTrying ||= isTry;
    try {
      const outcome = await work();
      this.#worked();
      return outcome;
    } catch (error) {
      if (error instanceof BucketError && error.trouble !== "ending") this.#failed(error, isTry);
      throw error;
    } finally {
      if (isTry) this.#isTrying = false;
    }
  }

  /** A request that did not come by `pass` has come off. */
  answered(): void {
    this.#worked();
  }

  #worked(): void {
    if (this.#isOpen) this.log.info("bucket works again", { to: this.what });
    this.#failures = 0;
    this.#restMs = rest.first;
  }

  #failed(error: BucketError, isTry: boolean): void {
    // What was under way when the last straw came says nothing new.
    if (this.#isOpen && !isTry) return;
    this.#failures++;
    this.#trouble = error;
    const { what, clock, log } = this;
    const fields = { to: what, reason: error.message, code: error.code };
    if (!this.#isOpen) return log.warn("bucket did not do", fields);
    this.#until = clock.elapsed() + this.#restMs;
    this.#restMs = Math.min(this.#restMs * 2, rest.longest);
    log.error("bucket is left alone for a while", fields);
  }
}
