import type { Clock, Timer } from "../lib/clock.ts";

/**
 * Notices that a wait has lasted too long. One timer looks after any number of waits, since a timer for each chunk of
 * a body would cost more than passing the chunk on. Time in which nobody waits does not count.
 */
export class IdleWatch {
  #since: number | undefined;
  #timer: Timer | undefined;

  constructor(
    readonly clock: Clock,
    readonly ms: number,
    readonly idle: () => void,
  ) {}

  wait(): void {
    this.#since = this.clock.elapsed();
    this.#timer ??= this.clock.after(this.ms, () => this.#look());
  }

  arrived(): void {
    this.#since = undefined;
  }

  stop(): void {
    this.#since = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#since === undefined) return;
    const left = this.#since + this.ms - this.clock.elapsed();
    if (left <= 0) this.idle();
    else this.#timer = this.clock.after(left, () => this.#look());
  }
}
