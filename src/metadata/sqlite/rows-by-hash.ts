import { sql } from "kysely";
import {
  entryColumns,
  type EntryRows,
  type FindRows,
  Lookup,
  payloadOf,
  rowsByKey,
} from "../entry-rows.ts";
import type { Db } from "../schema.ts";
import { entryHash, entryHashSql } from "./entry-hash.ts";

/** More entries than this with one hash are not looked through: the key leads to the right one at once. */
const maxAlike = 64;

/** By the hash of repository and reference; where many share it, by the key. */
export function rowsByHash(db: Db): EntryRows {
  const byKey = rowsByKey(db);
  const entries = new Lookup(db, (cacheIds) => byHash(db, cacheIds));
  const manifests = new Lookup(db, (cacheIds) => byHash(db, cacheIds).select(payloadOf));
  return {
    entries: findByHash(entries, byKey.entries),
    manifests: findByHash(manifests, byKey.manifests),
  };
}

function findByHash<Row>(
  lookup: Lookup<Row & { is_named: number }>,
  byKey: FindRows<Row>,
): FindRows<Row> {
  return async (cacheIds, name) => {
    const { repository, kind, reference } = name;
    const hash = entryHash(repository, reference);
    const alike = await lookup.rows(cacheIds, [repository, kind, reference, hash, ...cacheIds]);
    if (alike.length > maxAlike) return byKey(cacheIds, name);
    return alike.filter((row) => row.is_named === 1);
  };
}

function byHash(db: Db, cacheIds: readonly number[]) {
  const isNamed = sql<number>`(e.repository = ${""} and e.kind = ${""} and e.reference = ${""})`;
  return entryColumns(db)
    .select(isNamed.as("is_named"))
    .where(sql.raw(entryHashSql), "=", 0)
    .where("e.upstream_id", "in", cacheIds)
    .limit(sql.lit(maxAlike + 1));
}
