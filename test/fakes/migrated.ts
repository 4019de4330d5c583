import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Kysely } from "kysely";
import { createLog } from "../../src/lib/log.ts";
import { migrate } from "../../src/metadata/migrations/index.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { Checkpoints } from "../../src/metadata/sqlite/checkpoints.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { openDatabase, sqliteWords } from "../../src/metadata/sqlite/open.ts";
import { SteppedClock } from "./clock.ts";

let made: Promise<string> | undefined;

/**
 * Puts a database there as the newest schema makes it, with nothing in it, unless there is one: the migrations take a
 * twentieth of a second, which thousands of tests would pay.
 */
export async function putMigrated(file: string): Promise<void> {
  made ??= makeMigrated();
  const from = await made;
  if (!existsSync(file)) copyFileSync(from, file);
}

async function makeMigrated(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "weir-migrated-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "weir.db");
  const log = createLog(new SteppedClock(), "error", {
    write: () => undefined,
    flush: async () => undefined,
  });
  const database = openDatabase(file);
  const dialect = sqliteDialect(database, new Checkpoints(database, file, log));
  const db = new Kysely<Schema>({ dialect });
  await migrate(db, sqliteWords);
  await db.destroy();
  return file;
}
