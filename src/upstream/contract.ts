import type { Digest } from "../oci/digest.ts";
import type { Referrer } from "../oci/list.ts";
import type { Reference } from "../oci/reference.ts";

/** Is told of requests to upstreams. Neither blocks nor throws. */
export interface RequestWatch {
  /** A request has its answer's head, or will not get one; `ms` is how long that took. */
  answered(upstream: Asked, method: string, outcome: RequestOutcome, ms: number): void;
  /** Bytes of a body have come: of something in this repository, where that was asked for and is there. */
  received(upstream: Asked, repository: string | undefined, bytes: number): void;
}

/** Who was asked. Connections that are tested have ids below 1, which no upstream has. */
export type Asked = Pick<Upstream, "id" | "name">;

/** The answer's status; why there was no answer; or `left`, where nobody waited for it any more. */
export type RequestOutcome = number | UnsureReason | "left";

/** Whoever leaves has not been failed by the upstream; one that sets a limit has. */
export function isFailedRequest(outcome: RequestOutcome): boolean {
  return typeof outcome === "number" ? outcome >= 500 || outcome === 429 : outcome !== "left";
}

/** How we speak to a remote registry. Nothing is dialled before the first call. */
export interface UpstreamClient {
  /**
   * The whole manifest, at most `maxManifestBytes`, as received; a claim of the upstream about its digest is passed
   * on as a claim. Throws `UpstreamError` where the upstream is unsure. `marks`: those of the request that is being
   * answered (see `marksIn`), so that a ring of servers ends; the same for the calls below.
   */
  manifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    marks?: readonly string[],
  ): Promise<Fetched | Absent>;
  /** HEAD of a manifest: what the upstream says of it. `deadline` bounds the whole call, in milliseconds. */
  checkManifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    deadline: number,
    marks?: readonly string[],
  ): Promise<Described | Absent>;
  /** HEAD of a blob. */
  checkBlob(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    marks?: readonly string[],
  ): Promise<Described | Absent>;
  /**
   * Opens a blob's bytes, from `offset` on; or, with `last`, exactly those from `offset` to `last`, both inclusive: an
   * upstream that answers with anything else throws `invalid`. The caller reads the body to its end or cancels it. `signal` ends the
   * transfer. The body errors with an `UpstreamError` when the upstream is silent for too long or breaks off;
   * a clean end is no proof of completeness: size and digest are for the caller to check.
   */
  blob(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    options: BlobOptions,
  ): Promise<OpenBlob | Absent>;
  /**
   * All tags of a repository, page by page, each once and in no order. Absent where the upstream has no such repository,
   * or no list of tags. A list that is larger than we take, or goes on elsewhere, is an `UpstreamError`, never a part.
   */
  tags(
    upstream: Upstream,
    repository: string,
    marks?: readonly string[],
  ): Promise<ListedTags | Absent>;
  /** The same for what refers to a digest; absent where the upstream has no referrers API. */
  referrers(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    marks?: readonly string[],
  ): Promise<ListedReferrers | Absent>;
  /** It was seen to answer, by a call that was no part of what is known here: it is asked again from now on. */
  revive(upstream: Upstream, why: string): void;
  /** How the upstream is doing, as far as calls have shown. Asks nobody. */
  health(upstream: Upstream): Health;
  /** Closes idle connections, and writes what is to be remembered. */
  close(): Promise<void>;
}

export interface BlobOptions {
  offset: number;
  last?: number | undefined;
  etag?: string | undefined;
  signal: AbortSignal;
  marks?: readonly string[];
}

export interface Health {
  /** `open`: calls fail at once until `retryAt`; `half_open`: that time has come, and one call at a time tries. */
  breaker: "closed" | "open" | "half_open";
  /** Milliseconds since the epoch; undefined while closed. */
  retryAt: number | undefined;
  /** Why the last call that counted failed; undefined after one that did not. */
  lastFailure: UnsureReason | undefined;
  /** The last call that failed since the start, whatever came after it: when, and in words. */
  lastError: { at: number; reason: UnsureReason; message: string } | undefined;
  /** What the upstream's rate limit left, from its last answer that said so. */
  budget: { limit: number; remaining: number; windowSeconds: number; at: number } | undefined;
}

