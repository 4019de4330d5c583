import { type RawBuilder, sql } from "kysely";
import { type Changes, Remembered } from "./changes.ts";
import type { Db } from "./schema.ts";

/**
 * What is cached of an upstream is filed under the id of a *cache*: `upstream_id` in `cache_entries`, `lists`, `entry_counts`,
 * `repository_counts` and `purges`, `owner_id` of an upstream in `cached_bytes`. As long as neither URL nor credentials have changed, that is the
 * upstream's id; each such change gives the upstream the next cache, and leaves the former one behind. It is either
 * *doubted*, and its entries come over in steps as *named*, or nobody's, as that of an upstream that was removed.
 */
const perEpoch = 2 ** 32;

interface Epochs {
  id: number;
  cache_epoch: number;
  doubted_epoch: number;
}

const cacheIn = (upstreamId: number, epoch: number) => upstreamId + epoch * perEpoch;

/** The cache that an upstream has. */
export const cacheOf = ({ id, cache_epoch: epoch }: Omit<Epochs, "doubted_epoch">) =>
  cacheIn(id, epoch);

/** The upstream that has, or had, a cache. */
export const upstreamOfCache = (cacheId: number) => cacheId % perEpoch;

/** Of the former caches of an upstream that are doubted the first one. */
export const firstDoubted = ({ id, doubted_epoch: epoch }: Omit<Epochs, "cache_epoch">) =>
  cacheIn(id, epoch);

/** Former caches whose entries are still the upstream's, as soon as they are shown again; the newest first. */
export function doubtedCaches({ id, cache_epoch: present, doubted_epoch: from }: Epochs): number[] {
  return Array.from({ length: present - from }, (_, i) => cacheIn(id, present - 1 - i));
}

/** SQL: the cache of an upstream. `u`: what `upstreams` is called. */
export const cacheIdOf = (u: string): RawBuilder<number> =>
  sql<number>`(${sql.ref(`${u}.id`)} + ${sql.ref(`${u}.cache_epoch`)} * ${sql.lit(perEpoch)})`;

/** SQL: whether this is the cache that an upstream has. By the upstream's id. */
export const isCacheOf = (id: string, u: string): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(`${u}.id`)} = ${sql.ref(id)} % ${sql.lit(perEpoch)}
    and ${sql.ref(`${u}.cache_epoch`)} = ${sql.ref(id)} / ${sql.lit(perEpoch)}`;

/** SQL: the same, or one of the doubted. */
export const isKeptBy = (id: string, u: string): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(`${u}.id`)} = ${sql.ref(id)} % ${sql.lit(perEpoch)}
    and ${sql.ref(`${u}.doubted_epoch`)} <= ${sql.ref(id)} / ${sql.lit(perEpoch)}`;

/** SQL: whether this is a cache of an upstream that is there, doubted or not; of one of this group, where it is given. */
export const isSomebodys = (id: string, groupId?: number): RawBuilder<boolean> => {
  const within = groupId === undefined ? sql`` : sql` and u.group_id = ${groupId}`;
  return sql<boolean>`exists (select 1 from upstreams as u where ${isKeptBy(id, "u")}${within})`;
};

/** SQL: whose cache this is, or was. */
export const upstreamIdOf = (id: string): RawBuilder<number> =>
  sql<number>`${sql.ref(id)} % ${sql.lit(perEpoch)}`;

/** The id under which this upstream's cache is filed. That of one that was removed is left for a while. */
export async function cacheIdFor(db: Db, upstreamId: number): Promise<number> {
  return (await cachesFor(db, upstreamId))[0] ?? upstreamId;
}

/** The same, and then those that are doubted. */
export async function cachesFor(db: Db, upstreamId: number): Promise<number[]> {
  const [row] = await epochsOf(db, [upstreamId]);
  return row ? [cacheOf(row), ...doubtedCaches(row)] : [upstreamId];
}

/** Those that belong together with this one: all of its upstream that are not given up, or it alone. */
export async function cachesBeside(db: Db, cacheId: number): Promise<number[]> {
  const all = await cachesFor(db, upstreamOfCache(cacheId));
  return all.includes(cacheId) ? all : [cacheId];
}

function epochsOf(db: Db, upstreamIds: readonly number[]): Promise<Epochs[]> {
  return db
    .selectFrom("upstreams")
    .select(["id", "cache_epoch", "doubted_epoch"])
    .where("id", "in", upstreamIds)
    .execute();
}

/** Where to look for what some upstreams have. */
export interface Places {
  /** Of caches. */
  ids: readonly number[];
  /** Which of these are doubted. */
  doubted: ReadonlySet<number>;
}

const nothing: ReadonlySet<number> = new Set();
export const undoubted = (ids: readonly number[]): Places => ({ ids, doubted: nothing });

/** Lists of upstreams whose caches are remembered. */
const maxLists = 4096;

/** The caches of upstreams, from memory while the generation stands still: the hit path asks for them. */
export class CachePlaces {
  readonly #places: Remembered<string, Places>;

  constructor(
    readonly db: Db,
    changes: Changes,
  ) {
    this.#places = new Remembered(changes, maxLists, (key) => this.#load(key));
  }

  async of(upstreamIds: readonly number[]): Promise<Places> {
    if (upstreamIds.length === 0) return undoubted(upstreamIds);
    return (await this.#places.get(upstreamIds.join())) ?? undoubted(upstreamIds);
  }

  async #load(key: string): Promise<Places> {
    const upstreamIds = key.split(",").map(Number);
    const rows = await epochsOf(this.db, upstreamIds);
    const doubted = rows.flatMap(doubtedCaches);
    const present = upstreamIds.map((id) => {
      const row = rows.find((one) => one.id === id);
      return row ? cacheOf(row) : id;
    });
    return { ids: [...present, ...doubted], doubted: new Set(doubted) };
  }
}
