import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { Clock } from "../../lib/clock.ts";
import { knock, watchConnecting } from "../../lib/connecting.ts";
import { Exchange, orAborted } from "../../lib/exchange.ts";
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

/** Milliseconds for a connection, and for a body: all are short. */
const connectMs = 5_000;
const bodyMs = 30_000;
const keepAlive = { idleTimeout: 60, maxIdleSockets: 64 };
/** Error documents and lists are short. */
const maxText = 4 << 20;

/**
 * Sends requests to the bucket's endpoint, which is the operator's own configuration: it may have an inner address, and
 * nothing else is ever dialled, since no redirect is followed.
 */
export class BucketTransport {
  readonly #clock: Clock;
  readonly #tls: { rejectUnauthorized: true; ca?: string };
  readonly #session: Bun.FetchSession;

  /** `ca`: see `BucketSettings`. */
  constructor(clock: Clock, ca: string | undefined) {
    this.#clock = clock;
    // Said outright, since an environment variable changes the default.
    this.#tls = { rejectUnauthorized: true, ...(ca !== undefined && { ca }) };
    this.#session = new Bun.FetchSession({ keepAlive, proxy: false, tls: this.#tls });
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

  /** Begins to connect; `connected` is called once a request may be sent: with TLS, to who has proved who it is. */
  dial(url: URL, connected: () => void): Duplex {
    const place = placeOf(url);
    if (url.protocol !== "https:") return net.connect(place, connected);
    const servername = net.isIP(place.host) ? undefined : place.host;
    const name = { ...(servername !== undefined && { servername }), ALPNProtocols: ["http/1.1"] };
    const socket = tls.connect({ ...place, ...name, ...this.#tls }, () => {
      if (socket.authorized) connected();
      else socket.destroy(socket.authorizationError);
    });
    return socket;
  }

  #watchConnecting(url: URL, exchange: Exchange): () => void {
    const { host, port } = placeOf(url);
    const knocking = () => knock(host, port);
    const late = () => exchange.abort(new BucketError("unreachable", { code: "ETIMEDOUT" }));
    return watchConnecting(this.#clock, connectMs, knocking, late);
  }

  close(): void {
    this.#session.close();
  }
}

function placeOf({ hostname, port, protocol }: URL): { host: string; port: number } {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(port || (protocol === "https:" ? 443 : 80)) };
}

/** What came back. Whoever gets one takes the body, or gives it up, by exactly one method. */
export class Incoming {
  readonly status: number;
  readonly headers: Headers;
  readonly #response: Response;
  readonly #exchange: Exchange;

  constructor(response: Response, exchange: Exchange) {
    this.status = response.status;
    this.headers = response.headers;
    this.#response = response;
    this.#exchange = exchange;
    if (!response.body) exchange.end();
  }

  /**
   * The body, which has to have so many bytes. It is taken as a whole: a body that is read piece by piece takes several
   * times its size in memory (Bun 1.4.5). Throws `BucketError`.
   */
  async bytes(size: number): Promise<Uint8Array> {
    if (Number(this.headers.get("content-length")) !== size) {
      this.abandon();
      throw new BucketError("invalid", { code: "another length" });
    }
    const bytes = await this.#toEnd(() => this.#response.bytes());
    if (bytes.length !== size) throw new BucketError("unreachable", { code: "cut" });
    return bytes;
  }

  /** The body as a text. Throws `BucketError`. */
  text(): Promise<string> {
    return this.#toEnd(async () => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of this.#response.body ?? []) {
        size += chunk.length;
        if (size > maxText) throw new BucketError("invalid", { code: "too long" });
        chunks.push(chunk);
      }
      return Buffer.concat(chunks, size).toString();
    });
  }

  async #toEnd<T>(read: () => Promise<T>): Promise<T> {
    const { signal } = this.#exchange;
    this.#exchange.limit(bodyMs, () => new BucketError("timeout", { code: "stalled" }));
    try {
      const body = await orAborted(read(), signal);
      this.#exchange.end();
      return body;
    } catch (error) {
      const { aborted, reason } = signal;
      this.#exchange.abort(error);
      throw aborted ? (reason as Error) : connectionTrouble(error);
    }
  }

  /** Has done with the body, and closes the connection. */
  abandon(): void {
    this.#exchange.abort(new DOMException("the body is not wanted", "AbortError"));
  }
}
