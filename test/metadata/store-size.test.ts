import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Kysely } from "kysely";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { storeSize } from "../../src/metadata/store-size.ts";
import { digestOf } from "../../src/oci/digest.ts";

test("what is stored is counted to the last row, whatever the steps", async () => {
  const sizes = fc.array(fc.nat(), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 7 }), async (all, step) => {
      const database = new Database(":memory:");
      database.run("create table blobs (digest text primary key, size integer not null)");
      for (const [i, size] of all.entries()) {
        database.run("insert into blobs values (?, ?)", [digestOf(Buffer.from([i])), size]);
      }
      const db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
      const bytes = all.reduce((sum, size) => sum + size, 0);
      expect(await storeSize(db, step)).toEqual({ blobs: all.length, bytes });
      await db.destroy();
    }),
  );
});
