import type { Clock } from "../../lib/clock.ts";
import { LruMap } from "../../lib/lru.ts";
import { SingleFlight } from "../../lib/single-flight.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import {
  type Cache,
  type CacheEntry,
  type CachedManifest,
  type Downloads,
  type FetchedManifest,
  isDatabaseFailure,
  type KeptBlob,
  type NamedObjects,
  type ShownObject,
  type Recorded,
  type StoredBlobRecord,
} from "../contract.ts";
import { keyOf } from "../remembered.ts";
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

/** The answers to one kind of question. */
class Memory<V> {
  readonly kept: LruMap<string, Kept<V>>;
  /** Who asks for the same at the same time goes on at the same time, and so does as one what is left to do. */
  readonly flights = new SingleFlight<V>();

  constructor(capacity: number) {
    this.kept = new LruMap(capacity);
  }
}

/**
 * Answers the questions of the hit path from memory, for a second: so long another server's changes may take to be felt.
 * Where the database does not answer, for 30 seconds.
 */
export class RecentCache implements Cache {
  readonly #manifests = new Memory<CachedManifest[]>(maxManifests);
  readonly #entries = new Memory<CacheEntry[]>(maxOthers);
  readonly #blobs = new Memory<StoredBlobRecord | undefined>(maxOthers);
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
      keyOf(upstreamIds, repository, reference),
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
      keyOf(upstreamIds, repository, kind === "blob" ? reference : `${kind} ${reference}`),
      () => this.inner.entries(upstreamIds, repository, kind, reference),
      (found) => found.length > 0,
    );
  }

  blob(digest: Digest): Promise<StoredBlobRecord | undefined> {
    const load = () => this.inner.blob(digest);
    return this.#recall(this.#blobs, digest, load, (found) => found !== undefined);
  }

  async #recall<V>(
    { kept, flights }: Memory<V>,
    key: string,
    load: () => Promise<V>,
    isWorthKeeping: (value: V) => boolean,
  ): Promise<V> {
    const generation = await this.changes.generation();
    if (generation !== this.#generation) this.#forgetAll(generation);
    const known = kept.get(key);
    const at = this.clock.elapsed();
    const age = known ? at - known.at : Number.POSITIVE_INFINITY;
    const isBearable = age <= outageMs;
    if (known && age <= freshMs && known.writes === this.#writes) return known.value;
    if (known && isBearable && !this.changes.isAnswering) return known.value;
    const writes = this.#writes;
    try {
      // What is asked after a write is no answer from before it, nor is what is given after it.
      return await flights.do(`${generation} ${writes} ${key}`, async () => {
        let value = await load();
        if (writes !== this.#writes) value = await load();
        if (generation !== this.#generation || !isWorthKeeping(value)) kept.delete(key);
        else kept.set(key, { value, at, writes });
        return value;
      });
    } catch (error) {
      if (known && isBearable && isDatabaseFailure(error)) return known.value;
      throw error;
    }
  }

  #forgetAll(generation: number): void {
    this.#generation = generation;
    for (const { kept } of [this.#manifests, this.#entries, this.#blobs]) kept.clear();
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

  storeBlob(blob: ShownObject, wasRecorded?: boolean): Promise<boolean> {
    return this.#writing(this.inner.storeBlob(blob, wasRecorded));
  }

  keepBlob(blob: KeptBlob, wasRecorded?: boolean): Promise<boolean> {
    return this.#writing(this.inner.keepBlob(blob, wasRecorded));
  }

  show(object: ShownObject): Promise<boolean> {
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

  recorded(digest: Digest): Promise<Recorded> {
    return this.inner.recorded(digest);
  }

  forgetBlob(digest: Digest): Promise<void> {
    return this.#writing(this.inner.forgetBlob(digest));
  }

  countDownloads(downloads: readonly Downloads[]): Promise<void> {
    return this.#writing(this.inner.countDownloads(downloads));
  }
}

const isSmall = ({ payload }: CachedManifest) => (payload?.length ?? 0) <= maxPayload;
