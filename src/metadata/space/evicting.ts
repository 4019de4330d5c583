import { type Selectable, sql, type Updateable } from "kysely";
import { upstreamOfCache } from "../caches.ts";
import type { CacheEntriesTable, Db } from "../schema.ts";
import { isContended, lockContents } from "../turns.ts";
import { parentsOf } from "../nested.ts";
import { keptByPins } from "../purges/walk.ts";
import type { Evicted, EvictionWish } from "./contract.ts";
import { held } from "./held.ts";

type Row = Pick<
  Selectable<CacheEntriesTable>,
  | "id"
  | "group_id"
  | "upstream_id"
  | "repository"
  | "kind"
  | "reference"
  | "relative_path"
  | "digest"
  | "proof"
  | "upstream_etag"
  | "size"
  | "downloaded_at"
  | "pinned"
>;

/** Each takes some questions: so many take some milliseconds. */
const mostSeen = 12;
/** Where others wait for the step, and each question goes to another machine. */
const mostSeenBeside = 10;
/** So many fit into one statement on every engine. */
const idsAtOnce = 500;

/** `Space.evict`, in the transaction that it is given. */
export async function evictSome(db: Db, wish: EvictionWish): Promise<Evicted> {
  const maxSeen = isContended(db) && !wish.isDry ? mostSeenBeside : mostSeen;
  const rows = await oldestOf(db, wish, maxSeen);
  const evicted: Evicted = { entries: [], bytes: 0, position: wish.after, next: undefined };
  const candidates = rows.slice(0, maxSeen);
  // What needs the same in other upstreams is counted by others at this moment.
  if (!wish.isDry) await lockContents(db, candidates.filter(isHeld));
  const isKept = candidates.length > 0 && (await keptByPins(db, wish.cacheId, candidates));
  for (const row of rows) {
    evicted.next = row.downloaded_at;
    const isEnough = evicted.bytes >= wish.bytes || row.downloaded_at >= wish.before;
    if (isEnough || row === rows[maxSeen]) return evicted;
    evicted.position = [row.downloaded_at, row.id];
    if (isKept && isKept(row)) continue;
    if (!(await giveUp(db, row, wish.isDry)) || !isHeld(row)) continue;
    const { id, group_id: groupId, relative_path: relativePath } = row;
    const upstreamId = upstreamOfCache(row.upstream_id);
    const { digest, size, downloaded_at: downloadedAt } = row;
    evicted.entries.push({ id, groupId, upstreamId, relativePath, digest, size, downloadedAt });
    evicted.bytes += size;
  }
  return { ...evicted, next: undefined };
}

/** Whether it needs its content (`held.ts`). */
const isHeld = ({ proof, upstream_etag: etag }: Row) => proof === "shown" || etag !== null;

/** One more than are looked at. */
function oldestOf(db: Db, { cacheId, after }: EvictionWish, maxSeen: number): Promise<Row[]> {
  let query = db
    .selectFrom("cache_entries")
    .select(["id", "group_id", "upstream_id", "repository", "kind", "reference", "relative_path"])
    .select(["digest", "proof", "upstream_etag", "size", "downloaded_at", "pinned"])
    .where("upstream_id", "=", cacheId);
  if (after) {
    const [at, id] = after;
    query = query.where(sql<boolean>`(downloaded_at, id) > (${at}, ${id})`);
  }
  return query
    .orderBy("downloaded_at")
    .orderBy("id")
    .limit(maxSeen + 1)
    .execute();
}

/** Whether it goes. What a manifest that was pulled later leads to is used with that. */
async function giveUp(db: Db, row: Row, isDry: boolean): Promise<boolean> {
  const parents = row.reference === row.digest ? await leadingTo(db, row) : undefined;
  if (parents && parents.usedAt > row.downloaded_at) {
    if (!isDry) await set(db, row.id, { downloaded_at: parents.usedAt });
    return false;
  }
  if (parents?.isThere) {
    if (isHeld(row) && !isDry) {
      await set(db, row.id, { proof: "named", upstream_etag: null, upstream_checked_at: 0 });
    }
    return isHeld(row);
  }
  if (isDry) return true;
  await db.deleteFrom("cache_entries").where("id", "=", row.id).execute();
  if (row.kind === "manifest") await dropHints(db, row);
  return true;
}

/**
 * Of this cache and repository, asked of what was found by its digest: in these words no engine looks through the whole
 * repository instead.
 */
const isOf = (row: string, cacheId: number, repository: string) =>
  sql`+${sql.ref(`${row}.upstream_id`)} = ${cacheId} and ${sql.ref(`${row}.repository`)} || '' = ${repository}`;

function set(db: Db, id: number, columns: Updateable<CacheEntriesTable>) {
  return db.updateTable("cache_entries").set(columns).where("id", "=", id).execute();
}

/**
 * Whether a cached manifest of the repository leads to this, and when one that does was last pulled, or a tag that stands
 * for it.
 */
async function leadingTo(
  db: Db,
  { id, upstream_id: cacheId, repository, kind, digest }: Row,
): Promise<{ isThere: boolean; usedAt: number }> {
  const { rows } = await sql<{ at: number | null; own: number }>`
    with recursive above (digest, own) as (
      select cast(${digest} as text), 1 where ${kind} = 'manifest'
      union all
      select parent_digest, 0 from manifest_children where child_digest = ${digest} and kind = ${kind}
      union
      select c.parent_digest, 0 from above ${parentsOf(db, "above.digest")}
    )
    select above.own, (
      select max(e.downloaded_at) from cache_entries as e
      where e.digest = above.digest and ${isOf("e", cacheId, repository)}
        and e.kind = 'manifest' and e.id <> ${id} and ${sql.raw(held("e"))}
    ) as at
    from above`.execute(db);
  const found = rows.filter(({ at }) => at !== null);
  const usedAt = Math.max(0, ...found.map(({ at }) => at ?? 0));
  return { isThere: found.some(({ own }) => own === 0), usedAt };
}

/**
 * What only this manifest has named in the repository is no hint any more: nothing, as long as another entry stands for it.
 * Asked for before it is deleted, since there is hardly ever any, and a deletion by such a question costs five times as much.
 */
async function dropHints(db: Db, { upstream_id: cacheId, repository, digest }: Row) {
  const { rows } = await sql<{ id: number | null }>`
    select (
      select e.id from cache_entries as e
      where e.upstream_id = ${cacheId} and e.repository = ${repository}
        and e.kind = c.kind and e.reference = c.child_digest and not ${sql.raw(held("e"))} and e.pinned = 0
    ) as id
    from manifest_children as c
    where c.parent_digest = ${digest} and (
        select m.id from cache_entries as m
        where m.digest = ${digest} and ${isOf("m", cacheId, repository)} and m.kind = 'manifest'
        limit 1
      ) is null
      and (
        select p.id from manifest_children as o cross join cache_entries as p
        where o.child_digest = c.child_digest and o.kind = c.kind
          and p.digest = o.parent_digest and ${isOf("p", cacheId, repository)} and p.kind = 'manifest'
        limit 1
      ) is null`.execute(db);
  const ids = rows.flatMap(({ id }) => id ?? []);
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const some = ids.slice(start, start + idsAtOnce);
    await db.deleteFrom("cache_entries").where("id", "in", some).where("pinned", "=", 0).execute();
  }
}
