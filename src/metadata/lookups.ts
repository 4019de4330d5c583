import { type Compilable, sql } from "kysely";
import type { ChildKind } from "../oci/manifest.ts";
import type { CacheEntry, CachedManifest } from "./contract.ts";
import { type Places, upstreamOfCache } from "./caches.ts";
import { Kept } from "./kept.ts";
import type { Db } from "./schema.ts";

/** A registry has seldom more upstreams; queries for longer lists are compiled each time. */
const maxKept = 32;

/** A query over a list of caches, kept for each length of the list. Its parameters are the list first, then `rest`. */
class Lookup<Row> {
  readonly #kept = new Map<number, Kept<Row>>();

  constructor(
    readonly db: Db,
    readonly build: (cacheIds: readonly number[]) => Compilable<Row>,
  ) {}

  async rows(cacheIds: readonly number[], rest: readonly string[]): Promise<Row[]> {
    if (cacheIds.length === 0) return [];
    const { rows } = await this.#of(cacheIds).run(this.db, [...cacheIds, ...rest]);
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

type EntryRow = NonNullable<Awaited<ReturnType<ReturnType<typeof entryQuery>["executeTakeFirst"]>>>;

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

/** The conditions stand in the order of the parameters: caches, repository, kind, reference. */
function entryQuery(db: Db, cacheIds: readonly number[]) {
  return db
    .selectFrom("cache_entries as e")
    .select(columns)
    .where("e.upstream_id", "in", cacheIds)
    .where("e.repository", "=", "")
    .where("e.kind", "=", "manifest")
    .where("e.reference", "=", "")
    .where("e.status", "=", sql.lit("default"));
}

/** The cache's questions of the hit path. */
export class Lookups {
  readonly #entries: Lookup<EntryRow>;
  readonly #manifests: Lookup<EntryRow & { payload: Uint8Array | null }>;

  constructor(db: Db) {
    this.#entries = new Lookup(db, (cacheIds) => entryQuery(db, cacheIds));
    this.#manifests = new Lookup(db, (cacheIds) =>
      // As a sub-query: SQLite takes three times as long for the same as a left join.
      entryQuery(db, cacheIds).select((eb) =>
        eb
          .selectFrom("manifests as m")
          .select("m.payload")
          .whereRef("m.digest", "=", "e.digest")
          .as("payload"),
      ),
    );
  }

  async entries(
    places: Places,
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]> {
    const found = await this.#entries.rows(places.ids, [repository, kind, reference]);
    const rows = places.doubted.size === 0 ? found : withDoubts(found, places);
    return rows.map((row) => entryOf(row, repository, kind, reference));
  }

  async manifests(
    places: Places,
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]> {
    const found = await this.#manifests.rows(places.ids, [repository, "manifest", reference]);
    const rows = places.doubted.size === 0 ? found : withDoubts(found, places);
    return rows.map((row) =>
      Object.assign(entryOf(row, repository, "manifest", reference), {
        payload: row.payload ?? undefined,
      }),
    );
  }
}

/** What a doubted cache has is no more than named, and counts where the upstream's own has nothing; of several the newest. */
function withDoubts<Row extends EntryRow>(rows: readonly Row[], { doubted }: Places): Row[] {
  const newestFirst = rows.toSorted((a, b) => b.upstream_id - a.upstream_id);
  const byUpstream = new Map<number, Row>();
  for (const row of newestFirst) {
    const upstreamId = upstreamOfCache(row.upstream_id);
    if (byUpstream.has(upstreamId)) continue;
    const isDoubted = doubted.has(row.upstream_id);
    byUpstream.set(
      upstreamId,
      isDoubted ? { ...row, proof: "named", upstream_checked_at: 0 } : row,
    );
  }
  return [...byUpstream.values()];
}

/** What a row tells of the entry that is had by these. */
export function entryOf(
  row: EntryRow,
  repository: string,
  kind: ChildKind,
  reference: string,
): CacheEntry {
  return {
    id: row.id,
    upstreamId: upstreamOfCache(row.upstream_id),
    repository,
    kind,
    reference,
    digest: row.digest,
    proof: row.proof,
    etag: row.upstream_etag ?? undefined,
    contentType: row.content_type,
    size: row.size,
    checkedAt: row.upstream_checked_at,
    downloadedAt: row.downloaded_at,
  };
}
