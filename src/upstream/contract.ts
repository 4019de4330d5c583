import type { Digest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";

/** How we speak to a remote registry. Nothing is dialled before the first call. */
export interface UpstreamClient {
  /**
   * The whole manifest, at most `maxManifestBytes`, as received; a claim of the upstream about its digest is passed
   * on as a claim. Throws `UpstreamError` where the upstream is unsure.
   */
  manifest(upstream: Upstream, repository: string, reference: Reference): Promise<Fetched | Absent>;
  /** HEAD of a manifest: what the upstream says of it. `deadline` bounds the whole call, in milliseconds. */
  checkManifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    deadline: number,
  ): Promise<Described | Absent>;
  /** HEAD of a blob. */
  checkBlob(upstream: Upstream, repository: string, digest: Digest): Promise<Described | Absent>;
  /**
   * Opens a blob's bytes, from `offset` on. The caller reads the body to its end or cancels it. `signal` ends the
   * transfer. The body errors with an `UpstreamError` when the upstream is silent for too long or breaks off;
   * a clean end is no proof of completeness: size and digest are for the caller to check.
   */
  blob(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    options: { offset: number; etag?: string | undefined; signal: AbortSignal },
  ): Promise<OpenBlob | Absent>;
  /** Closes idle connections. */
  close(): void;
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
  version: number;
}

/**
 * The name that a server puts into `Via` of its requests (RFC 9110, section 7.6.3). One that gets a request with its
 * own name has been asked by itself, directly or in a ring.
 */
export function ringMarker(instanceId: string): string {
  return `weir-${instanceId}`;
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
