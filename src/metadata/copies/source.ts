import { Database } from "bun:sqlite";
import { Kysely, sql } from "kysely";
import { statSync } from "node:fs";
import { MetadataError } from "../contract.ts";
import { schemaOf } from "../examined.ts";
import type { Schema } from "../schema.ts";
import { sqliteDialect } from "../sqlite/dialect.ts";
import { FileLock } from "../sqlite/lock.ts";
import { explained, requireFile } from "../sqlite/open.ts";

export type Value = string | number | null | Uint8Array;
export type Row = Record<string, Value>;

/** A file of SQLite that no server writes while it is copied. */
export class CopySource {
  readonly db: Kysely<Schema>;
  /** Another one whenever something has been written. */
  readonly mark: string;
  readonly #lock: FileLock;

  private constructor(database: Database, mark: string, lock: FileLock) {
    this.db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
    this.mark = mark;
    this.#lock = lock;
  }

  /** Throws a `MetadataError`: `in_use` while a server has it. */
  static open(file: string): CopySource {
    requireFile(file);
    let lock: FileLock | undefined;
    let database: Database | undefined;
    try {
      lock = new FileLock(file);
      database = new Database(file, { readwrite: true, strict: true });
      requireCurrent(database, file);
      // What a killed server left in its log is brought home, so that the file alone tells of changes.
      database.run("pragma wal_checkpoint(truncate)");
      const { size, mtimeNs } = statSync(file, { bigint: true });
      return new CopySource(database, `${file} ${size} ${mtimeNs}`, lock);
    } catch (error) {
      database?.close(false);
      lock?.release();
      throw explained(error, file);
    }
  }

  /** The columns that are stored, and those of the primary key in its order. */
  async shapeOf(table: string): Promise<{ columns: string[]; key: string[] }> {
    const all = sql<{ name: string; pk: number }>`select name, pk from pragma_table_info(${table})`;
    const { rows } = await all.execute(this.db);
    const key = rows.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    return { columns: rows.map(({ name }) => name), key: key.map(({ name }) => name) };
  }

  /** In order of the key, those behind `after`. */
  async rows(
    table: string,
    { columns, key }: { columns: readonly string[]; key: readonly string[] },
    after: readonly Value[] | undefined,
    limit: number,
  ): Promise<Row[]> {
    const names = (list: readonly string[]) => sql.join(list.map((name) => sql.ref(name)));
    const behind = after
      ? sql`where (${names(key)}) > (${sql.join(after.map((value) => sql.val(value)))})`
      : sql``;
    const query = sql<Row>`select ${names(columns)} from ${sql.table(table)} ${behind}
      order by ${names(key)} limit ${limit}`;
    return (await query.execute(this.db)).rows;
  }

  async count(table: string): Promise<number> {
    const query = sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`;
    return (await query.execute(this.db)).rows[0]?.count ?? 0;
  }

  /** The last id that each table has given out. */
  async lastIds(): Promise<{ name: string; seq: number }[]> {
    const query = sql<{ name: string; seq: number }>`select name, seq from sqlite_sequence`;
    return (await query.execute(this.db)).rows;
  }

  async close(): Promise<void> {
    await this.db.destroy();
    this.#lock.release();
  }
}

function requireCurrent(database: Database, file: string): void {
  const steps = database.query<{ name: string }, []>("select name from kysely_migration").all();
  const schema = schemaOf(steps.map(({ name }) => name));
  if (schema === "current") return;
  const fix =
    schema === "newer"
      ? "run weir migrate of that release"
      : "start a server of this release on it once, which brings it up to date";
  throw new MetadataError("newer", `${file} has the schema of another release: ${fix}`);
}
