import { sql, type Transaction } from "kysely";
import { LruMap } from "../lib/lru.ts";
import type { Digest } from "../oci/digest.ts";
import { cachesFor } from "./caches.ts";
import type { Downloads } from "./contract.ts";
import { Kept } from "./kept.ts";
import { PulledRepositories } from "./repositories.ts";
import type { Db, Schema } from "./schema.ts";
import { inTransaction } from "./transactions.ts";
import { shareUpstream } from "./turns.ts";
import { usedMs, type Uses } from "./uses.ts";

type Tx = Transaction<Schema>;

/** Manifests whose hour is remembered. */
const maxHours = 10_000;

/** A manifest that was pulled by some name, and when. */
interface Pulled {
  cacheId: number;
  repository: string;
  digest: Digest;
  at: number;
}

/** Counts what was pulled, and notes it as used with all that it leads to. */
export class DownloadCounts {
  readonly #count: Kept<{ digest: Digest }>;
  readonly #repositories: PulledRepositories;
  /** The hour in which a manifest was last noted as used with what it leads to. */
  readonly #hours = new LruMap<string, number>(maxHours);

  constructor(
    readonly db: Db,
    readonly uses: Uses,
  ) {
    this.#count = new Kept(countQuery(db));
    this.#repositories = new PulledRepositories(db);
  }

  async add(downloads: readonly Downloads[]): Promise<void> {
    if (downloads.length === 0) return;
    // Not before it is written: what is done again has to be done whole.
    const hours = new Map<string, number>();
    await inTransaction(this.db, async (tx) => {
      hours.clear();
      const caches = await sharedCaches(tx, downloads);
      // What a manifest leads to is not waited for, so that comes after all that is: nobody waits in a circle.
      const pulled = await this.#countAll(tx, downloads, caches);
      for (const { at, ...manifest } of pulled) {
        const key = keyOfManifest(manifest);
        const hour = Math.floor(at / usedMs);
        // The last one that this process knows of.
        const noted = hours.get(key) ?? this.#hours.get(key);
        if (noted !== undefined && noted >= hour) continue;
        hours.set(key, hour);
        // What others have noted in this hour is young enough.
        await this.uses.note(tx, manifest, at, hour * usedMs);
      }
      // After all entries, as those who store have it, and in one order.
      await this.#repositories.note(tx, downloads, (id) => caches.get(id)?.[0] ?? id);
    });
    for (const [key, hour] of hours) this.#hours.set(key, hour);
  }

  /** It and what it leads to were just noted as used: as they were stored. */
  noted(manifest: Pulled): void {
    this.#hours.set(keyOfManifest(manifest), Math.floor(manifest.at / usedMs));
  }

  /** The manifests among them, as far as they have entries. */
  async #countAll(
    tx: Tx,
    downloads: readonly Downloads[],
    caches: ReadonlyMap<number, readonly number[]>,
  ): Promise<Pulled[]> {
    const pulled: Pulled[] = [];
    for (const { upstreamId, repository, kind, reference, count, lastAt } of inOrder(downloads)) {
      for (const cacheId of caches.get(upstreamId) ?? []) {
        const parameters = [count, lastAt, lastAt, cacheId, repository, kind, reference];
        const { rows } = await this.#count.run(tx, parameters);
        if (kind !== "manifest") continue;
        for (const { digest } of rows) pulled.push({ cacheId, repository, digest, at: lastAt });
      }
    }
    return pulled;
  }
}

const keyOfManifest = ({ cacheId, repository, digest }: Omit<Pulled, "at">) =>
  `${cacheId} ${repository} ${digest}`;

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
function inOrder(downloads: readonly Downloads[]): Downloads[] {
  const keyed = downloads.map((one) => ({ one, key: keyOf(one) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ one }) => one);
}

const keyOf = ({ upstreamId, repository, kind, reference }: Downloads) =>
  `${reference.includes(":") ? 1 : 0} ${upstreamId} ${repository} ${kind} ${reference}`;

function countQuery(db: Db) {
  const at = 0;
  return db
    .updateTable("cache_entries")
    .set((eb) => ({
      downloads_count: eb("downloads_count", "+", 0),
      downloaded_at: sql<number>`case when downloaded_at < ${at} then ${at} else downloaded_at end`,
    }))
    .where("upstream_id", "=", 0)
    .where("repository", "=", "")
    .where("kind", "=", "manifest")
    .where("reference", "=", "")
    .returning("digest");
}
