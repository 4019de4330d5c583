import { type Selectable, sql } from "kysely";
import type { CacheEntriesTable, Db } from "../schema.ts";
import type {
  Condition,
  EntryRecord,
  ManagedEntries,
  Page,
  PageOptions,
  Removal,
} from "./contract.ts";
import { factOf } from "./facts.ts";
import type { Writer } from "./writer.ts";

export class SqlEntries implements ManagedEntries {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  async list(
    upstreamId: number,
    { words, page, perPage }: PageOptions,
  ): Promise<Page<EntryRecord>> {
    let query = shown(this.db).where("e.upstream_id", "=", upstreamId);
    for (const word of words) {
      const pattern = `%${word.toLowerCase().replace(/[\\%_]/g, String.raw`\$&`)}%`;
      query = query.where(sql<boolean>`lower(e.relative_path) like ${pattern} escape '\\'`);
    }
    const { total } = await query
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    const rows = await query
      .selectAll()
      .orderBy("e.id", "desc")
      .limit(perPage)
      .offset((page - 1) * perPage)
      .execute();
    return { items: rows.map(entryOf), total };
  }

  async get(id: number): Promise<EntryRecord | undefined> {
    const row = await shown(this.db)
      .innerJoin("upstreams as u", "u.id", "e.upstream_id")
      .selectAll("e")
      .where("e.id", "=", id)
      .where("u.kind", "=", "registry")
      .executeTakeFirst();
    return row && entryOf(row);
  }

  async newestManifest(upstreamId: number): Promise<EntryRecord | undefined> {
    const row = await shown(this.db)
      .selectAll()
      .where("e.upstream_id", "=", upstreamId)
      .where("e.kind", "=", "manifest")
      .orderBy("e.id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && entryOf(row);
  }

  async remove(id: number, condition: Condition): Promise<Removal> {
    const entry = await this.get(id);
    if (!entry) return "absent";
    return this.writer.remove("cache_entries", id, condition, async ({ tx, note }) => {
      const { groupId, relativePath: name, upstreamId, digest } = entry;
      const details = { upstream_id: upstreamId, digest };
      await note(factOf("cache_entry", "delete", { id, groupId, name }, details));
      await tx.deleteFrom("cache_entries").where("id", "=", id).execute();
    });
  }

  async pin(id: number): Promise<EntryRecord | undefined> {
    if (!(await this.get(id))) return undefined;
    return this.writer.withRow("cache_entries", id, async ({ tx, note }) => {
      await tx.updateTable("cache_entries").set({ pinned: 1 }).where("id", "=", id).execute();
      const row = await shown(tx).selectAll().where("e.id", "=", id).executeTakeFirst();
      if (!row) return undefined;
      const pinned = entryOf(row);
      await note(pinFact("pin", pinned));
      return pinned;
    });
  }

  async unpin(id: number, condition: Condition): Promise<Removal> {
    const entry = await this.get(id);
    if (!entry) return "absent";
    return this.writer.remove("cache_entries", id, condition, async ({ tx, note }) => {
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

/** Named entries are no more than a hint for pulls. In words that SQLite finds in its index, which it would not for parameters. */
function shown(db: Db) {
  return db
    .selectFrom("cache_entries as e")
    .where("e.proof", "=", sql.lit("shown"))
    .where("e.status", "=", sql.lit("default"));
}

type Row = Selectable<CacheEntriesTable>;

function entryOf(row: Row): EntryRecord {
  return {
    id: row.id,
    groupId: row.group_id,
    upstreamId: row.upstream_id,
    repository: row.repository,
    kind: row.kind,
    reference: row.reference,
    relativePath: row.relative_path,
    digest: row.digest,
    proof: row.proof,
    etag: row.upstream_etag ?? undefined,
    contentType: row.content_type,
    size: row.size,
    checkedAt: row.upstream_checked_at,
    downloadedAt: row.downloaded_at,
    downloads: row.downloads_count,
    pinned: row.pinned === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
