import { LruMap } from "../lib/lru.ts";
import type { Digest } from "../oci/digest.ts";
import type { ChildKind } from "../oci/manifest.ts";
import type {
  Cache,
  CacheEntry,
  CachedManifest,
  Downloads,
  FetchedManifest,
  KeptBlob,
  NamedObjects,
  ShownObject,
  Recorded,
  StoredBlobRecord,
} from "./contract.ts";

/** Together at most 32 MiB. */
const maxKeys = 1024;
const maxPayload = 32 << 10;

/**
 * Answers the question of the hit path, which manifest a tag or digest stands for, from memory. Right only where all
 * writes come through here: whatever changes entries of manifests, or the generation, empties the memory.
 */
export class RememberedCache implements Cache {
  readonly #inner: Cache;
  readonly #generation: () => Promise<number>;
  readonly #manifests = new LruMap<string, CachedManifest[]>(maxKeys);
  #seen = Number.NaN;
  #writes = 0;

  constructor(inner: Cache, generation: () => Promise<number>) {
    this.#inner = inner;
    this.#generation = generation;
  }

  async manifests(
    upstreamIds: readonly number[],
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]> {
    const generation = await this.#generation();
    if (generation !== this.#seen) {
      this.#manifests.clear();
      this.#seen = generation;
    }
    const key = keyOf(upstreamIds, repository, reference);
    const known = this.#manifests.get(key);
    if (known) return known;
    const writes = this.#writes;
    const found = await this.#inner.manifests(upstreamIds, repository, reference);
    const isSmall = found.every(({ payload }) => (payload?.length ?? 0) <= maxPayload);
    // What was read while something was written may be old already.
    const isCurrent = writes === this.#writes && generation === this.#seen;
    if (found.length > 0 && isSmall && isCurrent) this.#manifests.set(key, found);
    return found;
  }

  async #changing<T>(write: Promise<T>): Promise<T> {
    try {
      return await write;
    } finally {
      this.#writes++;
      this.#manifests.clear();
    }
  }

  storeManifest(manifest: FetchedManifest): Promise<void> {
    return this.#changing(this.#inner.storeManifest(manifest));
  }

  /** Seldom says anything new: what is remembered must not go each time. */
  async name(named: NamedObjects): Promise<boolean> {
    const hasNew = await this.#inner.name(named);
    if (hasNew) await this.#changing(Promise.resolve());
    return hasNew;
  }

  show(object: ShownObject): Promise<boolean> {
    return this.#changing(this.#inner.show(object));
  }

  confirm(entryId: number, now: number): Promise<void> {
    return this.#changing(this.#inner.confirm(entryId, now));
  }

  deleteEntry(entryId: number): Promise<void> {
    return this.#changing(this.#inner.deleteEntry(entryId));
  }

  entries(
    upstreamIds: readonly number[],
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]> {
    return this.#inner.entries(upstreamIds, repository, kind, reference);
  }

  storeBlob(blob: ShownObject, wasRecorded?: boolean): Promise<boolean> {
    return this.#inner.storeBlob(blob, wasRecorded);
  }

  keepBlob(blob: KeptBlob, wasRecorded?: boolean): Promise<boolean> {
    return this.#inner.keepBlob(blob, wasRecorded);
  }

  hasSeen(groupId: number, digest: Digest): Promise<boolean> {
    return this.#inner.hasSeen(groupId, digest);
  }

  blob(digest: Digest): Promise<StoredBlobRecord | undefined> {
    return this.#inner.blob(digest);
  }

  recorded(digest: Digest): Promise<Recorded> {
    return this.#inner.recorded(digest);
  }

  forgetBlob(digest: Digest): Promise<void> {
    return this.#inner.forgetBlob(digest);
  }

  async countDownloads(downloads: readonly Downloads[]): Promise<void> {
    await this.#inner.countDownloads(downloads);
    this.#writes++;
    // Entries that live by their last pull belong to a Dependency Proxy, and it has one upstream.
    for (const { upstreamId, repository, reference } of downloads) {
      this.#manifests.delete(keyOf([upstreamId], repository, reference));
    }
  }
}

/** A registry asks with the same list each time. */
const joined = new WeakMap<readonly number[], string>();

/** The key of what some upstreams have of a reference. */
export function keyOf(
  upstreamIds: readonly number[],
  repository: string,
  reference: string,
): string {
  let ids = joined.get(upstreamIds);
  if (ids === undefined) joined.set(upstreamIds, (ids = upstreamIds.join()));
  return `${ids} ${repository} ${reference}`;
}
