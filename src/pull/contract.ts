import type { ByteRange, RangeSpec } from "../lib/range.ts";
import type { Proof, Registry, Rule, Upstream } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import type { Referrer } from "../oci/list.ts";
import type { ChildKind } from "../oci/manifest.ts";
import type { Reference } from "../oci/reference.ts";
import type { UnsureReason } from "../upstream/contract.ts";

/** How a pull was answered (design: cache status). */
export type CacheStatus =
  "hit" | "stale" | "revalidated" | "miss" | "collapsed" | "window" | "bypass" | "absent";

/** The facts that explain an answer, the same in header, log and metric. */
export interface Explanation {
  status: CacheStatus;
  /** Name of the upstream that the object belongs to; of a list, of all that it is from, with commas between. */
  upstream: string;
  /** Seconds since the upstream last confirmed it. */
  age: number;
  /** Why it is not simply a hit or a miss. */
  reason?: string;
  /** What it was, for the statistics: of a list there is none. */
  source?: Source;
}

/** An upstream, and a repository as it is called there. */
export interface Source {
  upstreamId: number;
  repository: string;
}

/** Is told what pulls come to. */
export interface PullStatistics {
  /** Takes no time: it is written within some seconds. `bytes`: sent to the client. */
  pulled(
    upstreamId: number,
    /** Undefined where it is not known to be one. */
    repository: string | undefined,
    status: CacheStatus | "refused",
    bytes: number,
  ): void;
  /** Resolves when all that was counted is written. */
  flush(): Promise<void>;
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
  /** Verified and at rest: what was wanted of a blob of `size`, all of it where there is no range. */
  | { kind: "stored"; size: number; range: ByteRange | undefined; blob: Blob }
  /** Verified and at rest: the receiver is to fetch it there. */
  | { kind: "address"; size: number; url: string }
  /** Small and verified, not (yet) at rest. */
  | { kind: "bytes"; bytes: Uint8Array }
  /** Arriving, or from a store at some distance: the whole of it. */
  | { kind: "source"; source: ByteSource }
  /** The same: the part that was wanted, of a blob of `size`. */
  | { kind: "part"; size: number; range: ByteRange; source: ByteSource }
  /** For HEAD, and where a part was wanted that there is none of: nothing was opened. */
  | { kind: "none"; size: number | undefined };

/** Bytes on their way. Whoever takes one reads it to its end or cancels it. */
export interface ByteSource {
  /**
   * The next bytes, not to be changed by the reader, nor used after its next call, before which it has written or copied
   * them; undefined at the end, which comes only after the digest was right. Throws when the object cannot be completed: the reader must let its own reader see a cut.
   */
  next(): Promise<Uint8Array | undefined>;
  /** The reader is gone. Harmless after the end. */
  cancel(): Promise<void>;
  /** Whether a pending `next` waits for the upstream: then the silence is not the reader's. */
  readonly waiting: boolean;
}

/** A part of a blob, as somebody asks for it who does not know the size. */
export interface PartWanted {
  range: RangeSpec;
  /** Fires when the receiver is gone. */
  signal: AbortSignal;
}

export interface PullOptions {
  /** Of the servers that the request came through (`marksIn`): passed on, so that a ring of servers ends. */
  marks: readonly string[];
  /** Only the description is wanted. */
  head: boolean;
  /** Only this part is wanted. What is here already, or small, is given whole all the same; and so is what has no known size. */
  part: PartWanted | undefined;
  /** Called when an upstream has to be waited for. */
  waits: () => void;
  /** The receiver cannot tell a cut body from a complete one: wait until everything is verified. `unread`: there is no
   * receiver, and it is only to come to rest in the store. */
  complete: boolean | "unread";
}

/** A part of a list: what stands behind `last`, as much of it as is asked for and fits. */
export interface TagsPage {
  n: number | undefined;
  last: string | undefined;
}

export interface ReferrersPage {
  /** Only those of this type. */
  artifactType: string | undefined;
  last: Digest | undefined;
}

export interface ListOptions {
  /** As in `PullOptions`. */
  marks: readonly string[];
  waits: () => void;
}

/** Of all upstreams that have the repository, in ascending order by code unit, each once. */
export interface PulledTags {
  tags: string[];
  /** The page ends before the list does. */
  more: boolean;
  explanation: Explanation;
}

/** Of all upstreams that have the subject, in order of digest, each once. */
export interface PulledReferrers {
  referrers: Referrer[];
  more: boolean;
  explanation: Explanation;
}

/** What one upstream of a registry has to do with a pull. */
export interface PlannedUpstream {
  upstreamId: number;
  upstream: string;
  position: number;
  /** As it is called there. */
  repository: string;
  /** The rule that keeps it from being asked; undefined where none does. */
  deniedBy: Rule | undefined;
  cached:
    { digest: Digest; proof: Proof; checkedAt: number; freshUntil: number | undefined } | undefined;
  /** What it answered, or is known to answer; undefined where it would not be asked. */
  says: "found" | "absent" | UnsureReason | undefined;
}

export interface PullPlan {
  upstreams: PlannedUpstream[];
  /** `refused`: no upstream gives it, or one that must be asked first is unsure. */
  decision: {
    status: CacheStatus | "refused";
    upstream: string | undefined;
    digest: Digest | undefined;
    reason: string | undefined;
  };
}

/** Fetches an object anew from an upstream, as a pull does: true once it is stored, else why it could not be had. */
export type Repair = (
  upstream: Upstream,
  repository: string,
  kind: ChildKind,
  digest: Digest,
) => Promise<true | string>;
/** What is under way. */
export interface Activity {
  /** Downloads of blobs that are stored while they come. */
  fills: number;
  /** Who reads them meanwhile. */
  followers: number;
}

/** A download of a blob that is stored while it comes. */
export interface FillUnderWay extends Source {
  digest: Digest;
  /** Undefined where nobody has said it. */
  size: number | undefined;
  received: number;
  /** Who reads it meanwhile. */
  followers: number;
  startedAt: number;
}

/** The product: answers pulls from the cache or from the registry's upstreams. */
export interface Puller {
  /** Throws `RegistryError` when no upstream has it or none gave a definite answer. */
  manifest(
    registry: Registry,
    repository: string,
    reference: Reference,
    options: Omit<PullOptions, "complete" | "part">,
  ): Promise<PulledManifest>;
  blob(
    registry: Registry,
    repository: string,
    digest: Digest,
    options: PullOptions,
  ): Promise<PulledBlob>;
  /**
   * Throws `RegistryError` when no upstream has the repository, or one gave no definite answer of whom it would have been
   * needed.
   */
  tags(
    registry: Registry,
    repository: string,
    page: TagsPage,
    options: ListOptions,
  ): Promise<PulledTags>;
  /** An empty list for a digest that nobody knows. Throws where upstreams gave no definite answer. */
  referrers(
    registry: Registry,
    repository: string,
    subject: Digest,
    page: ReferrersPage,
    options: ListOptions,
  ): Promise<PulledReferrers>;
  /**
   * Reads a tag anew from its upstream, however fresh the cached copy is, and gives up the repository's lists once that has
   * come off. Throws as `manifest` does.
   */
  refresh(registry: Registry, repository: string, tag: string): Promise<PulledManifest>;
  /**
   * What a pull would do now and why. Asks upstreams by HEAD at most, stores and counts nothing. Decides by the same
   * functions as a pull.
   */
  explain(registry: Registry, repository: string, reference: Reference): Promise<PullPlan>;
  /**
   * As `manifest`, for nobody in particular, so that it rests in the cache when somebody comes: no download is counted, and
   * what an upstream's rate limit leaves is not spent once it is scarce (`rate_limited`). A stale tag is checked first.
   */
  prefetchManifest(
    registry: Registry,
    repository: string,
    reference: Reference,
  ): Promise<PulledManifest>;
  /** The same for a blob. Resolves when its bytes rest in the store; throws `unavailable` where they cannot. */
  prefetchBlob(registry: Registry, repository: string, digest: Digest): Promise<PrefetchedBlob>;
  activity(): Promise<Activity>;
  /** The downloads that are under way, from the one begun first to the last. */
  fills(): Promise<FillUnderWay[]>;
  /** Why blobs that could be stored are not, in words for the operator, which name nothing; undefined: none lately. */
  unstored(): string | undefined;
  /** Ends all fills, whose readers are cut, and writes what is still held in memory. */
  close(): Promise<void>;
}

export interface PrefetchedBlob {
  size: number;
  explanation: Explanation;
}
