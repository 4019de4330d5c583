import { expect } from "bun:test";
import type { TlsOptions } from "node:tls";
import type { Log } from "../../src/lib/log.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import type { Reference } from "../../src/oci/reference.ts";
import { createUpstreamClient } from "../../src/upstream/client.ts";
import type { AllowedRange } from "../../src/upstream/guard.ts";
import {
  type Absent,
  type OpenBlob,
  type Upstream,
  type UpstreamClient,
  UpstreamError,
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

/** A client, its clock and its fakes. Ending it shows that nothing was left open: no connection, no timer. */
export class World implements AsyncDisposable {
  readonly clock = new SteppedClock();
  /** What was logged, one JSON text a line. */
  readonly lines: string[] = [];
  readonly client: UpstreamClient;
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
    this.client = createUpstreamClient({
      clock: this.clock,
      log,
      version: "1.2.3",
      instanceId: "test-instance",
      allowedAddresses,
      ca: testCertificate.cert,
      resolve,
    });
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
    return {
      id: ++this.#upstreams,
      name: "Fake",
      url: typeof at === "string" ? at : at.url,
      username: undefined,
      password: undefined,
      tokenRealm: undefined,
      deniedMeans: "unsure",
      version: 1,
      ...settings,
    };
  }

  /** Opens a blob that the fake has; the digest counts, not what is behind it. */
  async open(
    upstream: Upstream,
    digest: string,
    options: { offset?: number; etag?: string; signal?: AbortSignal } = {},
  ): Promise<OpenBlob> {
    const { offset = 0, etag, signal = new AbortController().signal } = options;
    const opened = await this.client.blob(upstream, "x", digestFrom(digest), {
      offset,
      etag,
      signal,
    });
    return found(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
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
