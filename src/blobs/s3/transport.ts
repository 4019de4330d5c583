import net from "node:net";
import type { Clock } from "../../lib/clock.ts";
import { type Knock, watchConnecting } from "../../lib/connecting.ts";
import { Exchange, orAborted } from "../../lib/exchange.ts";
import { IdleWatch } from "../../lib/idle.ts";
import { BucketError, connectionTrouble } from "./trouble.ts";

export interface Call {
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | string | undefined;
  /** Milliseconds until the head of an answer must be there, the body having been sent. */
  headMs: number;
  signal: AbortSignal;
}

/** Milliseconds for a connection, and between two pieces of a body. */
const connectMs = 5_000;
const idleMs = 30_000;
const keepAlive = { idleTimeout: 60, maxIdleSockets: 64 };
/** Error documents and lists are short. */
const maxText = 4 << 20;

/**
 * Sends requests to the bucket's endpoint, which is the operator's own configuration: it may have an inner address, and
 * nothing else is ever dialled, since no redirect is followed.
 */
export class BucketTransport {
  readonly #clock: Clock;
  readonly #session = new Bun.FetchSession({
    keepAlive,
    proxy: false,
    // Said outright, since an environment variable changes the default.
    tls: { rejectUnauthorized: true },
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer, whatever its status. Throws `BucketError`, or the signal's reason. */
  async send({ method, url, headers, body, headMs, signal }: Call): Promise<Incoming> {
    const exchange = new Exchange(this.#clock, signal);
    exchange.limit(headMs, () => new BucketError("timeout"));
    const stopWatching = this.#watchConnecting(url, exchange);
    try {
      const request = this.#session.fetch(url, {
        method,
        headers: { ...headers, "accept-encoding": "identity" },
        ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
        signal: exchange.signal,
        proxy: false,
        redirect: "manual",
        decompress: false,
      });
      const response = await orAborted(request, exchange.signal);
      exchange.unlimit();
      return new Incoming(response, exchange);
    } catch (error) {
      const { aborted, reason } = exchange.signal;
      exchange.abort(error);
      throw aborted ? (reason as Error) : connectionTrouble(error);
    } finally {
      stopWatching();
    }
  }

  #watchConnecting({ hostname, port, protocol }: URL, exchange: Exchange): () => void {
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const knock = () => knockAt(host, Number(port || (protocol === "https:" ? 443 : 80)));
    const late = () => exchange.abort(new BucketError("unreachable", { code: "ETIMEDOUT" }));
    return watchConnecting(this.#clock, connectMs, knock, late);
  }

  close(): void {
    this.#session.close();
  }
}

/** What came back. Whoever gets one reads the body to its end or abandons it. */
export class Incoming {
  readonly status: number;
  readonly headers: Headers;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #exchange: Exchange;
  readonly #watch: IdleWatch;

  constructor(response: Response, exchange: Exchange) {
    this.status = response.status;
    this.headers = response.headers;
    this.#reader = response.body?.getReader();
    this.#exchange = exchange;
    const late = () => exchange.abort(new BucketError("timeout", { code: "stalled" }));
    this.#watch = new IdleWatch(exchange.clock, idleMs, late);
    exchange.atEnd(() => this.#watch.stop());
    if (!this.#reader) exchange.end();
  }

  /** The next bytes; undefined at the end. Throws `BucketError`. */
  async next(): Promise<Uint8Array | undefined> {
    if (!this.#reader) return undefined;
    try {
      this.#exchange.signal.throwIfAborted();
      this.#watch.wait();
      const { done, value } = await this.#reader.read();
      this.#watch.arrived();
      if (!done) return value;
      this.#exchange.end();
      return undefined;
    } catch (error) {
      const { aborted, reason } = this.#exchange.signal;
      this.#exchange.end();
      throw aborted ? (reason as Error) : connectionTrouble(error);
    }
  }

  /** The whole body as a text. Throws `BucketError`. */
  async text(): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (let chunk = await this.next(); chunk; chunk = await this.next()) {
      size += chunk.length;
      if (size > maxText) {
        this.abandon();
        throw new BucketError("invalid");
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size).toString();
  }

  /** Has done with the body, and closes the connection. */
  abandon(): void {
    this.#exchange.abort(new DOMException("the body is not wanted", "AbortError"));
  }
}

function knockAt(host: string, port: number): Knock {
  const socket = net.connect({ host, port });
  const made = { isOpened: false, close: () => void socket.destroy() };
  socket.once("connect", () => {
    made.isOpened = true;
    socket.destroy();
  });
  socket.on("error", () => {}); // it did not come about, which is what is asked
  return made;
}
