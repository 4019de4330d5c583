import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";

/** Bytes that are counted, kept in step with each change of what is stored. */
export interface SpaceUsage {
  /** Of all content, manifests and blobs, each once. */
  stored: number;
  /** Of that what no entry needs: it goes after a while. */
  leaving: number;
}

/** An upstream or a group with a limit of its own. */
export interface BoundedSpace {
  scope: "upstream" | "group";
  id: number;
  name: string;
  /**
   * Bytes of what its entries need, each content once. Of an upstream that has doubted caches (`caches.ts`) those of the largest
   * of its caches, so not more than there are: what is in two of them would count twice, and others would go for it.
   */
  bytes: number;
  maxBytes: number;
}

export type SpaceScope = Pick<BoundedSpace, "scope" | "id"> | { scope: "instance"; id: 0 };

/** The last pull and the id of an entry: a place in the order in which entries are given up. */
export type AgePosition = readonly [at: number, id: number];

export interface EvictionWish {
  /** Whose entries: see `caches.ts`. */
  cacheId: number;
  /** Undefined: from the one that was not pulled for the longest time. */
  after: AgePosition | undefined;
  /** What was pulled at this time or later stays. */
  before: number;
  /** So many bytes are enough. */
  bytes: number;
  /** Nothing is changed: what would go is told. */
  isDry: boolean;
}

export interface Evicted {
  entries: EvictedEntry[];
  /** Of these entries: what others need as well stays stored. */
  bytes: number;
  /** Where to go on. */
  position: AgePosition | undefined;
  /** When what comes next was last pulled; undefined: there is no more. */
  next: number | undefined;
}

export interface EvictedEntry {
  id: number;
  groupId: number;
  upstreamId: number;
  relativePath: string;
  digest: Digest;
  size: number;
  downloadedAt: number;
}

/** Where the cache's space goes, and how entries are given up to get some back: those first that were not pulled for the longest time. */
export interface Space {
  usage(): Promise<SpaceUsage>;
  /** What has a limit. */
  bounded(): Promise<BoundedSpace[]>;
  /** Undefined for a group that is not there. */
  group(id: number): Promise<{ bytes: number; maxBytes: number | undefined } | undefined>;
  /** Bytes that its entries need; what is in two caches of an upstream counts in each. */
  bytesOf(scope: Exclude<SpaceScope, { scope: "instance" }>): Promise<number>;
  /** Ids of the caches (`caches.ts`) that have content in this scope, with those that are nobody's any more and have some left. */
  cachesOf(scope: SpaceScope): Promise<number[]>;
  /** When the entry that was not pulled for the longest time was; undefined where there is none. */
  oldest(cacheId: number): Promise<number | undefined>;
  /**
   * A step: gives up some of a cache's entries, in order of their last pull, with their proof, in one transaction. What is
   * pinned stays, and what that needs. What a cached manifest leads to goes after
   * it: it counts as pulled a moment later than that, so that a manifest that is cached is whole.
   */
  evict(wish: EvictionWish): Promise<Evicted>;
  /** What is remembered of entries that were evicted is forgotten. */
  settle(): Promise<void>;
}

/** How content goes that nothing needs any more. */
export interface Sweep {
  /** What time it is, by the clock of all servers on this database: the one that all these times are of. */
  now(): Promise<number>;
  /** Notes that this content is unneeded from now on, of which that has not been noted; how much that was. At most so many. */
  note(now: number, limit: number): Promise<number>;
  /** What has been unneeded since then or longer, the oldest first. */
  due(since: number, limit: number): Promise<{ kind: ChildKind; digest: Digest; size: number }[]>;
  /** The manifest goes, unless an entry needs it by now. Whether it has gone. */
  removeManifest(digest: Digest): Promise<boolean>;
  /** From here on the blob does not count as stored, unless an entry needs it by now and it was ever verified. Whether its bytes are to be deleted. */
  beginRemoval(digest: Digest, now: number): Promise<boolean>;
  /** They are not deleted after all. */
  abandonRemoval(digest: Digest, begun: number): Promise<void>;
  /** Its bytes are gone: so is what is known of it, unless it was stored anew since this removal began. */
  endRemoval(digest: Digest, begun: number): Promise<void>;
  /**
   * Puts those of these stored blobs that nothing is known of on record as content that nothing needs since now, and that does
   * not count as stored until somebody stores it anew; which those are.
   */
  adopt(blobs: readonly FoundBlob[], now: number): Promise<FoundBlob[]>;
}

export interface FoundBlob {
  digest: Digest;
  size: number;
}
