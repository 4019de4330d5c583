import type { Registry } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";

/** How a pull was answered (design: cache status). */
export type CacheStatus =
  "hit" | "stale" | "revalidated" | "miss" | "collapsed" | "window" | "bypass" | "absent";

/** The facts that explain an answer, the same in header, log and metric. */
export interface Explanation {
  status: CacheStatus;
  /** Name of the upstream that the object belongs to. */
  upstream: string;
  /** Seconds since the upstream last confirmed it. */
  age: number;
  /** Why it is not simply a hit or a miss. */
  reason?: string;
}

export interface PulledManifest {
  digest: Digest;
  contentType: string;
  payload: Uint8Array;
  explanation: Explanation;
}

/** What can be said of a blob before a byte of it is sent. */
export interface PulledBlob {
  digest: Digest;
  contentType: string;
  explanation: Explanation;
  content: BlobContent;
}

export type BlobContent =
  /** Verified and at rest: any part can be had. */
  | { kind: "stored"; size: number; whole(): Blob; part(first: number, last: number): Blob }
  /** Small and verified, not stored. */
  | { kind: "bytes"; bytes: Uint8Array }
  /** Arriving: the stream errors, and never ends cleanly, unless the digest is right. */
  | { kind: "stream"; size: number | undefined; stream(): ReadableStream<Uint8Array> }
  /** HEAD only: nothing was opened. */
  | { kind: "none"; size: number };

export interface PullOptions {
  /** Only the description is wanted. */
  head: boolean;
  /** The receiver cannot tell a cut body from a complete one: wait until everything is verified. */
  complete: boolean;
  /** Who waits for it: ends this caller's waiting, never the fill. */
  signal: AbortSignal;
}

/** The product: answers pulls from the cache or from the registry's upstreams. */
export interface Puller {
  /** Throws `RegistryError` when no upstream has it or none gave a definite answer. */
  manifest(registry: Registry, repository: string, reference: Reference): Promise<PulledManifest>;
  blob(
    registry: Registry,
    repository: string,
    digest: Digest,
    options: PullOptions,
  ): Promise<PulledBlob>;
  /** Ends all fills; their readers are cut. */
  close(): Promise<void>;
}
