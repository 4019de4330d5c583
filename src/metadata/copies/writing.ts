import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Digest } from "../../oci/digest.ts";
import type { Schema } from "../schema.ts";
import { columnsOf, namesOf, type Range, type Shape, within } from "./rows.ts";

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

/** What was copied of the rows of a range, each as JSON: in the words of `JSON.stringify`, which has no spaces either. */
export async function copiedRows(tx: Tx, shape: Shape, range: Range): Promise<string[]> {
  const query = sql<{ row: string }>`select row_to_json(r)::text as row from (
    select ${columnsOf(shape, hexOf)} from ${sql.table(shape.table)} where ${within(shape, range)}) as r`;
  return (await query.execute(tx)).rows.map(({ row }) => row);
}

const hexOf = (column: RawBuilder<unknown>) => sql`'\\x' || encode(${column}, 'hex')`;

export async function deleteRows(tx: Tx, shape: Shape, rows: readonly string[]): Promise<void> {
  if (rows.length === 0) return;
  const key = namesOf(shape.key);
  await sql`delete from ${sql.table(shape.table)}
    where (${key}) in (select ${key} from ${recordsOf(shape, rows)})`.execute(tx);
}

export async function insertRows(tx: Tx, shape: Shape, rows: readonly string[]): Promise<void> {
  if (rows.length === 0) return;
  const names = namesOf(shape.columns);
  await sql`insert into ${sql.table(shape.table)} (${names})
    select ${names} from ${recordsOf(shape, rows)}`.execute(tx);
}

/** As a table: one parameter, however many they are, and so one statement to be prepared. */
function recordsOf({ table }: Shape, rows: readonly string[]) {
  return sql`json_populate_recordset(null::${sql.table(table)}, ${`[${rows.join(",")}]`}::text::json)`;
}

const digestsPerStatement = 500;

/** Entries that served these blobs fall back to *named*. */
export async function giveUp(tx: Tx, blobs: readonly Digest[]): Promise<void> {
  for (let at = 0; at < blobs.length; at += digestsPerStatement) {
    await withoutBlobs(tx, blobs.slice(at, at + digestsPerStatement));
  }
}

async function withoutBlobs(tx: Tx, digests: readonly Digest[]): Promise<void> {
  await tx.deleteFrom("blobs").where("digest", "in", digests).execute();
  await tx
    .updateTable("cache_entries")
    .set({ proof: "named", upstream_checked_at: 0 })
    .where("kind", "=", "blob")
    .where("proof", "=", "shown")
    .where("digest", "in", digests)
    .execute();
}
