import type { Duplex } from "node:stream";
import type { Clock } from "../../lib/clock.ts";
import { Exchange } from "../../lib/exchange.ts";
import { free } from "./free.ts";
import { type ExpectedPart, readHead } from "./tail-head.ts";
import { BucketError, connectionTrouble } from "./trouble.ts";

/** Milliseconds for a connection with its TLS, for the head of an answer, and between bytes that somebody waits for. */
const connectMs = 5_000;
const headMs = 5_000;
const stalledMs = 30_000;
/** With so much at hand nothing more is taken from the connection; at most 512 KiB come at a time (Bun 1.4.5). */
const enough = 128 << 10;

const stalled = () => new BucketError("timeout", { code: "stalled" });
const cut = () => new BucketError("unreachable", { code: "cut" });
const another = () => new BucketError("invalid", { code: "another part" });

export interface TailOptions {
  clock: Clock;
  /** Begins to connect; `connected` is called once the request may be sent. */
  dial: (connected: () => void) => Duplex;
  /** As `requestHead` gives it. */
  request: string;
  expected: ExpectedPart;
  /** Ends it. */
  signal: AbortSignal;
  /** It is answered as it should be. */
  answered: () => void;
  /** It is over; why, where that is not because all has come or nobody wants it. */
  over: (code: string | undefined) => void;
}

/**
 * A long part of an object by one connection of its own, read as it is taken: `fetch` would hold several MiB of it for each
 * reader, and takes twice the CPU time. It judges nothing: where it is over too soon, for whatever reason, it has just no
 * more bytes, and what it has given is right.
 */
export class Tail {
  readonly #options: TailOptions;
  readonly #exchange: Exchange;
  readonly #socket: Duplex;
  /** What has come of the head, until it has come whole. */
  #head: Uint8Array | undefined = new Uint8Array();
  /** Bytes that are to come. */
  #left: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #isOver = false;
  #wake: () => void = () => {};

  constructor(options: TailOptions) {
    this.#options = options;
    const { clock, dial, expected, signal } = options;
    this.#left = expected.range.last + 1 - expected.range.first;
    this.#socket = dial(() => this.#ask());
    this.#socket.on("data", (data: Uint8Array) => this.#take(data));
    this.#socket.on("error", (error) => this.#giveUp(connectionTrouble(error)));
    this.#socket.on("close", () => this.#giveUp(cut()));
    this.#exchange = new Exchange(clock, signal);
    this.#exchange.limit(connectMs, () => new BucketError("unreachable", { code: "ETIMEDOUT" }));
    this.#exchange.atEnd(() => this.#end());
  }

  /** The next bytes, which are the caller's to free; undefined: it has no more, whether all have come or not. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#isOver) {
      if (!this.#head) this.#exchange.limit(stalledMs, () => stalled());
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      if (this.#socket.isPaused()) this.#socket.resume();
      await promise;
    }
    if (!this.#head) this.#exchange.unlimit();
    const chunk = this.#chunks.shift();
    this.#held -= chunk?.length ?? 0;
    return chunk;
  }

  cancel(): void {
    this.#exchange.end();
    for (const chunk of this.#chunks.splice(0)) free(chunk);
  }

  #ask(): void {
    if (this.#isOver) return;
    this.#exchange.limit(headMs, () => new BucketError("timeout"));
    this.#socket.write(this.#options.request);
  }

  #take(data: Uint8Array): void {
    if (this.#isOver) return;
    // Whoever frees a chunk frees all of its buffer; and the `slice` of node's buffers copies nothing.
    const isWhole = data.length === data.buffer.byteLength;
    const own = isWhole ? new Uint8Array(data.buffer) : new Uint8Array(data);
    const body = this.#head ? this.#bodyOf(this.#head, own) : own;
    if (body && body.length > 0) this.#push(body.subarray(0, this.#left));
  }

  /** What has come of the body with the rest of the head; undefined: nothing yet, or never. */
  #bodyOf(before: Uint8Array, data: Uint8Array): Uint8Array | undefined {
    const bytes = before.length === 0 ? data : new Uint8Array(Buffer.concat([before, data]));
    const begin = readHead(bytes, this.#options.expected);
    if (begin === "another") return this.#giveUp(another());
    this.#head = begin === "more" ? bytes : undefined;
    if (begin === "more") return undefined;
    this.#exchange.unlimit();
    this.#options.answered();
    this.#wake();
    return bytes.subarray(begin);
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    this.#left -= chunk.length;
    if (this.#left === 0) this.#exchange.end();
    else if (this.#held >= enough) this.#socket.pause();
    this.#wake();
  }

  #giveUp(trouble: BucketError): undefined {
    this.#exchange.abort(trouble);
  }

  #end(): void {
    this.#isOver = true;
    this.#socket.destroy();
    const { reason } = this.#exchange.signal;
    this.#options.over(reason instanceof BucketError ? reason.code : undefined);
    this.#wake();
  }
}
