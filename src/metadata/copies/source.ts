import { Database } from "bun:sqlite";
import { Kysely, type RawBuilder, sql } from "kysely";
import { MetadataError } from "../contract.ts";
import { schemaOf } from "../examined.ts";
import type { Schema } from "../schema.ts";
import { sqliteDialect } from "../sqlite/dialect.ts";
import { FileLock } from "../sqlite/lock.ts";
import { explained, requireFile, sqliteWords } from "../sqlite/open.ts";
import { tablesInOrder } from "../tables.ts";
import {
  columnsOf,
  isSameKey,
  namesOf,
  type Page,
  type Range,
  type Row,
  type Shape,
  within,
} from "./rows.ts";

/** A file of SQLite. Each look at it is short: a long one would have the write-ahead log of its server grow. */
export class CopySource {
  readonly db: Kysely<Schema>;
  readonly #file: string;
  readonly #lock: FileLock | undefined;

  private constructor(database: Database, file: string, lock: FileLock | undefined) {
    this.db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
    this.#file = file;
    this.#lock = lock;
  }

  /** `alone`: no server has it meanwhile. Throws a `MetadataError`: `in_use` while one has. */
  static open(file: string, { alone }: { alone: boolean }): CopySource {
    requireFile(file);
    let lock: FileLock | undefined;
    let database: Database | undefined;
    try {
      if (alone) lock = new FileLock(file);
      // What a killed server has left in its log is brought home only by who may write.
      database = new Database(file, { readonly: !alone, readwrite: alone, strict: true });
      requireCurrent(database, file);
      return new CopySource(database, file, lock);
    } catch (error) {
      database?.close(false);
      lock?.release();
      throw explained(error, file);
    }
  }

  async shapes(): Promise<Shape[]> {
    const tables = await tablesInOrder(this.db, sqliteWords);
    return Promise.all(tables.map((table) => this.#shapeOf(table)));
  }

  async #shapeOf(table: string): Promise<Shape> {
    const all = sql<{ name: string; type: string; pk: number }>`
      select name, type, pk from pragma_table_info(${table})`;
    const rows = await this.#read(all);
    const key = rows.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    const bytes = rows.filter(({ type }) => type.toLowerCase() === "blob");
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
    return { table, columns: names(rows), key: names(key), bytes: names(bytes) };
  }

  /** The first rows of a range, at most so many. */
  async page(shape: Shape, range: Range, limit: number): Promise<Page> {
    const { table, key } = shape;
    const query = sql<Row>`select ${columnsOf(shape, hexOf)} from ${sql.table(table)}
      where ${within(shape, range)} order by ${namesOf(key)} limit ${limit}`;
    const rows = await this.#read(query);
    const last = rows.at(-1);
    const isWhole = rows.length < limit || last === undefined;
    const upto = isWhole ? range.upto : key.map((name) => last[name] ?? null);
    return { after: range.after, upto, rows: rows.map(textOf) };
  }

  /** All rows of a range, a page at a time. */
  async *pages(shape: Shape, range: Range, limit: (page?: Page) => number): AsyncGenerator<Page> {
    for (let page: Page | undefined, after = range.after; ; after = page.upto) {
      page = await this.page(shape, { after, upto: range.upto }, limit(page));
      yield page;
      if (isSameKey(page.upto, range.upto)) return;
    }
  }

  async count(table: string): Promise<number> {
    const query = sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`;
    return (await this.#read(query))[0]?.count ?? 0;
  }

  /** The last id that each table has given out. */
  async lastIds(): Promise<{ name: string; seq: number }[]> {
    const query = sql<{ name: string; seq: number }>`select name, seq from sqlite_sequence`;
    return this.#read(query);
  }

  async close(): Promise<void> {
    await this.db.destroy();
    this.#lock?.release();
  }

  async #read<R>(query: RawBuilder<R>): Promise<R[]> {
    try {
      return (await query.execute(this.db)).rows;
    } catch (error) {
      throw explained(error, this.#file);
    }
  }
}

const hexOf = (column: RawBuilder<unknown>) =>
  sql`iif(${column} is null, null, '\\x' || lower(hex(${column})))`;

/** Without a character that PostgreSQL's texts cannot have. */
function textOf(row: Row): string {
  const text = JSON.stringify(row);
  if (!text.includes("\\u0000")) return text;
  return text.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, "$1\\ufffd");
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
