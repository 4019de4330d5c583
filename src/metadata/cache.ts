import type { Transaction } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { ChildKind } from "../oci/manifest.ts";
import { isLive, keepForAWhile, lockBlob, saveBlob } from "./blob-records.ts";
import { cacheOf, CachePlaces, doubtedCaches, isSomebodys, upstreamOfCache } from "./caches.ts";
import type { Changes } from "./changes.ts";
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
import { bringOverSome } from "./doubts.ts";
import { DownloadCounts } from "./downloads.ts";
import { Lookups } from "./lookups.ts";
import { nameChildren, nameObjects, storeContent, storeNew } from "./manifests.ts";
import type { Db, Schema } from "./schema.ts";
import { saveShown } from "./shown.ts";
import type { SharedTime } from "./time.ts";
import { inTransaction } from "./transactions.ts";
import { lockContents, shareUpstream } from "./turns.ts";
import { useAll } from "./uses.ts";

type Tx = Transaction<Schema>;

/** Cache entries and what is known of stored content, on any engine. */
export class SqlCache implements Cache {
  readonly #lookups: Lookups;
  readonly #places: CachePlaces;
  readonly #downloads: DownloadCounts;

  constructor(
    readonly db: Db,
    changes: Changes,
    readonly time: SharedTime,
  ) {
    this.#lookups = new Lookups(db);
    this.#places = new CachePlaces(db, changes);
    this.#downloads = new DownloadCounts(db);
  }

  async entries(
    upstreamIds: readonly number[],
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]> {
    const places = await this.#places.of(upstreamIds);
    return this.#lookups.entries(places, repository, kind, reference);
  }

  async manifests(
    upstreamIds: readonly number[],
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]> {
    const places = await this.#places.of(upstreamIds);
    return this.#lookups.manifests(places, repository, reference);
  }

