import { sql, type Transaction } from "kysely";
import { LruMap } from "../lib/lru.ts";
import { cachesFor } from "./caches.ts";
import type { Downloads } from "./contract.ts";
import { pulledRepositories } from "./repositories.ts";
import type { Db, Schema } from "./schema.ts";
import { inTransaction } from "./transactions.ts";
import { shareUpstream } from "./turns.ts";
import { digestOf, useAll, usedMs } from "./uses.ts";

type Tx = Transaction<Schema>;

/** Manifests whose hour is remembered. */
const maxHours = 10_000;

/** Counts what was pulled, and notes it as used with all that it leads to. */
export class DownloadCounts {
  /** The hour in which what a manifest leads to was last noted as used. */
  readonly #hours = new LruMap<string, number>(maxHours);

  constructor(readonly db: Db) {}

  async add(downloads: readonly Downloads[]): Promise<void> {
    if (downloads.length === 0) return;
    // Not before it is written: what is done again has to be done whole.
    const hours = new Map<string, number>();
    await inTransaction(this.db, async (tx) => {
      hours.clear();
      const caches = await sharedCaches(tx, downloads);
      const cachesOf = (upstreamId: number) => caches.get(upstreamId) ?? [];
      // What a manifest leads to is not waited for, so that comes after all that is: nobody waits in a circle.
      for (const one of downloads.toSorted(inOrder)) {
        await countOne(tx, one, cachesOf(one.upstreamId));
      }
      for (const { upstreamId, repository, kind, reference, lastAt } of downloads) {
        const key = `${upstreamId} ${repository} ${reference}`;
        const hour = Math.floor(lastAt / usedMs);
        // Whether what a manifest leads to was last used in an earlier hour, as far as this process knows.
        if (kind !== "manifest" || this.#hours.get(key) === hour) continue;
        hours.set(key, hour);
        for (const cacheId of cachesOf(upstreamId)) {
          const { digest } = (await digestOf(tx, { cacheId, repository, reference })) ?? {};
          if (digest) await useAll(tx, { cacheId, repository, digest }, lastAt);
        }
      }
      // After all entries, as those who store have it, and in one order.
      await pulledRepositories(tx, downloads, (id) => caches.get(id)?.[0] ?? id);
    });
    for (const [key, hour] of hours) this.#hours.set(key, hour);
  }
}

/** The caches of each of their upstreams, which stay what they are. */
async function sharedCaches(
  tx: Tx,
  downloads: readonly Downloads[],
): Promise<Map<number, number[]>> {
  const ids = [...new Set(downloads.map(({ upstreamId }) => upstreamId))];
  const caches = new Map<number, number[]>();
  for (const id of ids.toSorted((a, b) => a - b)) {
    await shareUpstream(tx, id);
    caches.set(id, await cachesFor(tx, id));
  }
  return caches;
}

/** Tags before digests, as who stores a manifest has them. */
function inOrder(a: Downloads, b: Downloads): number {
  const [one, other] = [keyOf(a), keyOf(b)];
  if (one < other) return -1;
  return one > other ? 1 : 0;
}

const keyOf = ({ upstreamId, repository, kind, reference }: Downloads) =>
  `${reference.includes(":") ? 1 : 0} ${upstreamId} ${repository} ${kind} ${reference}`;

async function countOne(
  tx: Tx,
  { repository, kind, reference, count, lastAt }: Downloads,
  cacheIds: readonly number[],
): Promise<void> {
  await tx
    .updateTable("cache_entries")
    .set((eb) => ({
      downloads_count: eb("downloads_count", "+", count),
      downloaded_at: sql<number>`case when downloaded_at < ${lastAt} then ${lastAt} else downloaded_at end`,
    }))
    .where("upstream_id", "in", cacheIds)
    .where("repository", "=", repository)
    .where("kind", "=", kind)
    .where("reference", "=", reference)
    .execute();
}
