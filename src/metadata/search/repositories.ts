import { yieldTurn } from "../../lib/clock.ts";
import type { Page, RepositoryOptions, RepositoryRecord } from "../management/contract.ts";
import type { Db } from "../schema.ts";
import { bucketSize } from "./buckets.ts";

/** Among so many all are searched, so that it is known how many have the words. */
const maxSearched = 10_000;
/** Counting more than so many takes a while. */
const maxCounted = 100_000;

/** The repositories of a cache (`caches.ts`) of which something can be seen, from what is counted of them. */
export class Repositories {
  constructor(readonly db: Db) {}

  async list(cacheId: number, options: RepositoryOptions): Promise<Page<RepositoryRecord>> {
    const { names, total } = await this.#names(cacheId, options);
    if (names.length === 0) return { items: [], total };
    const rows = await this.#of(cacheId)
      .selectAll()
      .where("repository", "in", names)
      .orderBy("repository")
      .execute();
    const items = rows.map((row) => ({
      repository: row.repository,
      entries: row.entries,
      tags: row.tags,
      digests: row.digests,
      size: row.size,
      lastDownloadedAt: row.last_downloaded_at,
    }));
    return { items, total };
  }

  /** A run of names at a time, each of which takes some milliseconds. */
  async #names(
    cacheId: number,
    { words, page, perPage, after = "" }: RepositoryOptions,
  ): Promise<{ names: string[]; total: number | undefined }> {
    const wanted = words.map((word) => word.toLowerCase());
    const first = (page - 1) * perPage;
    const all = await this.#count(cacheId, after);
    const isWhole = wanted.length > 0 && all !== undefined && all <= maxSearched;
    const needed = isWhole ? Number.POSITIVE_INFINITY : first + perPage;
    const total = (found: number) => (wanted.length > 0 ? found : all);
    const names: string[] = [];
    let found = 0;
    for (let from = after; ; await yieldTurn()) {
      const left = wanted.length > 0 ? bucketSize : needed - found;
      const step = Math.min(bucketSize, left);
      const rows = await this.#next(cacheId, from, step);
      for (const { repository } of rows) {
        from = repository;
        if (!wanted.every((word) => repository.includes(word))) continue;
        if (found >= first && names.length < perPage) names.push(repository);
        found++;
        if (found < needed) continue;
        return { names, total: wanted.length > 0 ? undefined : all };
      }
      if (rows.length < step) return { names, total: total(found) };
    }
  }

  #of(cacheId: number) {
    return this.db.selectFrom("repository_counts").where("upstream_id", "=", cacheId);
  }

  #next(cacheId: number, after: string, limit: number): Promise<{ repository: string }[]> {
    return this.#of(cacheId)
      .select("repository")
      .where("repository", ">", after)
      .orderBy("repository")
      .limit(limit)
      .execute();
  }

  /** Behind a name; undefined where they are very many. */
  async #count(cacheId: number, after: string): Promise<number | undefined> {
    const some = this.#of(cacheId)
      .select("repository")
      .where("repository", ">", after)
      .limit(maxCounted + 1);
    const { count } = await this.db
      .selectFrom(some.as("some"))
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return count > maxCounted ? undefined : count;
  }
}
