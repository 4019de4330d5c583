import { sql } from "kysely";
import type { Db } from "../schema.ts";
import type { Writer } from "./writer.ts";

/** Gives up some of what removed upstreams have left (`Management.sweep`). */
export async function sweepLeftovers(db: Db, writer: Writer): Promise<number> {
  const [upstreamId] = await upstreamsGone(db);
  return upstreamId === undefined ? 0 : writer.removeSome(upstreamId);
}

/** Upstreams that are no more, of which rows are left: what to do is found in the rows themselves, whatever was killed. */
async function upstreamsGone(db: Db): Promise<number[]> {
  const ids = [...(await goneFrom(db, "cache_entries")), ...(await goneFrom(db, "lists"))];
  return [...new Set(ids)];
}

/** From one upstream to the next by the index, since a table can have a million rows. */
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
    where id is not null and not exists (select 1 from upstreams where upstreams.id = present.id)`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}
