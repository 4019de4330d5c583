import type { Clock } from "../../lib/clock.ts";
import type { ByteSource } from "../../pull/contract.ts";
import type { BunServer } from "../exchange.ts";

/** A reader that takes nothing for so long, though bytes are ready, is given up. */
const stalledMs = 120_000;

interface Options {
  clock: Clock;
  server: BunServer;
  request: Request;
  /** What the server allows a connection otherwise. */
  idleSeconds: number;
  /** Is told of the bytes that the reader takes. */
  sent: (bytes: number) => void;
  /** The transfer was cut from our side. */
  cut: (reason: unknown) => void;
  /** It ended otherwise: all was sent, or the reader has left. Comes after `cut`, too. */
  over?: (outcome: "sent" | "left") => void;
}

/**
 * A body that follows a source at the reader's pace. A source that throws cuts the transfer, so that nobody takes a
 * part for the whole.
 */
export function followBody(source: ByteSource, options: Options): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(new Following(source, options), { highWaterMark: 0 });
}

class Following implements UnderlyingDefaultSource<Uint8Array> {
  readonly #source: ByteSource;
  readonly #options: Options;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #touched: number;
  #over = false;
  #timer: { cancel(): void };

  constructor(source: ByteSource, options: Options) {
    const { clock, server, request } = options;
    this.#source = source;
    this.#options = options;
    this.#touched = clock.elapsed();
    // The server's idle timer would count our waiting for the upstream too; `#watch` counts the reader's silence only.
    server.timeout(request, 0);
    this.#timer = clock.after(stalledMs, () => this.#watch());
    const left = () => void this.cancel();
    if (request.signal.aborted) left();
    else request.signal.addEventListener("abort", left, { once: true });
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      this.#touched = this.#options.clock.elapsed();
      const bytes = await this.#source.next();
      this.#touched = this.#options.clock.elapsed();
      if (this.#over) return;
      if (bytes) {
        this.#options.sent(bytes.length);
        return controller.enqueue(bytes);
      }
      this.#end();
      this.#options.over?.("sent");
      this.#options.server.timeout(this.#options.request, this.#options.idleSeconds);
      controller.close();
    } catch (error) {
      if (this.#over) return;
      this.#end();
      this.#options.cut(error);
      controller.error(error);
    }
  }

  async cancel(): Promise<void> {
    if (this.#over) return;
    this.#end();
    this.#options.over?.("left");
    await this.#source.cancel();
  }

  #watch(): void {
    const { clock, server, request, cut } = this.#options;
    const silent = this.#source.waiting ? 0 : clock.elapsed() - this.#touched;
    if (silent < stalledMs) {
      this.#timer = clock.after(stalledMs - silent, () => this.#watch());
      return;
    }
    const stalled = new Error("the reader stalled");
    cut(stalled);
    this.#controller?.error(stalled);
    // The error alone cuts only once the reader reads again; this frees the socket.
    server.timeout(request, 1);
    void this.cancel();
  }

  #end(): void {
    this.#over = true;
    this.#timer.cancel();
  }
}
