import type { Clock, Timer } from "./clock.ts";

/**
 * The life of one request: what ends it early, and what is to be done when it is over, however it ends. Ending it
 * early closes the connection.
 */
export class Exchange {
  readonly #controller = new AbortController();
  readonly #atEnd: (() => void)[] = [];
  #timer: Timer | undefined;
  #ended = false;

  constructor(
    readonly clock: Clock,
    outer: AbortSignal | undefined,
  ) {
    if (!outer) return;
    const abort = () => this.abort(outer.reason);
    outer.addEventListener("abort", abort, { once: true });
    this.atEnd(() => outer.removeEventListener("abort", abort));
    if (outer.aborted) abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the exchange with this error in `ms` milliseconds, instead of any earlier limit. */
  limit(ms: number, late: () => Error): void {
    this.unlimit();
    if (this.#ended) return;
    this.#timer = this.clock.after(ms, () => this.abort(late()));
  }

  unlimit(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  atEnd(run: () => void): void {
    if (this.#ended) run();
    else this.#atEnd.push(run);
  }

  /** Ends it early; whoever waits for it gets the reason. Does nothing when it is over. */
  abort(reason: unknown): void {
    if (this.#ended) return;
    this.#controller.abort(reason);
    this.end();
  }

  /** It is over. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.unlimit();
    for (const run of this.#atEnd) run();
  }
}

/** The promise's outcome, or the signal's reason as soon as it fires; the promise is then left to itself. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const fired = Promise.withResolvers<never>();
  const fire = () => fired.reject(signal.reason);
  if (signal.aborted) fire();
  signal.addEventListener("abort", fire, { once: true });
  try {
    return await Promise.race([promise, fired.promise]);
  } finally {
    signal.removeEventListener("abort", fire);
  }
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it fires. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms < 1) return signal.throwIfAborted();
  const over = Promise.withResolvers<void>();
  const timer = clock.after(ms, over.resolve);
  try {
    await orAborted(over.promise, signal);
  } finally {
    timer.cancel();
  }
}

/** The outcome of `work` if it comes within `ms` milliseconds; else this error, and the signal of `work` fires. */
export async function within<T>(
  clock: Clock,
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = clock.after(ms, () => controller.abort(late()));
  try {
    return await orAborted(work(controller.signal), controller.signal);
  } finally {
    timer.cancel();
  }
}
