import { sql, type Transaction } from "kysely";
import type { Digest } from "../oci/digest.ts";
import { filledUp } from "./filled-up.ts";
import { Kept } from "./kept.ts";
import { childrenOf } from "./nested.ts";
import type { Db, Schema } from "./schema.ts";
import { isContended } from "./turns.ts";

type Tx = Transaction<Schema>;

/**
 * So much older than a manifest can the last pull be that is noted of what it leads to: what goes by age gives it up so much
 * later, and a manifest never before what it needs.
 */
export const usedMs = 3_600_000;

/** So many fit into one statement on every engine. */
const idsAtOnce = 500;

interface Object_ {
  /** See `caches.ts`. */
  cacheId: number;
  repository: string;
  digest: Digest;
}

/** Notes what is in use. */
export class Uses {
  readonly #older: Kept<{ id: number | null }>;

  constructor(readonly db: Db) {
    this.#older = Kept.of(db, olderQuery(db));
  }

  /**
   * A manifest was pulled: it, and all that it leads to in its repository, are in use. Clients that have some of an image do
   * not ask for that again, and would miss it all the same if it went. What was used since `before` anyway stays as it is.
   */
  async note(
    tx: Tx,
    { cacheId, repository, digest }: Object_,
    at: number,
    before = at,
  ): Promise<void> {
    const { rows } = await this.#older.run(tx, [digest, cacheId, repository, before]);
    const ids = rows.flatMap(({ id }) => id ?? []);
    for (let start = 0; start < ids.length; start += idsAtOnce) {
      const some = ids.slice(start, start + idsAtOnce);
      const older = tx.updateTable("cache_entries").where("id", "in", filledUp(some));
      await older.set({ downloaded_at: at }).execute();
    }
  }
}

function olderQuery(db: Db) {
  // What others hold is not waited for, whatever the order is: who stores, counts or gives up entries has set its time, or
  // asks for that of the manifest.
  const free = isContended(db) ? sql`for update skip locked` : sql``;
  // Without the sign SQLite would go through all that is older.
  return sql<{ id: number | null }>`
    with recursive needed (kind, digest) as (
      select cast('manifest' as text), cast(${""} as text)
      union
      select c.kind, c.child_digest from needed ${childrenOf(db, "needed.digest")}
    )
    select (
      select e.id from cache_entries as e
      where e.upstream_id = ${0} and e.repository = ${""} and e.kind = needed.kind
        and e.reference = needed.digest and +e.downloaded_at < ${0} ${free}
    ) as id
    from needed`;
}
