import { type Selectable, sql, type Transaction } from "kysely";
import type { ChildKind } from "../oci/manifest.ts";
import { cacheOf, doubtedCaches, firstDoubted, upstreamIdOf, upstreamOfCache } from "./caches.ts";
import type { CacheEntriesTable, Db, Schema } from "./schema.ts";
import { held, isHeld } from "./space/held.ts";
import { lockUpstream } from "./turns.ts";

type Tx = Transaction<Schema>;
type Row = Pick<Selectable<CacheEntriesTable>, (typeof columns)[number]>;

/** All that are stored. */
const columns = [
  "id",
  "group_id",
  "upstream_id",
  "repository",
  "kind",
  "reference",
  "digest",
  "proof",
  "upstream_etag",
  "content_type",
  "size",
  "upstream_checked_at",
  "downloaded_at",
  "downloads_count",
  "status",
  "pinned",
  "created_at",
  "updated_at",
] as const;

/** Each is deleted and written: so many take some milliseconds. */
const entriesPerStep = 50;
const listsPerStep = 50;
/** So many keys fit into one statement on every engine. */
const keysAtOnce = 500;

/**
 * A former cache of some upstream that is doubted and from which entries can come over. Not while a purge goes through it:
 * that must not miss what comes over behind its back.
 */
export async function nextDoubted(db: Db, upstreamId?: number): Promise<number | undefined> {
  let query = db
    .selectFrom("upstreams as u")
    .select(["u.id", "u.doubted_epoch"])
    .whereRef("u.doubted_epoch", "<", "u.cache_epoch")
    .where(
      sql<boolean>`not exists (select 1 from purges as p where ${upstreamIdOf("p.upstream_id")} = u.id)`,
    )
    .orderBy("u.id")
    .limit(1);
  if (upstreamId !== undefined) query = query.where("u.id", "=", upstreamId);
  const row = await query.executeTakeFirst();
  return row && firstDoubted(row);
}

/**
 * A step: some of what a doubted cache has. Its lists go, its entries come over to the upstream's own cache as *named*. How many;
 * with the last ones the doubt is over.
 */
export async function settleSome(
  tx: Tx,
  cacheId: number,
): Promise<{ count: number; isOver: boolean }> {
  const id = upstreamOfCache(cacheId);
  // Whoever stores something of this upstream waits, or sees what has come over.
  await lockUpstream(tx, id);
  const upstream = await tx
    .selectFrom("upstreams")
    .select(["id", "cache_epoch", "doubted_epoch"])
    .where("id", "=", id)
    .executeTakeFirst();
  const isDoubted = upstream && doubtedCaches(upstream).at(-1) === cacheId;
  if (!isDoubted || (await nextDoubted(tx, id)) !== cacheId) return { count: 0, isOver: false };
  const lists = await someOf(tx, "lists", cacheId, listsPerStep);
  if (lists.length > 0) await tx.deleteFrom("lists").where("id", "in", lists).execute();
  const ids = await someOf(tx, "cache_entries", cacheId, entriesPerStep);
  await bringOver(tx, ids, cacheOf(upstream));
  const isOver = lists.length < listsPerStep && ids.length < entriesPerStep;
  if (isOver) {
    const columns = { doubted_epoch: upstream.doubted_epoch + 1 };
    await tx.updateTable("upstreams").set(columns).where("id", "=", id).execute();
  }
  return { count: lists.length + ids.length, isOver };
}

async function someOf(
  tx: Tx,
  table: "lists" | "cache_entries",
  cacheId: number,
  limit: number,
): Promise<number[]> {
  const rows = await tx
    .selectFrom(table)
    .select("id")
    .where("upstream_id", "=", cacheId)
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** An object of a repository, as entries name it. */
interface Object_ {
  kind: ChildKind;
  reference: string;
}

/**
 * What doubted caches have of these objects comes over first, so that each has one entry, whose id, pin and counts stay. In
 * the transaction that is about to store them, which keeps others from doing so.
 */
export async function bringOverSome(
  tx: Tx,
  doubted: readonly number[],
  { upstreamId: cacheId, repository }: { upstreamId: number; repository: string },
  objects: readonly Object_[],
): Promise<void> {
  if (doubted.length === 0) return;
  for (let start = 0; start < objects.length; start += keysAtOnce) {
    const some = objects.slice(start, start + keysAtOnce);
    for (const id of await doubtedOf(tx, doubted, repository, some)) {
      await bringOver(tx, [id], cacheId);
    }
  }
}

/** Of the newest cache first. Asked for by kind, since the whole key is gone by in an index where it is no list of pairs. */
async function doubtedOf(
  tx: Tx,
  doubted: readonly number[],
  repository: string,
  objects: readonly Object_[],
): Promise<number[]> {
  const found: { id: number; upstream_id: number }[] = [];
  for (const [kind, some] of Map.groupBy(objects, (one) => one.kind)) {
    const references = some.map(({ reference }) => reference);
    const rows = tx
      .selectFrom("cache_entries")
      .select(["id", "upstream_id"])
      .where("upstream_id", "in", doubted)
      .where("repository", "=", repository)
      .where("kind", "=", kind)
      .where("reference", "in", references);
    found.push(...(await rows.execute()));
  }
  found.sort((a, b) => b.upstream_id - a.upstream_id || a.id - b.id);
  return found.map(({ id }) => id);
}

/**
 * Entries as *named* ones of this cache. Where it has one of the same key, that stays which needs its content, of two the
 * cache's own.
 */
async function bringOver(tx: Tx, ids: readonly number[], cacheId: number): Promise<void> {
  if (ids.length === 0) return;
  const rows = await tx
    .deleteFrom("cache_entries")
    .where("id", "in", ids)
    .returning(columns)
    .execute();
  // On some engines content would not be counted that comes with two entries in one statement.
  const rounds = new Map<string, number>();
  const roundOf = ({ kind, digest }: Row) => {
    const round = rounds.get(`${kind} ${digest}`) ?? 0;
    rounds.set(`${kind} ${digest}`, round + 1);
    return round;
  };
  for (const some of Map.groupBy(rows, roundOf).values()) await file(tx, some, cacheId);
}

async function file(tx: Tx, rows: readonly Row[], cacheId: number): Promise<void> {
  const keys = rows
    .filter(isHeld)
    .map(({ repository, kind, reference }) => sql`(${repository}, ${kind}, ${reference})`);
  if (keys.length > 0) {
    await tx
      .deleteFrom("cache_entries")
      .where("upstream_id", "=", cacheId)
      .where(sql<boolean>`(repository, kind, reference) in (values ${sql.join(keys)})`)
      .where(sql<boolean>`not ${sql.raw(held("cache_entries"))}`)
      .execute();
  }
  await tx
    .insertInto("cache_entries")
    .values(rows.map((row) => named(row, cacheId)))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The same entry, in another cache. */
function named(row: Row, cacheId: number) {
  return { ...row, upstream_id: cacheId, proof: "named", upstream_checked_at: 0 } as const;
}
