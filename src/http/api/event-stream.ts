import { type Clock, type Timer } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { tooMany } from "./errors.ts";

const retrySeconds = 10;
const heartbeatMs = 15_000;
/** How often a listener is asked anew who he is. */
const askedMs = 15_000;
/** Who takes nothing for so long is given up. */
const stalledMs = 60_000;
const longestMs = 900_000;
const text = new TextEncoder();

/** Who listens. */
export interface Listening {
  userId: number;
  /** Whether he still may. */
  still: () => Promise<boolean>;
  /** Fires when he leaves. */
  leaves: AbortSignal;
}

/** What a listener hears. */
export interface Outlet {
  /** `data` goes as JSON; `id` is what the listener has heard last, should he come again. */
  event(name: string, data: unknown, id?: string): void;
}

/** Looks time and again whether there is something to be told. */
export interface Teller {
  /** Milliseconds from one look to the next. */
  readonly everyMs: number;
  /**
   * Is not called while the listener takes nothing: what was meanwhile is told together, or left out. `over`: nothing more
   * comes.
   */
  tell(outlet: Outlet): Promise<"on" | "over">;
  /** The listener has gone. */
  left(): void;
}

/** Server-sent events: all who listen, of whom there are so many at most, and so many of one user. */
export class Listeners {
  readonly #open = new Map<Listener, number>();

  constructor(readonly options: { clock: Clock; log: Log; most: number; mostOfUser: number }) {}

  get count(): number {
    return this.#open.size;
  }

  /** Throws where too many listen already, before anything is begun. */
  listen(begin: () => Teller, { userId, still, leaves }: Listening): ReadableStream<Uint8Array> {
    const { most, mostOfUser, ...options } = this.options;
    const own = [...this.#open.values()].filter((id) => id === userId).length;
    if (this.#open.size >= most || own >= mostOfUser) throw tooMany(retrySeconds);
    const teller = begin();
    const listener = new Listener(teller, { ...options, still }, () => {
      this.#open.delete(listener);
      teller.left();
    });
    this.#open.set(listener, userId);
    const stream = new ReadableStream<Uint8Array>(listener);
    if (leaves.aborted) listener.end();
    else leaves.addEventListener("abort", () => listener.end(), { once: true });
    return stream;
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

class Listener implements UnderlyingDefaultSource<Uint8Array>, Outlet {
  readonly #teller: Teller;
  readonly #options: ListenerOptions;
  readonly #left: () => void;
  readonly #begun: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #timer: Timer | undefined;
  /** Told in this look. */
  #said = "";
  #toldAt: number;
  #askedAt: number;
  #readyAt: number;
  #isOver = false;

  constructor(teller: Teller, options: ListenerOptions, left: () => void) {
    this.#teller = teller;
    this.#options = options;
    this.#left = left;
    this.#begun = options.clock.elapsed();
    this.#toldAt = this.#begun;
    this.#askedAt = this.#begun;
    this.#readyAt = this.#begun;
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

  event(name: string, data: unknown, id?: string): void {
    const position = id === undefined ? "" : `id: ${id}\n`;
    this.#said += `event: ${name}\n${position}data: ${JSON.stringify(data)}\n\n`;
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      if (!(await this.#may())) return this.end();
      const isOver = await this.#tell();
      if (isOver || clock.elapsed() - this.#begun >= longestMs) return this.end();
    } catch (error) {
      log.warn("a listener could not be told", { code: failureCode(error) });
      return this.end();
    }
    if (!this.#isOver) this.#timer = clock.after(this.#teller.everyMs, () => void this.#look());
  }

  /** Whoever's credential or right has ended meanwhile hears no more. */
  async #may(): Promise<boolean> {
    const now = this.#options.clock.elapsed();
    if (now - this.#askedAt < askedMs) return true;
    this.#askedAt = now;
    return this.#options.still();
  }

  /** Whether nothing more is to come. */
  async #tell(): Promise<boolean> {
    const now = this.#options.clock.elapsed();
    const isReady = (this.#controller?.desiredSize ?? 0) > 0;
    if (!isReady) return now - this.#readyAt >= stalledMs;
    this.#readyAt = now;
    const goesOn = await this.#teller.tell(this);
    if (this.#isOver) return true;
    if (this.#said !== "") this.#send(this.#said);
    else if (now - this.#toldAt >= heartbeatMs) this.#send(": still here\n\n");
    this.#said = "";
    return goesOn === "over";
  }

  #send(said: string): void {
    this.#toldAt = this.#options.clock.elapsed();
    this.#controller?.enqueue(text.encode(said));
  }
}
