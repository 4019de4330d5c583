import type { Clock } from "../../lib/clock.ts";
import { orAborted, pause } from "../../lib/exchange.ts";
import type { Log } from "../../lib/log.ts";
import { parseRetryAfter } from "../../lib/retry-after.ts";
import { addressOf } from "./address.ts";
import { Circuit } from "./circuit.ts";
import { CurrentCredentials } from "./credentials.ts";
import type { BucketSettings } from "./settings.ts";
import { emptyHash, presign, queryText, sha256Hex, signHeaders, type Signing } from "./signing.ts";
import { type ExpectedPart, requestHead } from "./tail-head.ts";
import { Tail } from "./tail.ts";
import { type BucketTransport, type Call, type Incoming } from "./transport.ts";
import { BucketError, isPassing, refusalTrouble } from "./trouble.ts";
import { element } from "./xml.ts";

export interface RequestsOptions {
  settings: BucketSettings;
  transport: BucketTransport;
  clock: Clock;
  log: Log;
  /** From 0 to 1. */
  random: () => number;
}

/** How long somebody can wait. `waitMs`: before the second try, at most, and twice as long before each other one. */
interface Patience {
  tries: number;
  headMs: number;
  waitMs: number;
  /** Seconds that a wish for rest may take. */
  restSeconds: number;
}

/** A client waits for what is read; nobody waits for what is stored; and what is cleared away can wait. */
const patience: Record<"read" | "write" | "clear" | "aside", Patience> = {
  read: { tries: 2, headMs: 5_000, waitMs: 200, restSeconds: 1 },
  write: { tries: 5, headMs: 120_000, waitMs: 500, restSeconds: 30 },
  clear: { tries: 2, headMs: 10_000, waitMs: 500, restSeconds: 5 },
  aside: { tries: 2, headMs: 10_000, waitMs: 500, restSeconds: 5 },
};

/** Of signatures S3 refuses those that are 15 minutes off. */
const skewMs = 300_000;
const skewed = "RequestTimeTooSkewed";

/** Connections that are read as their readers take it: each can be slow, and has some memory here and in the kernel. */
const maxTails = 64;

export interface BucketRequest {
  method: Call["method"];
  /** Below the prefix; undefined: the bucket itself. */
  key: string | undefined;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** SHA-256 of the body, where it is known already. */
  hash?: string;
  for: keyof typeof patience;
  /** Statuses beside 2xx that are answers. */
  accepts?: readonly number[];
  signal?: AbortSignal;
}

