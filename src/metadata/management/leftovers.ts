import { sql } from "kysely";
import { isSomebodys } from "../caches.ts";
import { nextDoubted, settleSome } from "../doubts.ts";
import type { Db } from "../schema.ts";
import type { Writer } from "./writer.ts";

/** Clears away some of what removed upstreams, other URLs and other credentials have left (`Management.sweep`). */
export async function sweepLeftovers(db: Db, writer: Writer): Promise<number> {
  for (;;) {
    const doubted = await nextDoubted(db);
    if (doubted === undefined) break;
    const count = await writer.run(async ({ tx, changed }) => {
      const { count, isOver } = await settleSome(tx, doubted);
      // Look-ups need not go there any more.
      if (isOver) changed();
      return count;
    });
    if (count > 0) return count;
  }
  const [cacheId] = await cachesGone(db);
  return cacheId === undefined ? 0 : writer.removeSome(cacheId);
}

/** Caches that are nobody's, of which rows are left: what to do is found in the rows themselves, whatever was killed. */
async function cachesGone(db: Db): Promise<number[]> {
  const ids = [...(await goneFrom(db, "cache_entries")), ...(await goneFrom(db, "lists"))];
  return [...new Set(ids)];
}

/** From one cache to the next by the index, since a table can have a million rows. */
async function goneFrom(db: Db, name: "cache_entries" | "lists"): Promise<number[]> {
  const table = sql.table(name);
  const { rows } = await sql<{ id: number }>`
    with recursive present (id) as (
      select min(upstream_id) from ${table}
      union all
      select (select min(t.upstream_id) from ${table} as t where t.upstream_id > present.id)
      from present where present.id is not null
    )
    select id from present
    where id is not null and not ${isSomebodys("present.id")}`.execute(db);
  return rows.map(({ id }) => id);
}
