import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Digest } from "../oci/digest.ts";
import { manifestAccept, maxManifestBytes } from "../oci/manifest.ts";
import { type Reference, referenceText } from "../oci/reference.ts";
import type { Answer } from "./answer.ts";
import { Authorizer } from "./authorizer.ts";
import {
  type Absent,
  absent,
  type Described,
  type Fetched,
  type OpenBlob,
  ringMarker,
  type Upstream,
  type UpstreamClient,
} from "./contract.ts";
import { announcedSize, describe, partOf, strongEtag } from "./describe.ts";
import { within } from "./exchange.ts";
import { failure } from "./failure.ts";
import { type AllowedRange, createGuard, type Resolve } from "./guard.ts";
import { statusFailure } from "./status.ts";
import { denied, TokenSource } from "./tokens.ts";
import { type Call, Transport } from "./transport.ts";

export interface UpstreamClientOptions {
  clock: Clock;
  log: Log;
  /** Of this server, for `User-Agent`. */
  version: string;
  /** Of this process: upstreams that turn out to be this server again are recognised by it. Letters, digits, `-`. */
  instanceId: string;
  /** Inner addresses that may be dialled. */
  allowedAddresses: readonly AllowedRange[];
  /** PEM of the authorities to trust instead of the well-known ones. */
  ca?: string;
  /** Milliseconds, each with its default. */
  limits?: Partial<Limits>;
  /** In place of the machine's resolver. */
  resolve?: Resolve;
}

interface Limits {
  /** Connecting and the head of one answer. */
  head: number;
  /** Between two pieces of a blob. */
  idle: number;
  /** Everything about a manifest or token, its body included. */
  total: number;
}

const defaults: Limits = { head: 10_000, idle: 60_000, total: 30_000 };

/** Dials nothing before the first call. Throws for an entry of `allowedAddresses` that is not in CIDR notation. */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { clock, log, version, instanceId, allowedAddresses, ca, resolve } = options;
  const limits = { ...defaults, ...options.limits };
  const guard = createGuard({ clock, allowed: allowedAddresses, ...(resolve && { resolve }) });
  const headers = {
    "User-Agent": `weir/${version}`,
    "Accept-Encoding": "identity",
    Via: `1.1 ${ringMarker(instanceId)}`,
  };
  const transport = new Transport({ clock, log, guard, headers, limits, ca });
  const tokens = new TokenSource(clock, transport, limits.total);
  return new Client(clock, new Authorizer(transport, tokens, log), limits.total);
}

/** One request to a registry: what varies. */
interface Wanted extends Pick<Call, "method" | "headers" | "lane"> {
  upstream: Upstream;
  repository: string;
  kind: "manifests" | "blobs";
  reference: string;
}

class Client implements UpstreamClient {
  constructor(
    readonly clock: Clock,
    readonly authorizer: Authorizer,
    readonly total: number,
  ) {}

  manifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
  ): Promise<Fetched | Absent> {
    const wanted = { ...wantedManifest(upstream, repository, reference), method: "GET" } as const;
    return this.#within(upstream, this.total, async (signal) => {
      const answer = await this.#ask(wanted, signal);
      return answer ? readManifest(answer) : absent;
    });
  }

  checkManifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    deadline: number,
  ): Promise<Described | Absent> {
    const wanted = wantedManifest(upstream, repository, reference);
    return this.#within(upstream, deadline, (signal) => this.#check(wanted, signal));
  }

  checkBlob(upstream: Upstream, repository: string, digest: Digest): Promise<Described | Absent> {
    const wanted = wantedBlob(upstream, repository, digest);
    return this.#within(upstream, this.total, (signal) => this.#check(wanted, signal));
  }

  async blob(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    options: { offset: number; etag?: string | undefined; signal: AbortSignal },
  ): Promise<OpenBlob | Absent> {
    const { offset, etag, signal } = options;
    const wanted = { ...wantedBlob(upstream, repository, digest), method: "GET" } as const;
    const headers: Record<string, string> = { ...wanted.headers };
    if (offset > 0) headers["Range"] = `bytes=${offset}-`;
    if (offset > 0 && etag !== undefined) headers["If-Range"] = `"${etag}"`;
    const answer = await this.#ask({ ...wanted, headers, lane: "transfer" }, signal);
    return answer ? openBlob(answer, offset) : absent;
  }

  close(): void {
    this.authorizer.transport.close();
  }

  #within<T>(
    { name }: Upstream,
    ms: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return within(this.clock, ms, () => failure("timeout", name, "did not answer in time"), work);
  }

  async #check(wanted: Omit<Wanted, "method">, signal: AbortSignal): Promise<Described | Absent> {
    const answer = await this.#ask({ ...wanted, method: "HEAD" }, signal);
    if (!answer) return absent;
    answer.abandon(); // of a GET, where the upstream knows no HEAD
    return describe(answer);
  }

  /** An answer with the object, its body still to be taken; undefined for absent. */
  async #ask(wanted: Wanted, signal: AbortSignal): Promise<Answer | undefined> {
    const { upstream, repository, kind, reference } = wanted;
    const url = new URL(`${upstream.url}/v2/${repository}/${kind}/${reference}`);
    const answer = await this.authorizer.send({ ...wanted, url, signal });
    if (answer === denied) return meaningOfDenied(upstream);
    const { status } = answer;
    if (status === 200 || (status === 206 && "Range" in wanted.headers)) return answer;
    await answer.discard();
    if (status === 404) return undefined;
    const isOwn = answer.url.origin === url.origin;
    if ((status === 401 || status === 403) && isOwn) return meaningOfDenied(upstream);
    const isHeadless = wanted.method === "HEAD" && (status === 405 || status === 501);
    if (isHeadless) return this.#ask({ ...wanted, method: "GET" }, signal);
    throw statusFailure(answer, this.clock.now());
  }
}

function wantedManifest(upstream: Upstream, repository: string, reference: Reference) {
  const headers = { Accept: manifestAccept };
  const text = referenceText(reference);
  const kind = "manifests" as const;
  return { upstream, repository, kind, reference: text, headers, lane: "call" } as const;
}

function wantedBlob(upstream: Upstream, repository: string, digest: Digest) {
  const headers = { Accept: "*/*" };
  const kind = "blobs" as const;
  return { upstream, repository, kind, reference: digest, headers, lane: "call" } as const;
}

/** Many registries refuse what does not exist, so as not to tell what does; others refuse only what does exist. */
function meaningOfDenied(upstream: Upstream): undefined {
  if (upstream.deniedMeans === "absent") return undefined;
  throw failure("denied", upstream.name, "does not let us pull this");
}

async function readManifest(answer: Answer): Promise<Fetched> {
  const { upstream, headers } = answer;
  const size = announcedSize(answer);
  const invalid = (did: string) => {
    answer.abandon();
    return failure("invalid", upstream, did);
  };
  // Without a length, a broken connection cannot be told from the end (security S1; bun.md trap 3).
  if (size === undefined && !headers.has("transfer-encoding")) {
    throw invalid("answered with a manifest of unknown length");
  }
  if ((size ?? 0) > maxManifestBytes) throw invalid("answered with a manifest that is too large");
  const payload = await answer.bytes(maxManifestBytes);
  if (size !== undefined && size !== payload.length) {
    throw invalid("answered with a manifest of another length than it announced");
  }
  return { ...describe(answer), size: payload.length, payload };
}

function openBlob(answer: Answer, asked: number): OpenBlob {
  const described = { ...describe(answer), etag: strongEtag(answer) };
  if (answer.status === 200) return { ...described, offset: 0, body: answer.stream() };
  const part = partOf(answer);
  if (part?.first !== asked) {
    answer.abandon();
    throw failure("invalid", answer.upstream, "answered with another part than it was asked for");
  }
  return { ...described, size: part.size, offset: asked, body: answer.stream() };
}
