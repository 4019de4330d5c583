import { sql, type Transaction } from "kysely";
import { stepNames, unfinishedCopy } from "../migrations/index.ts";
import type { Schema } from "../schema.ts";
import { makeParts } from "./parts.ts";
import { makeReferences } from "./resting.ts";

/** Of what is noted, and how: what another release has begun is begun anew. */
export const mark = `parts, ${stepNames.at(-1)}`;

/** Everything in it is ours: it was empty when the first copy began. */
export async function beginAnew(tx: Transaction<Schema>): Promise<void> {
  await sql
    .raw(
      `do $$ declare t record; begin
  for t in select relname as name from pg_catalog.pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' loop
    execute format('drop table %I cascade', t.name);
  end loop;
  for t in select p.oid::regprocedure as name from pg_catalog.pg_proc p
    where p.pronamespace = current_schema()::regnamespace and p.prokind = 'f'
    and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e') loop
    execute format('drop function %s cascade', t.name);
  end loop;
end $$`,
    )
    .execute(tx);
  await sql`create table ${sql.table(unfinishedCopy)} (mark text not null)`.execute(tx);
  await sql`insert into ${sql.table(unfinishedCopy)} (mark) values (${mark})`.execute(tx);
  await makeParts(tx);
  await makeReferences(tx);
}
