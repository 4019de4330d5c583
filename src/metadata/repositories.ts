import type { Transaction } from "kysely";
import type { Downloads } from "./contract.ts";
import type { Schema } from "./schema.ts";

/** Notes when something of each repository was last pulled. */
export async function pulledRepositories(
  tx: Transaction<Schema>,
  downloads: readonly Downloads[],
): Promise<void> {
  const pulled = Map.groupBy(downloads, keyOf);
  for (const [, ofOne] of [...pulled].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [{ upstreamId, repository } = { upstreamId: 0, repository: "" }] = ofOne;
    const at = Math.max(...ofOne.map(({ lastAt }) => lastAt));
    await tx
      .updateTable("repository_counts")
      .set({ last_downloaded_at: at })
      .where("upstream_id", "=", upstreamId)
      .where("repository", "=", repository)
      .where("last_downloaded_at", "<", at)
      .execute();
  }
}

/** In the order in which PostgreSQL adds up what was counted (`entry_count_changes_added`). */
const keyOf = ({ upstreamId, repository }: Downloads) =>
  `${String(upstreamId).padStart(16, "0")} ${repository}`;