  storeManifest(fetched: FetchedManifest): Promise<void> {
    const { digest, tag, mediaType, payload } = fetched;
    const kind: ChildKind = "manifest";
    return this.#publish(fetched, async (tx, manifest, doubted) => {
      const shown = { ...manifest, kind, contentType: mediaType, size: payload.length } as const;
      const own = [digest, ...(tag === undefined ? [] : [tag])];
      if (tag !== undefined) await storeNew(tx, manifest);
      await bringOverSome(tx, doubted, manifest, [
        ...own.map((reference) => ({ kind, reference })),
        ...manifest.children.map((child) => ({ kind: child.kind, reference: child.digest })),
      ]);
      // The tag first: two that move it lock what it stands for and stood for one after the other.
      if (tag !== undefined) await saveShown(tx, { ...shown, reference: tag });
      await storeContent(tx, manifest);
      await saveShown(tx, { ...shown, reference: digest });
      await nameChildren(tx, manifest);
      const { upstreamId: cacheId, repository } = manifest;
      await useAll(tx, { cacheId, repository, digest }, manifest.now);
    });
  }

  async name(named: NamedObjects): Promise<boolean> {
    let hasNew = false;
    await this.#publish(named, async (tx, filed) => {
      hasNew = await nameObjects(tx, filed);
    });
    return hasNew;
  }

  async storeBlob(blob: ShownObject, wasRecorded = false): Promise<boolean> {
    let isStored = true;
    await this.#publish(blob, async (tx, filed, doubted) => {
      isStored = await saveBlob(tx, this.time, blob, wasRecorded);
      if (!isStored) return;
      await bringOverSome(tx, doubted, filed, [filed]);
      await saveShown(tx, filed);
    });
    return isStored;
  }

  keepBlob(blob: KeptBlob, wasRecorded = false): Promise<boolean> {
    return inTransaction(this.db, async (tx) => {
      const isStored = await saveBlob(tx, this.time, blob, wasRecorded);
      if (isStored) await keepForAWhile(tx, blob, await this.time(tx));
      return isStored;
    });
  }

  async show(object: ShownObject): Promise<boolean> {
    let isStored = true;
    await this.#publish(object, async (tx, filed, doubted) => {
      isStored = object.kind === "manifest" || (await lockBlob(tx, object.digest));
      if (!isStored) return;
      await bringOverSome(tx, doubted, filed, [filed]);
      await saveShown(tx, filed);
    });
    return isStored;
  }

  async confirm(entryId: number, now: number): Promise<void> {
    await this.db
      .updateTable("cache_entries")
      .set({ upstream_checked_at: now, updated_at: now })
      .where("id", "=", entryId)
      .where("proof", "=", "shown")
      .where("upstream_checked_at", "<", now)
      .execute();
  }

  async deleteEntry(entryId: number): Promise<void> {
    await inTransaction(this.db, async (tx) => {
      const entry = await tx
        .selectFrom("cache_entries")
        .select(["upstream_id as cacheId", "kind", "reference", "digest"])
        .where("id", "=", entryId)
        .executeTakeFirst();
      if (!entry) return;
      await shareUpstream(tx, upstreamOfCache(entry.cacheId));
      // As who stores the same has it: a tag's content comes after it, other content before.
      if (entry.reference === entry.digest) await lockContents(tx, [entry]);
      await tx
        .deleteFrom("cache_entries")
        .where("id", "=", entryId)
        .where("pinned", "=", 0)
        .execute();
    });
  }

  async hasSeen(groupId: number, digest: Digest): Promise<boolean> {
    const row = await this.db
      .selectFrom("cache_entries")
      .select("id")
      .where("digest", "=", digest)
      .where("group_id", "=", groupId)
      // One that is removed, or has another URL, leaves its entries behind for a while.
      .where(isSomebodys("cache_entries.upstream_id", groupId))
      // Other credentials set shown back to named; that it was shown once is still seen by its etag, which nothing else
      // sets. A count of downloads says less: it is made before the bytes have been verified.
      .where((eb) => eb.or([eb("proof", "=", "shown"), eb("upstream_etag", "is not", null)]))
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  async blob(digest: Digest): Promise<StoredBlobRecord | undefined> {
    return this.db
      .selectFrom("blobs")
      .select(["size", "stored_at as storedAt", "verified_at as verifiedAt"])
      .where("digest", "=", digest)
      .where("removing_at", "is", null)
      .executeTakeFirst();
  }

  async recorded(digest: Digest): Promise<Recorded> {
    const row = await this.db
      .selectFrom("blobs")
      .select("removing_at as at")
      .where("digest", "=", digest)
      .executeTakeFirst();
    if (!row) return "no";
    if (row.at === null) return "yes";
    return (await isLive(this.db, this.time, row.at)) ? "leaving" : "doubtful";
  }

  async forgetBlob(digest: Digest): Promise<void> {
    await this.db.deleteFrom("blobs").where("digest", "=", digest).execute();
  }

  countDownloads(downloads: readonly Downloads[]): Promise<void> {
    return this.#downloads.add(downloads);
  }

  /**
   * One transaction, in which the upstream is still the one that was asked; else nothing is written. What is written is filed
   * under its cache; `doubted` are the caches that may have more of the same.
   */
  async #publish<T extends FetchedManifest | NamedObjects | ShownObject>(
    object: T,
    write: (tx: Tx, filed: T, doubted: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const { upstreamId, upstreamVersion, groupId } = object;
    await inTransaction(this.db, async (tx) => {
      await shareUpstream(tx, upstreamId);
      const present = await tx
        .selectFrom("upstreams")
        .select(["id", "cache_epoch", "doubted_epoch"])
        .where("id", "=", upstreamId)
        .where("group_id", "=", groupId)
        .where("version", "=", upstreamVersion)
        // Whoever is about to change it waits for this, or this for him.
        .forShare()
        .executeTakeFirst();
      if (!present) return;
      await write(tx, { ...object, upstreamId: cacheOf(present) }, doubtedCaches(present));
    });
  }
}
