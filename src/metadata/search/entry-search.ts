import { sql } from "kysely";
import { yieldTurn } from "../../lib/clock.ts";
import type { EntryKind } from "../management/contract.ts";
import type { Db } from "../schema.ts";
import { firstId, lastId } from "./buckets.ts";
import { candidatesIn, fewCandidates } from "./candidates.ts";
import { gramsOfWords, isAscii } from "./grams.ts";

/** A run of ids in which entries of a cache can be seen. */
export interface Counted {
  bucket: number;
  entries: number;
  size: number;
}

/** Of a cache (`caches.ts`): one of its repositories, all of it or one kind. */
export interface CachePlace {
  cacheId: number;
  repository: string;
  kind?: EntryKind | undefined;
}

interface Wanted {
  /** See `caches.ts`. */
  cacheId: number;
  /** Each must stand in the path, in whatever case. */
  words: readonly string[];
  /** Only those of this place. */
  only?: CachePlace | undefined;
  /** How many matches to pass over, and how many to give. */
  offset: number;
  limit: number;
}

export interface Found {
  /** The newest first. */
  ids: number[];
  /** Of all matches; undefined where not all were looked for. */
  total: number | undefined;
}

/** Counting the matches among so many entries is quick. */
const maxCounted = 10_000;
/** Runs whose grams are asked for at once; at first it is one, then twice as many each time: most words are soon found. */
const maxRunsPerStep = 16;

/** Where entries of an upstream can be seen, the newest run first. */
export function countedBuckets(db: Db, cacheId: number): Promise<Counted[]> {
  return db
    .selectFrom("entry_counts")
    .select(["bucket", "entries", "size"])
    .where("upstream_id", "=", cacheId)
    .orderBy("bucket", "desc")
    .execute();
}

/** Entries that can be seen. In words that SQLite finds in its index, which it would not for parameters. */
export function seen(db: Db) {
  return db
    .selectFrom("cache_entries as e")
    .where("e.proof", "=", sql.lit("shown"))
    .where("e.status", "=", sql.lit("default"));
}

/** Looks for words from the newest entries on, a run of ids at a time, until there is a page of them. */
export class EntrySearch {
  constructor(readonly db: Db) {}

  async find(wanted: Wanted): Promise<Found> {
    const words = wanted.words.map((word) => word.toLowerCase());
    if (!words.every(isAscii)) return { ids: [], total: 0 };
    const counted = await countedBuckets(this.db, wanted.cacheId);
    const all = counted.reduce((sum, { entries }) => sum + entries, 0);
    // One more than is given, so that it is known whether there are more.
    const needed = all <= maxCounted ? Number.POSITIVE_INFINITY : wanted.offset + wanted.limit + 1;
    const matches: number[] = [];
    const ranges = gramsOfWords(words);
    let runs = 1;
    for (let start = 0; start < counted.length; start += runs) {
      if (start > 0) runs = Math.min(maxRunsPerStep, start);
      const buckets = counted.slice(start, start + runs).map(({ bucket }) => bucket);
      const candidates = await candidatesIn(this.db, buckets, ranges);
      for (const bucket of buckets) {
        const some = candidates.get(bucket);
        if (some?.length === 0) continue;
        const most = needed - matches.length;
        matches.push(...(await this.#matches({ ...wanted, words }, bucket, some, most)));
        if (matches.length >= needed) return { ids: pageOf(matches, wanted), total: undefined };
        await yieldTurn();
      }
    }
    return { ids: pageOf(matches, wanted), total: matches.length };
  }

  /** Ids of those in a run that do have the words, the newest first. */
  async #matches(
    { cacheId, words, only }: Wanted,
    bucket: number,
    candidates: readonly number[] | undefined,
    most: number,
  ): Promise<number[]> {
    let query = seen(this.db).select("e.id").where("e.upstream_id", "=", cacheId);
    const isFew = candidates && candidates.length <= fewCandidates;
    query = isFew
      ? query.where("e.id", "in", candidates)
      : query.where("e.id", ">=", firstId(bucket)).where("e.id", "<=", lastId(bucket));
    // Engines ask in this order, and this is cheaper than to look into paths.
    if (only) query = query.where(isIn(only));
    for (const word of words) {
      const pattern = `%${word.replace(/[\\%_]/g, String.raw`\$&`)}%`;
      query = query.where(sql<boolean>`lower(e.relative_path) like ${pattern} escape '\\'`);
    }
    query = query.orderBy("e.id", "desc");
    const rows = await (Number.isFinite(most) ? query.limit(most) : query).execute();
    return rows.map(({ id }) => id);
  }
}

/** In words that keep an engine from going through the whole repository by its index. */
function isIn({ repository, kind }: CachePlace) {
  const isThere = sql<boolean>`e.repository || '' = ${repository}`;
  if (kind === undefined) return isThere;
  if (kind === "tag") return sql<boolean>`${isThere} and e.reference <> e.digest`;
  const own = kind === "digest" ? "manifest" : "blob";
  return sql<boolean>`${isThere} and e.kind || '' = ${own} and e.reference = e.digest`;
}

const pageOf = (matches: readonly number[], { offset, limit }: Wanted) =>
  matches.slice(offset, offset + limit);
