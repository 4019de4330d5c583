import { sql } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { ChildKind } from "../oci/manifest.ts";
import { BlobRecords, keepForAWhile, lockBlob } from "./blob-records.ts";
import { CachePlaces, isSomebodys, upstreamOfCache } from "./caches.ts";
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
import type { EntryRows } from "./entry-rows.ts";
import { Kept, someDigest } from "./kept.ts";
import { Lookups } from "./lookups.ts";
import { ManifestRecords, nameObjects } from "./manifests.ts";
import { Publishing } from "./publishing.ts";
import type { Db } from "./schema.ts";
import { ShownEntries } from "./shown.ts";
import type { SharedTime } from "./time.ts";
import { inTransaction } from "./transactions.ts";
import { lockContents, shareUpstream } from "./turns.ts";
import { Uses } from "./uses.ts";

/** Cache entries and what is known of stored content, on any engine. */
export class SqlCache implements Cache {
  readonly #lookups: Lookups;
  readonly #places: CachePlaces;
  readonly #downloads: DownloadCounts;
  readonly #publishing: Publishing;
  readonly #manifests: ManifestRecords;
  readonly #blobs: BlobRecords;
  readonly #shown: ShownEntries;
  readonly #uses: Uses;
  readonly #seen: Kept<{ id: number }>;

  constructor(
    readonly db: Db,
    changes: Changes,
    readonly time: SharedTime,
    rows: EntryRows,
  ) {
    this.#lookups = new Lookups(rows);
    this.#places = new CachePlaces(db, changes);
    this.#uses = new Uses(db);
    this.#downloads = new DownloadCounts(db, this.#uses);
    this.#publishing = new Publishing(db);
    this.#manifests = new ManifestRecords(db);
    this.#blobs = new BlobRecords(db, time);
    this.#shown = new ShownEntries(db);
    this.#seen = new Kept(seenQuery(db));
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

  async storeManifest(fetched: FetchedManifest): Promise<void> {
    const { digest, tag, mediaType, payload } = fetched;
    const kind: ChildKind = "manifest";
    const used = await this.#publishing.run(fetched, async (tx, manifest, doubted) => {
      const shown = { ...manifest, kind, contentType: mediaType, size: payload.length } as const;
      const own = [digest, ...(tag === undefined ? [] : [tag])];
      const isAdded = tag !== undefined && (await this.#manifests.add(tx, manifest));
      await bringOverSome(tx, doubted, manifest, [
        ...own.map((reference) => ({ kind, reference })),
        ...manifest.children.map((child) => ({ kind: child.kind, reference: child.digest })),
      ]);
      // The tag first: two that move it lock what it stands for and stood for one after the other.
      if (tag !== undefined) await this.#shown.save(tx, { ...shown, reference: tag }, false);
      await this.#manifests.store(tx, manifest, isAdded);
      // Without a tag it was mostly named by an index.
      await this.#shown.save(tx, { ...shown, reference: digest }, tag === undefined);
      const named = await this.#manifests.nameChildren(tx, manifest);
      const { upstreamId: cacheId, repository, now: at } = manifest;
      const pulled = { cacheId, repository, digest, at };
      if (!leadsNoFurther(manifest, named)) await this.#uses.note(tx, pulled, at);
      return pulled;
    });
    if (used) this.#downloads.noted(used);
  }

  async name(named: NamedObjects): Promise<boolean> {
    return (await this.#publishing.run(named, nameObjects)) ?? false;
  }

  async storeBlob(blob: ShownObject, wasRecorded = false): Promise<boolean> {
    const isStored = await this.#publishing.run(blob, async (tx, filed, doubted) => {
      if (!(await this.#blobs.save(tx, blob, wasRecorded))) return false;
      await bringOverSome(tx, doubted, filed, [filed]);
      await this.#shown.save(tx, filed, true);
      return true;
    });
    return isStored ?? true;
  }

  keepBlob(blob: KeptBlob, wasRecorded = false): Promise<boolean> {
    return inTransaction(this.db, async (tx) => {
      const isStored = await this.#blobs.save(tx, blob, wasRecorded);
      if (isStored) await keepForAWhile(tx, blob, await this.time(tx));
      return isStored;
    });
  }

  async show(object: ShownObject): Promise<boolean> {
    const isStored = await this.#publishing.run(object, async (tx, filed, doubted) => {
      if (object.kind === "blob" && !(await lockBlob(tx, object.digest))) return false;
      await bringOverSome(tx, doubted, filed, [filed]);
      await this.#shown.save(tx, filed, true);
      return true;
    });
    return isStored ?? true;
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
    const { rows } = await this.#seen.run(this.db, [digest, groupId, groupId]);
    return rows.length > 0;
  }

  async blob(digest: Digest): Promise<StoredBlobRecord | undefined> {
    return this.db
      .selectFrom("blobs")
      .select(["size", "stored_at as storedAt", "verified_at as verifiedAt"])
      .where("digest", "=", digest)
      .where("removing_at", "is", null)
      .executeTakeFirst();
  }

  recorded(digest: Digest): Promise<Recorded> {
    return this.#blobs.recorded(digest);
  }

  async forgetBlob(digest: Digest): Promise<void> {
    await this.db.deleteFrom("blobs").where("digest", "=", digest).execute();
  }

  countDownloads(downloads: readonly Downloads[]): Promise<void> {
    return this.#downloads.add(downloads);
  }
}

/** Whether all that this manifest leads to is blobs that it has just named for the first time. */
function leadsNoFurther({ children }: FetchedManifest, named: number): boolean {
  return named === children.length && children.every(({ kind }) => kind === "blob");
}

function seenQuery(db: Db) {
  return (
    db
      .selectFrom("cache_entries")
      .select("id")
      .where("digest", "=", someDigest)
      .where("group_id", "=", 0)
      // One that is removed, or has another URL, leaves its entries behind for a while.
      .where(isSomebodys("cache_entries.upstream_id", 0))
      // Other credentials set shown back to named; that it was shown once is still seen by its etag, which nothing else
      // sets. A count of downloads says less: it is made before the bytes have been verified.
      .where((eb) =>
        eb.or([eb("proof", "=", sql.lit("shown")), eb("upstream_etag", "is not", null)]),
      )
      .limit(sql.lit(1))
  );
}
