import { type RawBuilder, sql, type Transaction } from "kysely";
import { MetadataError } from "../contract.ts";
import { unfinishedCopy } from "../migrations/index.ts";
import type { Schema } from "../schema.ts";
import { isSameKey, type Key, type Page, type Range, type Shape } from "./rows.ts";

type Tx = Transaction<Schema>;

/** Rows of a table with keys of a range. The parts of a table leave no key out. */
export interface Part extends Range {
  id: number;
  table: string;
  /** As many as were copied the last time; undefined: none ever were. */
  rows: number | undefined;
  /** Of the rows of the source that those of the target are; undefined: they may be others, or be missing. */
  digest: string | undefined;
}

export const partsTable = `${unfinishedCopy}_parts`;
const parts = sql.table(partsTable);

export async function makeParts(tx: Tx): Promise<void> {
  await sql`create table ${parts} (
    id bigint generated always as identity primary key,
    table_name text not null,
    after_key text,
    upto_key text,
    row_count bigint,
    digest text
  )`.execute(tx);
}

/** One part for each table that has none; what the schema's making has left in it goes. */
export async function beginParts(tx: Tx, shapes: readonly Shape[]): Promise<void> {
  const begun = sql<{ name: string }>`select distinct table_name as name from ${parts}`;
  const names = (await begun.execute(tx)).rows.map(({ name }) => name);
  for (const { table } of shapes.filter((one) => !names.includes(one.table))) {
    await sql`delete from ${sql.table(table)}`.execute(tx);
    await sql`insert into ${parts} (table_name) values (${table})`.execute(tx);
  }
}

const partsAtOnce = 1000;

export function partsBehind(after: number, last: number, condition: RawBuilder<unknown>) {
  return sql<Noted>`select * from ${parts}
    where id > ${after} and id <= ${last} and ${condition} order by id limit ${partsAtOnce}`;
}

export interface Noted {
  id: number;
  table_name: string;
  after_key: string | null;
  upto_key: string | null;
  row_count: number | null;
  digest: string | null;
}

export function partOf({ id, table_name, after_key, upto_key, row_count, digest }: Noted): Part {
  const [after, upto] = [keyOf(after_key), keyOf(upto_key)];
  return {
    id,
    table: table_name,
    after,
    upto,
    rows: row_count ?? undefined,
    digest: digest ?? undefined,
  };
}

const keyOf = (text: string | null) => (text === null ? undefined : (JSON.parse(text) as Key));
const textOf = (key: Key | undefined) => (key === undefined ? null : JSON.stringify(key));

/**
 * The part ends where the page does. What is behind is one of its own, which this resolves with. Without a digest, the page has
 * not been copied.
 */
export async function settle(
  tx: Tx,
  part: Part,
  { upto, rows }: Page,
  digest: string | undefined,
): Promise<Part | undefined> {
  const count = digest === undefined ? part.rows : rows.length;
  await requireOne(
    sql`update ${parts} set upto_key = ${textOf(upto)}, row_count = ${count ?? null}, digest = ${digest ?? null}
      where id = ${part.id} and digest is not distinct from ${part.digest ?? null}
        and upto_key is not distinct from ${textOf(part.upto)}`,
    tx,
  );
  if (isSameKey(upto, part.upto)) return undefined;
  const values = [part.table, textOf(upto), textOf(part.upto), part.rows ?? null];
  const rest = sql<{ id: number }>`insert into ${parts} (table_name, after_key, upto_key, row_count)
    values (${sql.join(values)}) returning id`;
  const id = (await rest.execute(tx)).rows[0]?.id ?? 0;
  return { ...part, id, after: upto, digest: undefined };
}

async function requireOne(update: RawBuilder<unknown>, tx: Tx): Promise<void> {
  const { numAffectedRows } = await update.execute(tx);
  if (numAffectedRows === 1n) return;
  throw new MetadataError(
    "in_use",
    "WEIR_TARGET_DATABASE_URL: another weir migrate fills it: let that one end",
  );
}
