import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Kysely } from "kysely";
import { blobCount } from "../../src/metadata/blob-count.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { SteppedClock } from "../fakes/clock.ts";

test("blobs are counted to the last one, whatever the steps", async () => {
  const numbers = fc.record({ blobs: fc.nat(20), step: fc.integer({ min: 1, max: 7 }) });
  await fc.assert(
    fc.asyncProperty(numbers, async ({ blobs, step }) => {
      const database = new Database(":memory:");
      database.run("create table blobs (digest text primary key)");
      for (let i = 0; i < blobs; i++) {
        database.run("insert into blobs values (?)", [digestOf(Buffer.from([i]))]);
      }
      const db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
      expect(await blobCount(db, new SteppedClock(), step)).toBe(blobs);
      await db.destroy();
    }),
  );
});
