import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

const golden = path.join(import.meta.dir, "schema.sql");

/** The schema of a database that was opened for the first time. */
async function freshSchema(): Promise<string> {
  const folder = sqliteFolder();
  try {
    await (await folder.open()).close();
    const database = new Database(folder.file, { readonly: true });
    const rows = database
      .query<{ sql: string }, []>(
        "select sql from sqlite_master where sql is not null and name not like 'sqlite%' order by name",
      )
      .all();
    database.close(true);
    return rows.map(({ sql }) => `${sql};\n`).join("\n");
  } finally {
    folder.remove();
  }
}

test("the schema is the one in schema.sql (WEIR_UPDATE_SCHEMA=1 writes it anew)", async () => {
  const schema = await freshSchema();
  if (process.env["WEIR_UPDATE_SCHEMA"] === "1") writeFileSync(golden, schema);
  expect(schema).toBe(readFileSync(golden, "utf8"));
});
