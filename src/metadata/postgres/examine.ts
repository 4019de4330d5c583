import { Kysely, sql } from "kysely";
import { systemClock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Sealer } from "../../lib/seal.ts";
import { type ExaminedDatabase, schemaOf, upstreamsOf } from "../examined.ts";
import { Passwords } from "../passwords.ts";
import type { Schema } from "../schema.ts";
import { postgresDialect } from "./dialect.ts";
import { postgresWords } from "./words.ts";

/** Somebody waits for it. */
const patienceMs = 5000;

/** The same as of SQLite, but for the engine's own check, which PostgreSQL has none of. Undefined: it has no tables of ours yet. */
export async function examinePostgres(
  { url, ca }: { url: string; ca: string | undefined },
  { sealer, log }: { sealer: Sealer | undefined; log: Log },
): Promise<ExaminedDatabase | undefined> {
  const times = { connectMs: patienceMs, statementMs: patienceMs, waitMs: patienceMs };
  const pool = { url, ca, ...times, lockMs: undefined, timers: systemClock, max: 1 };
  const db = new Kysely<Schema>({ dialect: postgresDialect(pool) });
  const unknown = { upstreams: undefined, registries: undefined, sealed: [] };
  const found = { ...unknown, damage: [], problem: undefined };
  try {
    const tables = await sql.raw<{ name: string }>(postgresWords.tables).execute(db);
    if (!tables.rows.some(({ name }) => name === "kysely_migration")) return undefined;
    const done = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
    const schema = schemaOf(done.rows.map(({ name }) => name));
    if (schema !== "current" || sealer === undefined) return { ...found, schema };
    return { ...found, schema, ...(await upstreamsOf(db, new Passwords(sealer, log))) };
  } catch (error) {
    return { ...found, schema: undefined, problem: failureCode(error) };
  } finally {
    await db.destroy();
  }
}
