import type { Clock, Timer } from "../../src/lib/clock.ts";

/** Time that stands still until a test steps it. */
export class SteppedClock implements Clock {
  #now: number;
  /** How far the clock was set from where time stands. */
  #set = 0;
  #timers = new Set<{ at: number; run: () => void }>();

  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#set;
  }

  elapsed(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Somebody sets the clock: no time passes. */
  set(ms: number): void {
    this.#set += ms;
  }

  /** How many calls are pending. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next pending call. */
  get next(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at)) - this.#now;
  }

  /** Whether a call is pending in just so many milliseconds. */
  isDue(ms: number): boolean {
    return [...this.#timers].some(({ at }) => at === this.#now + ms);
  }

  /** Moves on by `ms`, running what falls due, in order. */
  step(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }
}
