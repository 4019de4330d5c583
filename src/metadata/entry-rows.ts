import { type Compilable, type ExpressionBuilder, sql } from "kysely";
import type { ChildKind } from "../oci/manifest.ts";
import { Kept } from "./kept.ts";
import type { CacheEntriesTable, Db, Schema } from "./schema.ts";

/** A registry has seldom more upstreams; queries for longer lists are compiled each time. */
const maxKept = 32;

/** A query for entries of some caches, kept for each number of caches. */
export class EntryQuery<Row> {
  readonly #kept = new Map<number, Kept<Row>>();

  constructor(
    readonly db: Db,
    readonly build: (cacheIds: readonly number[]) => Compilable<Row>,
  ) {}

  /** By its parameters, in the order that its text wants them in. */
  async rows(cacheIds: readonly number[], parameters: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.#of(cacheIds).run(this.db, parameters);
    return rows;
  }

  #of(cacheIds: readonly number[]): Kept<Row> {
    const { length } = cacheIds;
    const kept = this.#kept.get(length);
    if (kept) return kept;
    const query = new Kept(this.build(cacheIds));
    if (length <= maxKept) this.#kept.set(length, query);
    return query;
  }
}

export type EntryRow = NonNullable<
  Awaited<ReturnType<ReturnType<typeof presentEntries>["executeTakeFirst"]>>
>;
export type ManifestRow = EntryRow & { payload: Uint8Array | null };

/** What an entry is looked up by, beside its cache. */
export interface EntryName {
  repository: string;
  kind: ChildKind;
  reference: string;
}

/** The entries of this name that some caches have, at least one of them given. */
export type FindRows<Row> = (cacheIds: readonly number[], name: EntryName) => Promise<Row[]>;

/** How an engine looks entries up. */
export interface EntryRows {
  entries: FindRows<EntryRow>;
  manifests: FindRows<ManifestRow>;
}

const columns = [
  "e.id",
  "e.upstream_id",
  "e.digest",
  "e.proof",
  "e.upstream_etag",
  "e.content_type",
  "e.size",
  "e.upstream_checked_at",
  "e.downloaded_at",
] as const;

/** The entries that can be had, with what a look-up tells of them. */
export const presentEntries = (db: Db) =>
  db.selectFrom("cache_entries as e").select(columns).where("e.status", "=", sql.lit("default"));

/** The payload that an entry of a manifest stands for. As a sub-query: SQLite takes three times as long for the same as a left join. */
export const payloadOf = (eb: ExpressionBuilder<Schema & { e: CacheEntriesTable }, "e">) =>
  eb.selectFrom("manifests as m").select("m.payload").whereRef("m.digest", "=", "e.digest");

/** By the key of entries, of each cache. */
export function rowsByKey(db: Db): EntryRows {
  return {
    entries: findByKey(new EntryQuery(db, (cacheIds) => byKey(db, cacheIds))),
    manifests: findByKey(
      new EntryQuery(db, (cacheIds) =>
        byKey(db, cacheIds).select((eb) => payloadOf(eb).as("payload")),
      ),
    ),
  };
}

const findByKey =
  <Row>(query: EntryQuery<Row>): FindRows<Row> =>
  (cacheIds, { repository, kind, reference }) =>
    query.rows(cacheIds, [...cacheIds, repository, kind, reference]);

function byKey(db: Db, cacheIds: readonly number[]) {
  return presentEntries(db)
    .where("e.upstream_id", "in", cacheIds)
    .where("e.repository", "=", "")
    .where("e.kind", "=", "manifest")
    .where("e.reference", "=", "");
}