/** That an upstream is not to be asked for now, that it is again, or that it refuses us. */
export interface HealthEvent {
  event: "upstream.unavailable" | "upstream.recovered" | "upstream.denied";
  upstreamId: number;
  details: Readonly<Record<string, unknown>>;
}

/** What the client needs to know of an upstream. */
export interface Upstream {
  id: number;
  name: string;
  url: string;
  username: string | undefined;
  password: string | undefined;
  tokenRealm: string | undefined;
  deniedMeans: "absent" | "unsure";
  /** PEM; undefined: the well-known authorities. */
  ca: string | undefined;
  /** Another one with each change of address, credentials or trust: nothing learned under one is used under another. */
  version: number;
}

/** Gets small documents from addresses that the operator trusts and that are no registries. Dials nothing before the first call. */
export interface DocumentClient {
  /**
   * The JSON document at this address: one object, of at most `maxDocumentBytes`. Nothing but the request is sent, and no
   * redirect is followed. Takes a few seconds at most. Throws `UpstreamError`.
   */
  document(source: DocumentSource, url: URL): Promise<Record<string, unknown>>;
  /** Closes idle connections. */
  close(): void;
}

export const maxDocumentBytes = 256 << 10;

/** Whose document it is: connections are kept apart by the id. */
export interface DocumentSource {
  id: number;
  name: string;
  /** PEM; undefined: the well-known authorities. */
  ca: string | undefined;
}

/** Where what is known of upstreams outlives the process. */
export interface StateStore {
  all(): Promise<UpstreamState[]>;
  /** Replaces what was noted of this upstream. */
  save(state: UpstreamState): Promise<void>;
}

export interface UpstreamState {
  upstreamId: number;
  version: number;
  state: string;
}

/**
 * The name that a server puts into `Via` of its requests (RFC 9110, section 7.6.3). One that gets a request with its
 * own name has been asked by itself, directly or in a ring.
 */
export function ringMarker(instanceId: string): string {
  return `weir-${instanceId}`;
}

const mark = /(?<![\w-])weir-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\w-])/g;

/** The marks of servers like this one in a `Via` header: through whom the request came, the first one first. */
export function marksIn(via: string | null): string[] {
  return via?.match(mark) ?? [];
}

/** A definite no: 404, or 401/403 where the upstream's `deniedMeans` says so. */
export const absent = { found: false } as const;
export type Absent = typeof absent;

export interface Described {
  found: true;
  contentType: string | undefined;
  /** From `Content-Length`, where it can be relied on. */
  size: number | undefined;
  /** The digest that the upstream claims, as it stands in its header. */
  claimedDigest: string | undefined;
  /** Without quotes and weakness mark. */
  etag: string | undefined;
}

export interface ListedTags {
  found: true;
  tags: string[];
}

export interface ListedReferrers {
  found: true;
  referrers: Referrer[];
}

export interface Fetched extends Described {
  payload: Uint8Array;
}

export interface OpenBlob extends Described {
  /** Where the body begins: the asked offset, or 0 where the upstream ignored the range. */
  offset: number;
  /** Of the whole blob. */
  size: number | undefined;
  /** Only a strong one, which a later call can give to go on from an offset. */
  etag: string | undefined;
  body: ReadableStream<Uint8Array>;
}

/**
 * Why an upstream gave no definite answer: no connection; too slow; refused our credentials; asked us to slow down;
 * answered 5xx or nonsense; its address is not allowed.
 */
export type UnsureReason =
  "unreachable" | "timeout" | "denied" | "rate_limited" | "broken" | "invalid" | "blocked";

/** Cause of an `UpstreamError` that says that servers ask each other in a ring. */
export const ring = "ring";

/** The upstream is unsure. The message is ours and names no address, header or body of the upstream. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";

  constructor(
    readonly reason: UnsureReason,
    readonly upstream: string,
    message: string,
    options: { retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** As the upstream asked for with `Retry-After`, clamped. */
  readonly retryAfterSeconds: number | undefined;
}
