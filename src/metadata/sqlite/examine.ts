import { Database } from "bun:sqlite";
import { Kysely } from "kysely";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Sealer } from "../../lib/seal.ts";
import { type ExaminedDatabase, schemaOf, upstreamsOf } from "../examined.ts";
import { Passwords } from "../passwords.ts";
import type { Schema } from "../schema.ts";
import { sqliteDialect } from "./dialect.ts";

const most = 10;

/**
 * Looks at a database and changes nothing in it; beside a server that works with it too. `isThorough`: and reads all of it,
 * which takes its time where it is large.
 */
export async function examineSqlite(
  file: string,
  {
    sealer,
    log,
    isThorough = true,
  }: { sealer: Sealer | undefined; log: Log; isThorough?: boolean },
): Promise<ExaminedDatabase> {
  const unknown = { upstreams: undefined, registries: undefined, sealed: [] };
  const nothing = { ...unknown, schema: undefined, damage: [] };
  let database: Database;
  try {
    database = new Database(file, { readonly: true, strict: true });
  } catch (error) {
    return { ...nothing, problem: failureCode(error) };
  }
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
  try {
    const schema = schemaOf(stepsOf(database));
    const damage = isThorough ? damageOf(database) : [];
    const isReadable = schema === "current" && damage.length === 0 && sealer !== undefined;
    const found = isReadable ? await upstreamsOf(db, new Passwords(sealer, log)) : undefined;
    return { ...unknown, schema, damage, problem: undefined, ...found };
  } catch (error) {
    return { ...nothing, problem: failureCode(error) };
  } finally {
    await db.destroy();
  }
}

function stepsOf(database: Database): string[] {
  const rows = database.query<{ name: string }, []>("select name from kysely_migration").all();
  return rows.map(({ name }) => name);
}

function damageOf(database: Database): string[] {
  const rows = database.query<{ quick_check: string }, []>(`pragma quick_check(${most})`).all();
  const texts = rows.map(({ quick_check: text }) => text).filter((text) => text !== "ok");
  const dangling = database.query<{ table: string }, []>("pragma foreign_key_check").all();
  const tables = [...new Set(dangling.map(({ table }) => table))];
  return [...texts, ...tables.map((table) => `rows of ${table} name what is not there`)];
}
