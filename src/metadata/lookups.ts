import { type Compilable, type CompiledQuery, sql } from "kysely";
import type { ChildKind } from "../oci/manifest.ts";
import type { CacheEntry, CachedManifest } from "./contract.ts";
import type { Db } from "./schema.ts";

/** A registry has seldom more upstreams; queries for longer lists are compiled each time. */
const maxKept = 32;

/**
 * A query over a list of upstreams that is compiled once for each length of the list: compiling takes ten times as
 * long as running it. Its parameters are the list first, then `rest`.
 */
class Lookup<Row> {
  readonly #kept = new Map<number, CompiledQuery<Row>>();

  constructor(
    readonly db: Db,
    readonly build: (upstreamIds: readonly number[]) => Compilable<Row>,
  ) {}

  async rows(upstreamIds: readonly number[], rest: readonly string[]): Promise<Row[]> {
    if (upstreamIds.length === 0) return [];
    const compiled = this.#compiled(upstreamIds);
    const parameters = [...upstreamIds, ...rest];
    const { rows } = await this.db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  }

  #compiled(upstreamIds: readonly number[]): CompiledQuery<Row> {
    const { length } = upstreamIds;
    const kept = this.#kept.get(length);
    if (kept) return kept;
    const compiled = this.build(upstreamIds).compile();
    if (length <= maxKept) this.#kept.set(length, compiled);
    return compiled;
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

/** The conditions stand in the order of the parameters: upstreams, repository, kind, reference. */
function entryQuery(db: Db, upstreamIds: readonly number[]) {
  return db
    .selectFrom("cache_entries as e")
    .select(columns)
    .where("e.upstream_id", "in", upstreamIds)
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
    this.#entries = new Lookup(db, (upstreamIds) => entryQuery(db, upstreamIds));
    this.#manifests = new Lookup(db, (upstreamIds) =>
      // As a sub-query: SQLite takes three times as long for the same as a left join.
      entryQuery(db, upstreamIds).select((eb) =>
        eb
          .selectFrom("manifests as m")
          .select("m.payload")
          .whereRef("m.digest", "=", "e.digest")
          .as("payload"),
      ),
    );
  }

  async entries(
    upstreamIds: readonly number[],
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]> {
    const rows = await this.#entries.rows(upstreamIds, [repository, kind, reference]);
    return rows.map((row) => entryOf(row, repository, kind, reference));
  }

  async manifests(
    upstreamIds: readonly number[],
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]> {
    const rows = await this.#manifests.rows(upstreamIds, [repository, "manifest", reference]);
    return rows.map((row) =>
      Object.assign(entryOf(row, repository, "manifest", reference), {
        payload: row.payload ?? undefined,
      }),
    );
  }
}

function entryOf(
  row: EntryRow,
  repository: string,
  kind: ChildKind,
  reference: string,
): CacheEntry {
  return {
    id: row.id,
    upstreamId: row.upstream_id,
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
