import { type Selectable, sql } from "kysely";
import { upstreamOfCache } from "../caches.ts";
import type { CacheEntriesTable, Db } from "../schema.ts";
import { isContended, lockContents } from "../turns.ts";
import { filledUp } from "../filled-up.ts";
import { keptByPins } from "../purges/walk.ts";
import type { Evicted, EvictionWish } from "./contract.ts";
import { isHeld } from "./held.ts";
import { hintsOf } from "./hints.ts";
import { type Above, leadingTo } from "./parents.ts";

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

/** How many are looked at in a step, which takes some milliseconds. */
const mostSeen = 12;
/** Where others wait for the step, and each question goes to another machine: so many cost hardly more questions. */
const mostSeenBeside = 50;
/** So many fit into one statement on every engine. */
const idsAtOnce = 500;

/** What becomes of the entries of a step. */
interface Fate {
  /** Used with what leads to them: since when. */
  used: Map<number, number>;
  gone: Row[];
}

/** `Space.evict`, in the transaction that it is given. */
export async function evictSome(db: Db, wish: EvictionWish): Promise<Evicted> {
  const maxSeen = isContended(db) && !wish.isDry ? mostSeenBeside : mostSeen;
  const rows = await oldestOf(db, wish, maxSeen);
  const candidates = rows.slice(0, maxSeen);
  const evicted: Evicted = { entries: [], bytes: 0, position: wish.after, next: undefined };
  const fate: Fate = { used: new Map(), gone: [] };
  if (candidates.length > 0) {
    // What needs the same in other upstreams is counted by others at this moment.
    if (!wish.isDry) await lockContents(db, candidates.filter(isHeld));
    const isKept = await keptByPins(db, wish.cacheId, candidates);
    const above = await leadingTo(db, wish.cacheId, candidates);
    decide({ candidates, isKept, above, wish, fate, evicted });
  }
  const seen = candidates.findIndex(({ id }) => id === evicted.position?.[1]) + 1;
  evicted.next = rows[seen]?.downloaded_at;
  if (!wish.isDry) await apply(db, wish.cacheId, fate);
  return evicted;
}

/** Goes through them in their order, until there is enough. */
function decide(step: {
  candidates: readonly Row[];
  isKept: (row: Row) => boolean;
  above: Above;
  wish: EvictionWish;
  fate: Fate;
  evicted: Evicted;
}): void {
  const { candidates, isKept, above, wish, fate, evicted } = step;
  for (const row of candidates) {
    if (evicted.bytes >= wish.bytes || row.downloaded_at >= wish.before) return;
    evicted.position = [row.downloaded_at, row.id];
    if (isKept(row) || !giveUp(row, above, fate, wish.isDry)) continue;
    const { id, group_id: groupId, relative_path: relativePath } = row;
    const upstreamId = upstreamOfCache(row.upstream_id);
    const { digest, size, downloaded_at: downloadedAt } = row;
    evicted.entries.push({ id, groupId, upstreamId, relativePath, digest, size, downloadedAt });
    evicted.bytes += size;
  }
}

/**
 * Whether its content goes. What a manifest leads to is used with that, and its turn comes after it: a manifest that is cached
 * is whole.
 */
function giveUp(row: Row, above: Above, fate: Fate, isDry: boolean): boolean {
  const parents = row.reference === row.digest ? above.of(row) : undefined;
  const { isThere = false, usedAt = 0 } = parents ?? {};
  // Where nothing is written, what would have gone in the steps before is there still.
  const at = isThere && !isDry ? usedAt + 1 : usedAt;
  if (at > row.downloaded_at) {
    fate.used.set(row.id, at);
    above.used(row, at);
    return false;
  }
  // It has come under those that were looked at since this run began: the next one has it first.
  if (isThere && !isDry) return false;
  fate.gone.push(row);
  above.gone(row);
  return isHeld(row);
}

async function apply(db: Db, cacheId: number, { used, gone }: Fate): Promise<void> {
  for (const [at, rows] of Map.groupBy(used, ([, usedAt]) => usedAt)) {
    const ids = filledUp(rows.map(([id]) => id));
    const entries = db.updateTable("cache_entries").where("id", "in", ids);
    await entries.set({ downloaded_at: at }).execute();
  }
  const remove = (ids: readonly number[]) =>
    db.deleteFrom("cache_entries").where("id", "in", filledUp(ids));
  if (gone.length > 0) await remove(gone.map(({ id }) => id)).execute();
  const manifests = gone.filter(({ kind }) => kind === "manifest");
  const hints = manifests.length > 0 ? await hintsOf(db, cacheId, manifests) : [];
  for (let start = 0; start < hints.length; start += idsAtOnce) {
    await remove(hints.slice(start, start + idsAtOnce))
      .where("pinned", "=", 0)
      .execute();
  }
}

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
