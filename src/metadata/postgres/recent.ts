import type { Clock } from "../../lib/clock.ts";
import { LruMap } from "../../lib/lru.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import {
  type Cache,
  type CacheEntry,
  type CachedManifest,
  type Downloads,
  type FetchedManifest,
  isDatabaseFailure,
  type NamedObjects,
  type ShownObject,
  type StoredBlobRecord,
} from "../contract.ts";
import { freshMs, outageMs, type SharedChanges } from "./changes.ts";

/** Together at most 32 MiB. */
const maxManifests = 1024;
const maxPayload = 32 << 10;
const maxOthers = 8192;

interface Kept<V> {
  value: V;
  at: number;
  /** How many writes of this server it has seen. */
  writes: number;
}

/**
 * Answers the questions of the hit path from memory, for a second: so long another server's changes may take to be felt.
 * Where the database does not answer, for 30 seconds.
 */
export class RecentCache implements Cache {
  readonly #manifests = new LruMap<string, Kept<CachedManifest[]>>(maxManifests);
  readonly #entries = new LruMap<string, Kept<CacheEntry[]>>(maxOthers);
  readonly #blobs = new LruMap<string, Kept<StoredBlobRecord | undefined>>(maxOthers);
  #generation = Number.NaN;
  #writes = 0;

  constructor(
    readonly inner: Cache,
    readonly changes: SharedChanges,
    readonly clock: Clock,
  ) {}

  manifests(
    upstreamIds: readonly number[],
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]> {
    return this.#recall(
      this.#manifests,
      `${upstreamIds.join()} ${repository} ${reference}`,
      () => this.inner.manifests(upstreamIds, repository, reference),
      (found) => found.length > 0 && found.every(isSmall),
    );
  }

  entries(
    upstreamIds: readonly number[],
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]> {
    return this.#recall(
      this.#entries,
      `${upstreamIds.join()} ${repository} ${kind} ${reference}`,
      () => this.inner.entries(upstreamIds, repository, kind, reference),
      (found) => found.length > 0,
    );
  }

  blob(digest: Digest): Promise<StoredBlobRecord | undefined> {
    const load = () => this.inner.blob(digest);
    return this.#recall(this.#blobs, digest, load, (found) => found !== undefined);
  }

  async #recall<V>(
    memory: LruMap<string, Kept<V>>,
    key: string,
    load: () => Promise<V>,
    isWorthKeeping: (value: V) => boolean,
  ): Promise<V> {
    const generation = await this.changes.generation();
    if (generation !== this.#generation) this.#forgetAll(generation);
    const known = memory.get(key);
    const at = this.clock.elapsed();
    const age = known ? at - known.at : Number.POSITIVE_INFINITY;
    const isBearable = age <= outageMs;
    if (known && age <= freshMs && known.writes === this.#writes) return known.value;
    if (known && isBearable && !this.changes.isAnswering) return known.value;
    const writes = this.#writes;
    try {
      const value = await load();
      // What was read while the generation rose may be older than it.
      if (generation === this.#generation && isWorthKeeping(value)) {
        memory.set(key, { value, at, writes });
      } else {
        memory.delete(key);
      }
      return value;
    } catch (error) {
      if (known && isBearable && isDatabaseFailure(error)) return known.value;
      throw error;
    }
  }

  #forgetAll(generation: number): void {
    this.#generation = generation;
    this.#manifests.clear();
    this.#entries.clear();
    this.#blobs.clear();
  }

  /** What this server writes it reads at once. A write that fails may have been made all the same. */
  async #writing<T>(write: Promise<T>): Promise<T> {
    try {
      return await write;
    } finally {
      this.#writes++;
    }
  }

  storeManifest(manifest: FetchedManifest): Promise<void> {
    return this.#writing(this.inner.storeManifest(manifest));
  }

  /** Seldom says anything new: what is remembered must not go each time. */
  async name(named: NamedObjects): Promise<boolean> {
    const hasNew = await this.inner.name(named);
    if (hasNew) this.#writes++;
    return hasNew;
  }

  storeBlob(blob: ShownObject): Promise<void> {
    return this.#writing(this.inner.storeBlob(blob));
  }

  show(object: ShownObject): Promise<void> {
    return this.#writing(this.inner.show(object));
  }

  confirm(entryId: number, now: number): Promise<void> {
    return this.#writing(this.inner.confirm(entryId, now));
  }

  deleteEntry(entryId: number): Promise<void> {
    return this.#writing(this.inner.deleteEntry(entryId));
  }

  hasSeen(groupId: number, digest: Digest): Promise<boolean> {
    return this.inner.hasSeen(groupId, digest);
  }

  forgetBlob(digest: Digest): Promise<void> {
    return this.#writing(this.inner.forgetBlob(digest));
  }

  countDownloads(downloads: readonly Downloads[]): Promise<void> {
    return this.#writing(this.inner.countDownloads(downloads));
  }
}

const isSmall = ({ payload }: CachedManifest) => (payload?.length ?? 0) <= maxPayload;
