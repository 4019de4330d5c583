import { sql } from "kysely";
import {
  EntryQuery,
  type EntryRows,
  type FindRows,
  payloadOf,
  presentEntries,
  rowsByKey,
} from "../entry-rows.ts";
import type { Db } from "../schema.ts";
import { entryHash, entryHashSql } from "./entry-hash.ts";

/** Where more than so many entries collide, the key leads to the right one sooner. */
const maxCollisions = 8;

/** By the hash of repository and reference; where many collide, by the key. */
export function rowsByHash(db: Db): EntryRows {
  const byKey = rowsByKey(db);
  const entries = new EntryQuery(db, (cacheIds) => byHash(db, cacheIds));
  const manifests = new EntryQuery(db, (cacheIds) =>
    // Of no other entry: payloads can be large.
    byHash(db, cacheIds).select((eb) => payloadOf(eb).where(isMatch).as("payload")),
  );
  return {
    entries: findByHash(entries, byKey.entries),
    manifests: findByHash(manifests, byKey.manifests),
  };
}

/** Each cache has one that matches. */
const mostRows = (cacheIds: readonly number[]) => cacheIds.length + maxCollisions;

function findByHash<Row>(
  query: EntryQuery<Row & { is_match: number }>,
  byKey: FindRows<Row>,
): FindRows<Row> {
  return async (cacheIds, name) => {
    const { repository, kind, reference } = name;
    const hash = entryHash(repository, reference);
    const rows = await query.rows(cacheIds, [repository, kind, reference, hash, ...cacheIds]);
    if (rows.length > mostRows(cacheIds)) return byKey(cacheIds, name);
    return rows.filter((row) => row.is_match === 1);
  };
}

/** Parameters by their numbers, since some stand in it twice: repository, kind, reference, hash, caches. */
function byHash(db: Db, cacheIds: readonly number[]) {
  const caches = cacheIds.map((_, i) => `?${i + 5}`).join();
  return presentEntries(db)
    .select(sql<number>`${isMatch}`.as("is_match"))
    .where(sql<boolean>`${sql.raw(entryHashSql)} = ?4 and e.upstream_id in (${sql.raw(caches)})`)
    .limit(sql.lit(mostRows(cacheIds) + 1));
}

const isMatch = sql<boolean>`(e.repository = ?1 and e.kind = ?2 and e.reference = ?3)`;
