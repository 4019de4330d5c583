import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { Answer } from "./answer.ts";
import { UpstreamError } from "./contract.ts";
import { Exchange, orAborted } from "./exchange.ts";
import { connectionFailure, failure, isNotConnected } from "./failure.ts";
import { type Guard, GuardError } from "./guard.ts";
import { Lanes } from "./lanes.ts";

export interface TransportOptions {
  clock: Clock;
  log: Log;
  guard: Guard;
  /** Sent with each request, and not to be overridden. */
  headers: Record<string, string>;
  /** Milliseconds: until the head of an answer is there, and between two pieces of a body. */
  limits: { head: number; idle: number };
  /** PEM of the certificate authorities to trust, instead of the well-known ones. */
  ca: string | undefined;
}

/** Whom a call is made for: connections, and the number of calls at a time, are kept apart by it. */
export interface Peer {
  id: number;
  name: string;
  version: number;
}

export interface Call {
  upstream: Peer;
  method: "GET" | "HEAD";
  url: URL;
  headers: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** A blob's bytes take long, a call is short: neither is to wait for the other. */
  lane: "call" | "transfer";
}

/** Connections that one upstream may have open at a time, of each lane. */
const laneWidth = 64;
const keepAlive = { idleTimeout: 60, maxIdleSockets: 16 };
/** Addresses of one host that are tried when connections do not come about. */
const maxAddresses = 3;

/** Sends requests, and is the only one to do so. Follows no redirect and knows nothing of registries. */
export class Transport {
  readonly #lanes = new Lanes(laneWidth);
  readonly #sessions: Sessions;

  constructor(readonly options: TransportOptions) {
    this.#sessions = new Sessions(options.ca);
  }

  /** The answer, whatever its status. Throws `UpstreamError`, or the reason of the caller's signal. */
  async send(call: Call): Promise<Answer> {
    const { clock, guard, limits } = this.options;
    const { name } = call.upstream;
    requireWebUrl(call.url, name);
    const exchange = new Exchange(clock, call.signal);
    try {
      const key = `${call.upstream.id} ${call.lane}`;
      exchange.limit(limits.head, () => failure("timeout", name, "has too many transfers running"));
      exchange.atEnd(await this.#lanes.enter(key, exchange.signal));
      exchange.limit(limits.head, () => failure("timeout", name, "did not answer in time"));
      const addresses = await orAborted(guard.admit(call.url), exchange.signal);
      const response = await this.#dial(call, addresses.slice(0, maxAddresses), exchange.signal);
      requirePlain(response, name);
      exchange.unlimit();
      return new Answer(response, call.url, name, exchange, limits.idle);
    } catch (error) {
      const { aborted, reason } = exchange.signal;
      exchange.abort(error);
      if (aborted) throw reason;
      throw this.#explain(call, error);
    }
  }

  close(): void {
    this.#sessions.close();
  }

  async #dial(call: Call, addresses: string[], signal: AbortSignal): Promise<Response> {
    const session = this.#sessions.of(call.upstream, call.url);
    const headers = { ...call.headers, ...this.options.headers, Host: call.url.host };
    for (;;) {
      const address = addresses.shift();
      if (address === undefined) throw new GuardError("unresolved");
      const url = new URL(call.url);
      url.hostname = address.includes(":") ? `[${address}]` : address;
      try {
        return await session.fetch(url, {
          method: call.method,
          headers,
          signal,
          proxy: false,
          redirect: "manual",
          decompress: false,
        });
      } catch (error) {
        if (addresses.length === 0 || signal.aborted || !isNotConnected(error)) throw error;
      }
    }
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

/** Kept-alive connections, apart for each upstream, version of its credentials and origin (security S31). */
class Sessions {
  readonly #kept = new Map<string, { version: number; session: Bun.FetchSession }>();
  static readonly #most = 512;

  constructor(readonly ca: string | undefined) {}

  of({ id, version }: Peer, url: URL): Bun.FetchSession {
    const key = `${id} ${url.origin}`;
    const kept = this.#kept.get(key);
    this.#kept.delete(key); // set again below: the last in the map is the one used last
    if (kept?.version === version) {
      this.#kept.set(key, kept);
      return kept.session;
    }
    kept?.session.close();
    const session = new Bun.FetchSession({ keepAlive, proxy: false, tls: this.#tls(url) });
    this.#kept.set(key, { version, session });
    this.#forgetOldest();
    return session;
  }

  close(): void {
    for (const { session } of this.#kept.values()) session.close();
    this.#kept.clear();
  }

  #tls({ hostname }: URL): Bun.TLSOptions {
    // Said outright, since an environment variable changes the default.
    const trust = { rejectUnauthorized: true, ...(this.ca !== undefined && { ca: this.ca }) };
    const isLiteral = hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
    return isLiteral ? trust : { ...trust, serverName: hostname.replace(/\.$/, "") };
  }

  #forgetOldest(): void {
    if (this.#kept.size <= Sessions.#most) return;
    for (const [key, { session }] of this.#kept) {
      session.close();
      this.#kept.delete(key);
      return;
    }
  }
}
