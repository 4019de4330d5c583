import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Schema } from "../schema.ts";
import type { Part } from "./parts.ts";
import { namesOf, type Page, type Shape, within } from "./rows.ts";

type Tx = Transaction<Schema>;

/**
 * Within this transaction, rows are found by their keys: how many a range has is not known of a table that is being filled,
 * and a plan that reads all of it would do so for each part.
 */
export async function byIndex(tx: Tx): Promise<void> {
  await sql`select set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)`.execute(
    tx,
  );
}

/** Rows of this range of the target that are not among those of the page go. */
export async function deleteOthers(tx: Tx, shape: Shape, page: Page): Promise<void> {
  const { table, key, columns } = shape;
  await sql`delete from ${sql.table(table)} where ${within(shape, page)} and not exists (
    select from ${recordsOf(shape, page)} as here
    where ${isHere(table, key)}
    and row(${of("here", columns)}) is not distinct from row(${of(table, columns)}))`.execute(tx);
}

/** Rows of the page that the target has not come; how many. */
export async function insertMissing(tx: Tx, shape: Shape, page: Page, part: Part): Promise<number> {
  const { table, key, columns } = shape;
  const names = namesOf(columns);
  const there = sql`where not exists (select from ${sql.table(table)} where ${isHere(table, key)})`;
  const { numAffectedRows } = await sql`insert into ${sql.table(table)} (${names})
    select ${names} from ${recordsOf(shape, page)} as here ${part.rows === undefined ? sql`` : there}`.execute(
    tx,
  );
  return Number(numAffectedRows ?? 0);
}

const of = (table: string, columns: readonly string[]) =>
  sql.join(columns.map((name) => sql.ref(`${table}.${name}`)));

const isHere = (table: string, key: readonly string[]) =>
  sql`(${of("here", key)}) = (${of(table, key)})`;

/** The rows of a page as a table: one parameter, however many they are, and so one statement to be prepared. */
function recordsOf({ table }: Shape, { text }: Page): RawBuilder<unknown> {
  return sql`json_populate_recordset(null::${sql.table(table)}, ${withoutNul(text)}::text::json)`;
}

/** A text cannot have this character here. */
function withoutNul(json: string): string {
  if (!json.includes("\\u0000")) return json;
  return json.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, "$1\\ufffd");
}
