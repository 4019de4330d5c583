import { sql } from "kysely";
import type { SqlWords } from "./migrations/index.ts";
import type { Db } from "./schema.ts";

/**
 * All tables of ours, each behind those that it refers to: the order in which rows can be copied into an empty database.
 * A table that refers to itself has its older rows referred to by younger ones.
 */
export async function tablesInOrder(db: Db, words: SqlWords): Promise<string[]> {
  const tables = await sql.raw<{ name: string }>(words.tables).execute(db);
  const references = await sql.raw<Reference>(words.references).execute(db);
  const names = tables.rows.map(({ name }) => name).filter((name) => !isEngines.test(name));
  return parentsFirst(names.toSorted(), references.rows);
}

interface Reference {
  child: string;
  parent: string;
}

/** Tables of the engine, and of what applies migrations. */
const isEngines = /^(?:sqlite_|kysely_)/;

function parentsFirst(names: readonly string[], references: readonly Reference[]): string[] {
  const ordered = new Set<string>();
  const add = (name: string, below: readonly string[]) => {
    if (ordered.has(name)) return;
    if (below.includes(name)) throw new Error(`${name} refers to itself by ${below.join(", ")}`);
    for (const { child, parent } of references) {
      if (child === name && parent !== name) add(parent, [...below, name]);
    }
    ordered.add(name);
  };
  for (const name of names) add(name, []);
  return [...ordered];
}
