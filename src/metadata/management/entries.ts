import type { Selectable, Transaction } from "kysely";
import { cacheIdFor, isCacheOf } from "../caches.ts";
import { entryOf } from "../lookups.ts";
import type { CacheEntriesTable, Db, Schema } from "../schema.ts";
import { lastId } from "../search/buckets.ts";
import { countedBuckets, EntrySearch, seen } from "../search/entry-search.ts";
import { requireUnchanged } from "../tags.ts";
import { lockUpstream } from "../turns.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import { RepositoryContents } from "../search/contents.ts";
import type {
  Condition,
  EntryPlace,
  EntryRecord,
  ManagedEntries,
  Ordered,
  Page,
  PageOptions,
  PresentEntry,
  Removal,
  RepositoryOptions,
  RepositoryRecord,
} from "./contract.ts";
import { factOf } from "./facts.ts";
import { always, type Writer } from "./writer.ts";

interface Place {
  cacheId: number;
  offset: number;
  limit: number;
}

/** What can be seen of upstreams: entries that are only named are no more than a hint for pulls. */
export class SqlEntries implements ManagedEntries {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
    readonly search = new EntrySearch(db),
    readonly contents = new RepositoryContents(db),
  ) {}

  async repositories(
    upstreamId: number,
    options: RepositoryOptions,
  ): Promise<Page<RepositoryRecord>> {
    return this.contents.repositories.list(await cacheIdFor(this.db, upstreamId), options);
  }

  async ofRepository(
    place: EntryPlace,
    { words, page, perPage, isDescending }: PageOptions & Ordered,
  ): Promise<Page<EntryRecord>> {
    const own = await this.#filed(place);
    const wanted = { ...own, words, isDescending, offset: (page - 1) * perPage, limit: perPage };
    const { ids, total } = await this.contents.entries.find(wanted);
    const items = new Map((await this.#ofIds(ids)).map((entry) => [entry.id, entry]));
    return { items: ids.flatMap((id) => items.get(id) ?? []), total };
  }

  async present(
    place: { upstreamId: number; repository: string; kind: ChildKind },
    references: readonly string[],
  ): Promise<Map<string, PresentEntry>> {
    return this.contents.present(await this.#filed(place), references);
  }

  async tagsOf(place: EntryPlace & { digest: Digest }, most: number): Promise<string[]> {
    return this.contents.tagsOf(await this.#filed(place), most);
  }

  payload(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined> {
    return this.contents.payload(digest, maxBytes);
  }

  /** The place as it is filed: under the cache that the upstream has. */
  async #filed<P extends { upstreamId: number }>({ upstreamId, ...place }: P) {
    return { ...place, cacheId: await cacheIdFor(this.db, upstreamId) };
  }

  async list(upstreamId: number, options: PageOptions): Promise<Page<EntryRecord>> {
    const { words, page, perPage } = options;
    const cacheId = await cacheIdFor(this.db, upstreamId);
    const wanted = { cacheId, words, offset: (page - 1) * perPage, limit: perPage };
    if (words.length === 0) return this.#page(wanted);
    const { ids, total } = await this.search.find(wanted);
    return { items: await this.#ofIds(ids), total };
  }

  /** By what is counted: however far the page is, no more than one run of ids is passed over. */
  async #page({ cacheId, offset, limit }: Place): Promise<Page<EntryRecord>> {
    const counted = await countedBuckets(this.db, cacheId);
    const total = counted.reduce((sum, { entries }) => sum + entries, 0);
    let before = 0;
    const first = counted.find(({ entries }) => (before += entries) > offset);
    if (!first) return { items: [], total };
    const rows = await seen(this.db)
      .selectAll()
      .where("e.upstream_id", "=", cacheId)
      .where("e.id", "<=", lastId(first.bucket))
      .orderBy("e.id", "desc")
      .limit(limit)
      .offset(offset - (before - first.entries))
      .execute();
    return { items: rows.map(recordOf), total };
  }

  async #ofIds(ids: readonly number[]): Promise<EntryRecord[]> {
    if (ids.length === 0) return [];
    const rows = await seen(this.db).selectAll().where("e.id", "in", ids).execute();
    return rows.map(recordOf).sort((a, b) => b.id - a.id);
  }

  get(id: number): Promise<EntryRecord | undefined> {
    return entryRecord(this.db, id);
  }

  async newestManifest(upstreamId: number): Promise<EntryRecord | undefined> {
    const row = await seen(this.db)
      .selectAll()
      .where("e.upstream_id", "=", await cacheIdFor(this.db, upstreamId))
      .where("e.kind", "=", "manifest")
      .orderBy("e.id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && recordOf(row);
  }

  async remove(id: number, condition: Condition): Promise<Removal> {
    const entry = await this.get(id);
    if (!entry) return "absent";
    return this.writer.remove("cache_entries", id, condition, async ({ tx, note }) => {
      const { groupId, relativePath: name, upstreamId, digest } = entry;
      await lockUpstream(tx, upstreamId);
      const present = await heldRecord(tx, id);
      if (present) requireUnchanged(condition, present);
      const details = { upstream_id: upstreamId, digest };
      await note(factOf("cache_entry", "delete", { id, groupId, name }, details));
      await tx.deleteFrom("cache_entries").where("id", "=", id).execute();
    });
  }

  async pin(id: number, condition = always): Promise<EntryRecord | undefined> {
    if (!(await this.get(id))) return undefined;
    return this.writer.withRow("cache_entries", id, async ({ tx, note }) => {
      // Its upstream may have another cache by now: what nobody sees is not pinned.
      const present = await heldRecord(tx, id);
      if (!present) return undefined;
      requireUnchanged(condition, present);
      await tx.updateTable("cache_entries").set({ pinned: 1 }).where("id", "=", id).execute();
      const pinned = await entryRecord(tx, id);
      if (!pinned) return undefined;
      await note(pinFact("pin", pinned));
      return pinned;
    });
  }

  async unpin(id: number, condition: Condition): Promise<Removal> {
    const entry = await this.get(id);
    if (!entry) return "absent";
    return this.writer.remove("cache_entries", id, condition, async ({ tx, note }) => {
      const present = await heldRecord(tx, id);
      if (present) requireUnchanged(condition, present);
      await note(pinFact("unpin", entry));
      await tx.updateTable("cache_entries").set({ pinned: 0 }).where("id", "=", id).execute();
    });
  }
}

/** Of an entry that is pinned, or not any more. */
function pinFact(
  verb: "pin" | "unpin",
  { id, groupId, relativePath: name, upstreamId }: EntryRecord,
) {
  return factOf("cache_entry", verb, { id, groupId, name }, { upstream_id: upstreamId });
}

async function entryRecord(db: Db, id: number): Promise<EntryRecord | undefined> {
  const row = await rowOf(db, id).executeTakeFirst();
  return row && recordOf(row);
}

/** The same, as it stays for as long as the transaction goes on: no pull moves it meanwhile. */
async function heldRecord(tx: Transaction<Schema>, id: number): Promise<EntryRecord | undefined> {
  const row = await rowOf(tx, id).forUpdate("e").executeTakeFirst();
  return row && recordOf(row);
}

const rowOf = (db: Db, id: number) =>
  seen(db)
    .innerJoin("upstreams as u", (join) => join.on(isCacheOf("e.upstream_id", "u")))
    .selectAll("e")
    .where("e.id", "=", id)
    .where("u.kind", "=", "registry");

type Row = Selectable<CacheEntriesTable>;

function recordOf(row: Row): EntryRecord {
  return {
    ...entryOf(row, row.repository, row.kind, row.reference),
    groupId: row.group_id,
    relativePath: row.relative_path,
    downloads: row.downloads_count,
    pinned: row.pinned === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
