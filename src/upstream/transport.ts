import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { Answer } from "./answer.ts";
import { knock, watchConnecting } from "../lib/connecting.ts";
import { type RequestWatch, UpstreamError } from "./contract.ts";
import { Exchange, orAborted } from "../lib/exchange.ts";
import { connectionFailure, crowdedFailure, failure, isNotConnected } from "./failure.ts";
import { type Guard, GuardError } from "./guard.ts";
import { Lanes } from "../lib/lanes.ts";
import { Sessions } from "./sessions.ts";

export interface TransportOptions {
  clock: Clock;
  log: Log;
  guard: Guard;
  /** Sent with each request, and not to be overridden. */
  headers: Record<string, string>;
  /** Of this server, for `Via`. */
  mark: string;
  /** Milliseconds: for a place and a connection, until the head of an answer is there, between two pieces of a body. */
  limits: { connect: number; head: number; idle: number };
  /** Is told of what comes. */
  watch?: RequestWatch | undefined;
}

/** Whom a call is made for: connections, and the number of calls at a time, are kept apart by it. */
export interface Peer {
  id: number;
  name: string;
  version: number;
  /** PEM of the authorities to trust, instead of the well-known ones. */
  ca: string | undefined;
}

/** Sends a request. */
export interface Sender {
  /** The answer, whatever its status. Throws `UpstreamError`, or the reason of the caller's signal. */
  send(call: Call): Promise<Answer>;
}

export interface Call {
  upstream: Peer;
  /** Only calls that may be sent a second time are ever repeated, and a POST is none. */
  method: "GET" | "HEAD" | "POST";
  url: URL;
  headers: Record<string, string>;
  /** Of a POST. */
  body?: string | undefined;
  signal: AbortSignal;
  /** Through whom the request came that this one is for; before our own in `Via`. */
  marks?: readonly string[];
  /** A blob's bytes take long, a call is short: neither is to wait for the other. */
  lane: "call" | "transfer";
  /** Of a registry; undefined of what is not about one. */
  repository?: string;
}

/** Connections that one upstream may have open at a time, of each lane. */
const laneWidth = 64;
const keepAlive = { idleTimeout: 60, maxIdleSockets: 16 };
/** Addresses of one host that are tried when connections do not come about. */
const maxAddresses = 3;

/** Sends requests, and is the only one to do so. Follows no redirect and knows nothing of registries. */
export class Transport implements Sender {
  readonly #lanes = new Lanes(laneWidth);
  readonly #sessions = new Sessions(openPool);

  constructor(readonly options: TransportOptions) {}

  async send(call: Call): Promise<Answer> {
    const { clock, guard, limits } = this.options;
    const { name } = call.upstream;
    requireWebUrl(call.url, name);
    const exchange = new Exchange(clock, call.signal);
    try {
      const key = `${call.upstream.id} ${call.lane}`;
      exchange.limit(limits.connect, () => crowdedFailure(name));
      exchange.atEnd(await this.#lanes.enter(key, exchange.signal));
      exchange.limit(limits.head, () => failure("timeout", name, "did not answer in time"));
      const addresses = await orAborted(guard.admit(call.url), exchange.signal);
      const response = await this.#dial(call, addresses.slice(0, maxAddresses), exchange);
      requirePlain(response, name);
      exchange.unlimit();
      const received = this.#received(call, response.status);
      return new Answer(response, call.url, name, exchange, limits.idle, received);
    } catch (error) {
      const { aborted, reason } = exchange.signal;
      exchange.abort(error);
      throw aborted ? reason : this.#explain(call, error);
    }
  }

  /** Of the objects themselves: an answer that there is none is none of them, whatever name it is about. */
  #received({ upstream, repository }: Call, status: number): (bytes: number) => void {
    const { watch } = this.options;
    if (!watch) return nobody;
    const object = status < 300 ? repository : undefined;
    return (bytes) => watch.received(upstream, object, bytes);
  }