/** Signs requests, sends them and repeats those that are worth it. All of them can be: they are idempotent, or cleared away. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #credentials: CurrentCredentials;
  readonly #closing = new AbortController();
  /** How far the bucket's clock is ahead of ours, in milliseconds. */
  #aheadMs = 0;
  #tails = 0;
  readonly reading: Circuit;
  readonly writing: Circuit;
  readonly #clearing: Circuit;
  /** Whoever may do nothing in the quarantine may delete blobs. */
  readonly #aside: Circuit;

  constructor(options: RequestsOptions) {
    this.#options = options;
    const { clock, log, settings } = options;
    this.#credentials = new CurrentCredentials(settings.credentials, clock);
    this.reading = new Circuit("read", clock, log);
    this.writing = new Circuit("write", clock, log);
    this.#clearing = new Circuit("delete", clock, log);
    this.#aside = new Circuit("quarantine", clock, log);
  }

  /** What `read` makes of the answer; where it throws a `BucketError`, that counts as the answer. Throws `BucketError`. */
  send<T>(request: BucketRequest, read: (incoming: Incoming) => Promise<T>): Promise<T> {
    const { reading, writing } = this;
    const circuits = { read: reading, write: writing, clear: this.#clearing, aside: this.#aside };
    return circuits[request.for].pass(() => this.#repeat(request, read));
  }

  /**
   * Begins to read a long part of an object by a connection of its own; undefined where there is none to be had: while the
   * bucket does not do, and with as many as there may be. How it ends counts for nothing, since it is only a shorter way.
   */
  tail(key: string, expected: ExpectedPart): Tail | undefined {
    const { clock, log, transport } = this.#options;
    if (this.reading.trouble || this.#tails >= maxTails) return undefined;
    const { first, last } = expected.range;
    const headers = { range: `bytes=${first}-${last}`, "if-match": expected.etag };
    const { url, headers: signed } = this.#sign({ method: "GET", key, headers, for: "read" });
    const request = requestHead(url, signed);
    if (request === undefined) return undefined;
    this.#tails++;
    return new Tail({
      clock,
      dial: (connected) => transport.dial(url, connected),
      request,
      expected,
      signal: this.#closing.signal,
      answered: () => this.reading.answered(),
      over: (code) => {
        this.#tails--;
        if (code !== undefined) log.debug("bucket's connection ended early", { code });
      },
    });
  }

  async #repeat<T>(request: BucketRequest, read: (incoming: Incoming) => Promise<T>): Promise<T> {
    const { tries } = patience[request.for];
    const signals = [this.#closing.signal, ...(request.signal ? [request.signal] : [])];
    const signal = signals.length === 1 ? this.#closing.signal : AbortSignal.any(signals);
    for (let attempt = 1; ; attempt++) {
      try {
        return await read(await this.#once(request, signal));
      } catch (error) {
        if (!(error instanceof BucketError)) throw error;
        const wait = attempt < tries ? this.#waitAfter(request, error, attempt) : undefined;
        if (wait === undefined) throw error;
        const { method } = request;
        this.#options.log.debug("bucket is asked again", { method, attempt, code: error.code });
        await pause(this.#options.clock, wait, signal);
      }
    }
  }

  async #once(request: BucketRequest, signal: AbortSignal): Promise<Incoming> {
    const { body } = request;
    const { headMs } = patience[request.for];
    const call = this.#sign(request);
    const incoming = await this.#options.transport.send({ ...call, body, headMs, signal });
    const { status } = incoming;
    if ((status >= 200 && status < 300) || request.accepts?.includes(status)) return incoming;
    throw await this.#refused(incoming);
  }

  #sign(request: BucketRequest): Pick<Call, "method" | "url" | "headers"> {
    const { method, key, query = {}, headers = {}, body, hash } = request;
    const url = addressOf(this.#options.settings, key);
    url.search = queryText(Object.entries(query));
    const payloadHash = hash ?? (typeof body === "string" ? sha256Hex(body) : emptyHash);
    const all = { ...headers, "x-amz-content-sha256": payloadHash };
    const signed = signHeaders({ method, url, headers: all, payloadHash }, this.#signing());
    return { method, url, headers: signed };
  }

  /** Milliseconds until another try; undefined where it would not help, or not soon enough. */
  #waitAfter(request: BucketRequest, error: BucketError, attempt: number): number | undefined {
    const { waitMs, restSeconds } = patience[request.for];
    const jitter = this.#options.random() * waitMs * 2 ** (attempt - 1);
    if (error.code === skewed) return attempt === 1 ? 0 : undefined;
    // Credentials may just have been replaced.
    if (error.trouble === "denied" && attempt === 1) {
      this.#credentials.doubt();
      return this.#options.settings.credentials.kind === "file" ? 0 : undefined;
    }
    if (!isPassing(error)) return undefined;
    const asked = error.retryAfterSeconds ?? 0;
    return asked > restSeconds ? undefined : asked * 1000 + jitter;
  }

  async #refused(incoming: Incoming): Promise<BucketError> {
    const { status, headers } = incoming;
    const rest = parseRetryAfter(headers.get("retry-after"), this.now());
    const code = element(await incoming.text(), "Code");
    if (status === 403 && this.#isSkewed(headers)) {
      return new BucketError("denied", { code: skewed, status });
    }
    return refusalTrouble(status, plainCode(code), rest);
  }

  /** Clocks that differ too much are why it was refused, whatever the code: from now on its time is used. */
  #isSkewed(headers: Headers): boolean {
    const ahead = Date.parse(headers.get("date") ?? "") - this.now();
    if (!(Math.abs(ahead) > skewMs)) return false;
    this.#aheadMs += ahead;
    this.#options.log.warn("clock is not the bucket's, whose time is used", {
      seconds: Math.round(this.#aheadMs / 1000),
    });
    return true;
  }

  /** By which anybody may get the object for so many seconds. */
  address(key: string, seconds: number): string {
    const signing = this.#signing();
    return presign(addressOf(this.#options.settings, key), seconds, signing);
  }

  #signing(): Signing {
    const { region } = this.#options.settings;
    return { credentials: this.#credentials.get(), region, service: "s3", now: this.now() };
  }

  /** Milliseconds since the epoch, as the bucket has it as far as is known. */
  now(): number {
    return this.#options.clock.now() + this.#aheadMs;
  }

  /** Ends what is under way, unless `over` comes first. */
  async close(graceMs: number, over: Promise<unknown>): Promise<void> {
    const { clock, transport } = this.#options;
    const timer = clock.after(graceMs, () => this.#closing.abort(new BucketError("ending")));
    try {
      await orAborted(over, this.#closing.signal).catch(() => undefined); // its own waiter has seen it
    } finally {
      timer.cancel();
      this.#closing.abort(new BucketError("ending"));
      transport.close();
    }
  }
}

/** A service's word for what is wrong, if it is one: it goes into the log. */
export function plainCode(code: string | undefined): string | undefined {
  return code !== undefined && /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : undefined;
}
