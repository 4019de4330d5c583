import { expect } from "bun:test";
import { Database } from "bun:sqlite";
import { ownTables, queryAt } from "./postgres.ts";

/** Every row of a table of a file, as one text a row, in an order of its own. */
export function rowsOfFile(file: string, table: string): string[] {
  using database = new Database(file, { readonly: true });
  return textsOf(database.query<Record<string, unknown>, []>(`select * from "${table}"`).all());
}

export function tablesOfFile(file: string): string[] {
  using database = new Database(file, { readonly: true });
  const text = `select name from sqlite_master
    where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`;
  const rows = database.query<{ name: string }, []>(text).all();
  return rows.map((row) => row.name);
}

const textsOf = (rows: Record<string, unknown>[]) =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([column, value]) => [
            column,
            value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
          ]),
      ),
    )
    .toSorted();

/** Every row of every table. */
export async function expectCopied(file: string, url: string): Promise<void> {
  const tables = tablesOfFile(file);
  expect(tables.length).toBeGreaterThan(25);
  // The generation is another, so that everybody looks anew.
  for (const table of tables.filter((one) => one !== "generation")) {
    const rows = await queryAt(url, `select * from "${table}"`);
    expect([table, textsOf(rows)]).toEqual([table, rowsOfFile(file, table)]);
  }
}

/** What the database of a server is made of, but for its rows. */
export async function catalogOf(url: string): Promise<unknown> {
  const [tables, constraints, triggers, indexes, functions] = await Promise.all(
    [
      ownTables,
      `select conrelid::regclass::text as place, conname, pg_get_constraintdef(oid) as text, convalidated
        from pg_constraint where connamespace = 'public'::regnamespace order by conname, place`,
      `select tgrelid::regclass::text as place, pg_get_triggerdef(oid) as text, tgenabled
        from pg_trigger where not tgisinternal order by tgrelid::regclass::text, tgname`,
      "select indexdef from pg_indexes where schemaname = 'public' order by indexname",
      "select proname from pg_proc where pronamespace = 'public'::regnamespace order by proname",
    ].map((text) => queryAt(url, text)),
  );
  // In which order a row that goes takes others with it.
  const cascades = await queryAt(
    url,
    `select conname from pg_constraint
      where contype = 'f' and connamespace = 'public'::regnamespace order by oid`,
  );
  const names = (tables ?? []).map(({ name }) => String(name)).toSorted();
  return { names, constraints, triggers, indexes, functions, cascades };
}
