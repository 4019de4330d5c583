import type { Transaction } from "kysely";
import type { Downloads } from "./contract.ts";
import { Kept } from "./kept.ts";
import type { Db, Schema } from "./schema.ts";

/** Notes when something of each repository was last pulled. */
export class PulledRepositories {
  readonly #pulled: Kept<unknown>;

  constructor(db: Db) {
    this.#pulled = new Kept(
      db
        .updateTable("repository_counts")
        .set({ last_downloaded_at: 0 })
        .where("upstream_id", "=", 0)
        .where("repository", "=", "")
        .where("last_downloaded_at", "<", 0),
    );
  }

  /**
   * `cacheIdOf`: the cache that an upstream has (`caches.ts`). What is doubted is not to be seen, and says when it was pulled as
   * it is shown again.
   */
  async note(
    tx: Transaction<Schema>,
    downloads: readonly Downloads[],
    cacheIdOf: (upstreamId: number) => number,
  ): Promise<void> {
    const filed = downloads.map((one) => ({ ...one, cacheId: cacheIdOf(one.upstreamId) }));
    const pulled = Map.groupBy(filed, keyOf);
    for (const [, ofOne] of [...pulled].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [{ cacheId, repository } = { cacheId: 0, repository: "" }] = ofOne;
      const at = Math.max(...ofOne.map(({ lastAt }) => lastAt));
      await this.#pulled.run(tx, [at, cacheId, repository, at]);
    }
  }
}

/** In the order in which PostgreSQL adds up what was counted (`cache_changes_added`). */
const keyOf = ({ cacheId, repository }: { cacheId: number; repository: string }) =>
  `${String(cacheId).padStart(16, "0")} ${repository}`;
