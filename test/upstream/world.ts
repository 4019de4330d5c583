import { expect } from "bun:test";
import type { TlsOptions } from "node:tls";
import { yieldTurn } from "../../src/lib/clock.ts";
import type { Log } from "../../src/lib/log.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import type { Reference } from "../../src/oci/reference.ts";
import { createUpstreamClient } from "../../src/upstream/client.ts";
import type { AllowedRange } from "../../src/upstream/guard.ts";
import {
  type HealthEvent,
  type Absent,
  type OpenBlob,
  type StateStore,
  type Upstream,
  type UpstreamClient,
  UpstreamError,
  type UpstreamState,
} from "../../src/upstream/contract.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { type FakeAuth, FakeUpstream } from "../fakes/upstream.ts";

/** Names that tests resolve; everything else does not. */
const names: Record<string, string[]> = {
  "registry.test": ["127.0.0.1"],
  "token.test": ["127.0.0.1"],
  "cdn.test": ["127.0.0.1"],
  "inner.test": ["10.0.0.1"],
};

/** States in memory; `failing` is what every call then ends in. */
export class MemoryStates implements StateStore {
  readonly rows = new Map<number, UpstreamState>();
  writes = 0;
  failing: Error | undefined;
  /** Reading takes until this resolves. */
  reading = Promise.resolve();

  async all(): Promise<UpstreamState[]> {
    await this.reading;
    if (this.failing) throw this.failing;
    return [...this.rows.values()];
  }

  async save(state: UpstreamState): Promise<void> {
    this.writes++;
    if (this.failing) throw this.failing;
    this.rows.set(state.upstreamId, state);
  }
}

/** A client, its clock and its fakes. Ending it shows that nothing was left open: no connection, no timer. */
export class World implements AsyncDisposable {
  readonly clock = new SteppedClock();
  /** What was logged, one JSON text a line. */
  readonly lines: string[] = [];
  /** Of how upstreams are doing. */
  readonly told: HealthEvent[] = [];
  client: UpstreamClient;
  /** What outlives the client. */
  readonly states = new MemoryStates();
  /** What chance gives, from 0 to 1. */
  chance = 0;
  readonly #construct: () => UpstreamClient;
  readonly #fakes: FakeUpstream[] = [];
  #upstreams = 0;

  constructor(
    resolve = async (host: string) => names[host] ?? [],
    allowedAddresses: AllowedRange[] = [{ range: "127.0.0.1/32", port: undefined }],
  ) {
    const note = (message: string, fields?: object) => {
      this.lines.push(JSON.stringify({ message, ...fields }));
    };
    const log: Log = { debug: note, info: note, warn: note, error: note, flush: async () => {} };
    const { clock, states } = this;
    const instanceId = "test-instance";
    const options = { clock, log, version: "1.2.3", instanceId, allowedAddresses, resolve };
    this.#construct = () =>
      createUpstreamClient({
        ...options,
        states,
        random: () => this.chance,
        told: (event) => void this.told.push(event),
      });
    this.client = this.#construct();
  }

  /** Another process takes over. */
  async restart(): Promise<void> {
    await this.client.close();
    this.client = this.#construct();
    await yieldTurn();
  }

  async fake(options: { auth?: FakeAuth; host?: string } = {}): Promise<FakeUpstream> {
    return this.#keep(await FakeUpstream.start(options));
  }

  /** One that speaks TLS, at `https://<host>:<port>`. */
  async secureFake(host: string, auth?: FakeAuth): Promise<FakeUpstream> {
    const secure: TlsOptions = testCertificate;
    return this.#keep(await FakeUpstream.start({ host, secure, ...(auth && { auth }) }));
  }

  #keep(fake: FakeUpstream): FakeUpstream {
    this.#fakes.push(fake);
    return fake;
  }

  /** An upstream of its own for this fake, or for a URL. */
  upstream(at: FakeUpstream | string, settings: Partial<Upstream> = {}): Upstream {
    const url = typeof at === "string" ? at : at.url;
    return {
      id: ++this.#upstreams,
      name: "Fake",
      url,
      username: undefined,
      password: undefined,
      tokenRealm: undefined,
      deniedMeans: "unsure",
      ca: url.startsWith("https:") ? testCertificate.cert : undefined,
      version: 1,
      ...settings,
    };
  }

  /** Opens a blob that the fake has; the digest counts, not what is behind it. */
  async open(
    upstream: Upstream,
    digest: string,
    options: { offset?: number; last?: number; etag?: string; signal?: AbortSignal } = {},
  ): Promise<OpenBlob> {
    const { offset = 0, last, etag, signal = new AbortController().signal } = options;
    const opened = await this.client.blob(upstream, "x", digestFrom(digest), {
      offset,
      last,
      etag,
      signal,
    });
    return found(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    for (const fake of this.#fakes) {
      await fake.server.closed();
      await fake.stop();
    }
    expect(this.clock.pending).toBe(0);
  }
}

export const latest: Reference = { kind: "tag", tag: "latest" };

export function digestFrom(text: string) {
  const digest = parseDigest(text);
  if (!digest) throw new Error(`${text} is no digest`);
  return digest;
}

export function found<T>(answer: T | Absent): Exclude<T, Absent> {
  expect(answer).toMatchObject({ found: true });
  return answer as Exclude<T, Absent>;
}

/** The upstream error that the promise ends in. */
export async function failureOf(promise: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await promise.then(
    (value) => new Error(`it came to ${Bun.inspect(value).slice(0, 200)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UpstreamError)) throw error;
  return error;
}