  /** Closes idle connections of this upstream; those in use when they are free again. */
  forget(upstreamId: number): void {
    this.#sessions.forget(upstreamId);
  }

  close(): void {
    this.#sessions.close();
  }

  async #dial(call: Call, addresses: string[], exchange: Exchange): Promise<Response> {
    const { signal } = exchange;
    const session = this.#sessions.of(call.upstream, call.url);
    exchange.atEnd(() => void session.ended());
    const headers = this.#headers(call);
    for (;;) {
      const address = addresses.shift();
      if (address === undefined) throw new GuardError("unresolved");
      const url = new URL(call.url);
      url.hostname = address.includes(":") ? `[${address}]` : address;
      const stopWatching = this.#watch(call, address, exchange);
      try {
        return await session.pool.fetch(url, {
          method: call.method,
          ...(call.body !== undefined && { body: call.body }),
          headers,
          signal,
          proxy: false,
          redirect: "manual",
          decompress: false,
        });
      } catch (error) {
        if (addresses.length === 0 || signal.aborted || !isNotConnected(error)) throw error;
      } finally {
        stopWatching();
      }
    }
  }

  #watch({ upstream: { name }, url }: Call, address: string, exchange: Exchange): () => void {
    const { clock, limits } = this.options;
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const late = () => exchange.abort(failure("timeout", name, "cannot be connected to in time"));
    return watchConnecting(clock, limits.connect, () => knock(address, port), late);
  }

  #headers({ headers, marks = [], url: { host: Host } }: Call): Record<string, string> {
    const Via = [...marks, this.options.mark].map((mark) => `1.1 ${mark}`).join(", ");
    return { ...headers, ...this.options.headers, Via, Host };
  }

  #explain({ upstream: { name } }: Call, error: unknown): UpstreamError {
    if (error instanceof UpstreamError) return error;
    if (!(error instanceof GuardError)) {
      this.options.log.debug("connection failed", { upstream: name, code: failureCode(error) });
      return connectionFailure(name, error);
    }
    switch (error.reason) {
      case "timeout":
        return failure("timeout", name, "has a host name that is not looked up in time");
      case "unresolved":
        return failure("unreachable", name, "has a host name that does not resolve");
      case "blocked":
        this.options.log.warn("address not allowed", { upstream: name });
        return failure(
          "blocked",
          name,
          "leads to an inner address, which WEIR_ALLOWED_UPSTREAM_ADDRESSES does not allow",
        );
    }
  }
}

const nobody = () => undefined;

function requireWebUrl(url: URL, name: string): void {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw failure("blocked", name, "leads to a URL that is not http or https");
  }
  if (url.username !== "" || url.password !== "") {
    throw failure("blocked", name, "leads to a URL with a user name or password in it");
  }
}

/** The head makes sense, and the body is the object itself. Bodies of refusals are never used. */
function requirePlain({ status, headers }: Response, name: string): void {
  if (status < 200 || status > 599) throw failure("invalid", name, "answered with no HTTP status");
  if (status >= 300) return;
  const encoding = headers.get("content-encoding") ?? "identity";
  const transfer = headers.get("transfer-encoding") ?? "chunked";
  // `fetch` takes `gzip, chunked` for a body and leaves it compressed.
  if (encoding.toLowerCase() !== "identity" || transfer.toLowerCase() !== "chunked") {
    throw failure("invalid", name, "answered with an encoded body that was not asked for");
  }
}

function openPool({ ca }: Peer, { hostname }: URL): Bun.FetchSession {
  // Said outright, since an environment variable changes the default.
  const trust = { rejectUnauthorized: true, ...(ca !== undefined && { ca }) };
  const isLiteral = hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
  const tls = isLiteral ? trust : { ...trust, serverName: hostname.replace(/\.$/, "") };
  return new Bun.FetchSession({ keepAlive, proxy: false, tls });
}
