import { type Clock, type Timer } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { tooMany } from "./errors.ts";

/** Each asks the database once a second: all of them, and those of one user. */
const maxListeners = 50;
const maxOfUser = 10;
const retrySeconds = 10;
const lookMs = 1000;
const heartbeatMs = 15_000;
/** How often a listener is asked anew who he is. */
const askedMs = 15_000;
const longestMs = 900_000;
const text = new TextEncoder();

/** How something is doing; `isOver`: nothing more comes of it. */
export interface Sight {
  data: unknown;
  isOver: boolean;
}

/** Who listens. */
export interface Listening {
  userId: number;
  /** Whether he still may. */
  still: () => Promise<boolean>;
  /** Fires when he leaves. */
  leaves: AbortSignal;
}

/** Server-sent events: what something is like now, again whenever it is otherwise, and its end. */
export class Listeners {
  readonly #open = new Map<Listener, number>();

  constructor(readonly options: { clock: Clock; log: Log }) {}

  get count(): number {
    return this.#open.size;
  }

  /** `see`: undefined where there is nothing to be seen any more. Throws where too many listen already. */
  listen(
    see: () => Promise<Sight | undefined>,
    { userId, still, leaves }: Listening,
  ): ReadableStream<Uint8Array> {
    const own = [...this.#open.values()].filter((id) => id === userId).length;
    if (this.#open.size >= maxListeners || own >= maxOfUser) throw tooMany(retrySeconds);
    const options = { ...this.options, still };
    const listener = new Listener(see, options, () => this.#open.delete(listener));
    this.#open.set(listener, userId);
    leaves.addEventListener("abort", () => listener.end(), { once: true });
    return new ReadableStream<Uint8Array>(listener);
  }

  /** Ends all: whoever wants to hear more comes again. */
  close(): void {
    for (const listener of this.#open.keys()) listener.end();
  }
}

interface ListenerOptions {
  clock: Clock;
  log: Log;
  still: () => Promise<boolean>;
}

class Listener implements UnderlyingDefaultSource<Uint8Array> {
  readonly #see: () => Promise<Sight | undefined>;
  readonly #options: ListenerOptions;
  readonly #left: () => void;
  readonly #begun: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #timer: Timer | undefined;
  #told = "";
  #toldAt: number;
  #askedAt: number;
  #isOver = false;

  constructor(see: () => Promise<Sight | undefined>, options: ListenerOptions, left: () => void) {
    this.#see = see;
    this.#options = options;
    this.#left = left;
    this.#begun = options.clock.elapsed();
    this.#toldAt = this.#begun;
    this.#askedAt = this.#begun;
  }

  async start(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#controller = controller;
    await this.#look();
  }

  cancel(): void {
    this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#left();
    try {
      this.#controller?.close();
    } catch {
      // it has been cancelled: there is nobody to be told
    }
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      if (!(await this.#may())) return this.end();
      const sight = await this.#see();
      if (this.#isOver) return;
      this.#tell(sight);
      const isLate = clock.elapsed() - this.#begun >= longestMs;
      if (!sight || sight.isOver || isLate) return this.end();
    } catch (error) {
      log.warn("a listener could not be told", { code: failureCode(error) });
      return this.end();
    }
    this.#timer = clock.after(lookMs, () => void this.#look());
  }

  /** Whoever's credential or right has ended meanwhile hears no more. */
  async #may(): Promise<boolean> {
    const now = this.#options.clock.elapsed();
    if (now - this.#askedAt < askedMs) return true;
    this.#askedAt = now;
    return this.#options.still();
  }

  /** A receiver that takes nothing misses what was meanwhile: each event tells all. */
  #tell(sight: Sight | undefined): void {
    const isReady = (this.#controller?.desiredSize ?? 0) > 0;
    const isLast = !sight || sight.isOver;
    if (!isReady && !isLast) return;
    const data = sight ? JSON.stringify(sight.data) : "{}";
    if (data !== this.#told || isLast) {
      this.#told = data;
      this.#send(`event: ${isLast ? "end" : "progress"}\ndata: ${data}\n\n`);
    } else if (this.#options.clock.elapsed() - this.#toldAt >= heartbeatMs) {
      this.#send(": still here\n\n");
    }
  }

  #send(event: string): void {
    this.#toldAt = this.#options.clock.elapsed();
    this.#controller?.enqueue(text.encode(event));
  }
}
