import { sql, type Transaction } from "kysely";
import { unfinishedCopy } from "../migrations/index.ts";
import type { Schema } from "../schema.ts";

type Tx = Transaction<Schema>;

export const referencesTable = `${unfinishedCopy}_references`;

export async function makeReferences(tx: Tx): Promise<void> {
  await sql`create table ${sql.table(referencesTable)} (
    id bigint generated always as identity primary key,
    table_name text not null,
    name text not null,
    definition text not null
  )`.execute(tx);
}

/** All that are not the engine's own. */
export async function setTriggers(tx: Tx, how: "enable" | "disable"): Promise<void> {
  await sql
    .raw(
      `do $$ declare t record; begin
  for t in select relname as name from pg_catalog.pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' loop
    execute format('alter table %I ${how} trigger user', t.name);
  end loop;
end $$`,
    )
    .execute(tx);
}

/**
 * Notes what refers to what, and drops that: rows come and go part by part, not parents first, and one that goes must not take
 * others with it. (Only a superuser can have references rest.)
 */
export async function dropReferences(tx: Tx): Promise<void> {
  await sql
    .raw(
      `do $$ declare r record; begin
  for r in select relname, conname, pg_get_constraintdef(c.oid) as definition from pg_catalog.pg_constraint c
    join pg_catalog.pg_class t on t.oid = c.conrelid
    where c.contype = 'f' and c.connamespace = current_schema()::regnamespace order by c.oid loop
    insert into ${referencesTable} (table_name, name, definition) values (r.relname, r.conname, r.definition);
    execute format('alter table %I drop constraint %I', r.relname, r.conname);
  end loop;
end $$`,
    )
    .execute(tx);
}

/** As they were, in the order in which they were made; fails where a row refers to what is not there. */
export async function addReferences(tx: Tx): Promise<void> {
  await sql
    .raw(
      `do $$ declare r record; begin
  for r in select table_name, name, definition from ${referencesTable} order by id loop
    execute format('alter table %I add constraint %I %s', r.table_name, r.name, r.definition);
  end loop;
end $$`,
    )
    .execute(tx);
}
