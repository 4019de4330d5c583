/** A pending call; `cancel` is harmless after it ran. */
export interface Timer {
  cancel(): void;
}

/** The one source of time: tests step it, nothing else reads the machine's clock. */
export interface Clock {
  /** Milliseconds since the epoch, as an integer. */
  now(): number;
  /** Milliseconds that only ever grow, with fractions, for measuring durations. */
  elapsed(): number;
  /** Calls `run` once after `ms` milliseconds. It does not keep the process alive. */
  after(ms: number, run: () => void): Timer;
}

/** The longest delay that timers take; longer ones would fire at once. */
const maxDelay = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, maxDelay));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Lets sockets and timers have their turn; every loop over bytes calls it each 256 KiB. */
export function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets others have as much time as something has taken: what they do may need several turns. */
export function giveWay(tookMs: number): Promise<void> {
  return tookMs < 1 ? yieldTurn() : sleep(tookMs);
}

/** For waits of a moment on the machine itself, which no test can step. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
