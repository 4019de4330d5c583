import { Kysely, sql, type Transaction } from "kysely";
import { systemClock } from "../../lib/clock.ts";
import type { Digest } from "../../oci/digest.ts";
import { MetadataError } from "../contract.ts";
import { migrate, unfinishedCopy } from "../migrations/index.ts";
import { postgresDialect } from "../postgres/dialect.ts";
import { explained } from "../postgres/explained.ts";
import { postgresWords } from "../postgres/words.ts";
import type { Schema } from "../schema.ts";
import type { Row, Value } from "./source.ts";

/** How far a copy has come. */
export interface Position {
  table: string;
  /** Values of the last row's primary key; undefined: nothing of the table has been copied. */
  after: Value[] | undefined;
}

export interface CopyTargetOptions {
  url: string;
  ca: string | undefined;
}

const connectMs = 5000;
const digestsPerStatement = 500;
const named = sql.table(unfinishedCopy);

/** A database of PostgreSQL that is filled. Servers keep out until it is finished. */
export class CopyTarget {
  readonly #db: Kysely<Schema>;
  readonly #url: string;

  constructor({ url, ca }: CopyTargetOptions) {
    this.#url = url;
    const times = { connectMs, statementMs: undefined, lockMs: undefined, waitMs: connectMs };
    const pool = { url, ca, ...times, timers: systemClock, max: 2 };
    this.#db = new Kysely<Schema>({ dialect: postgresDialect(pool) });
  }

  /** Whether this source, as it is now, can be copied there; `unfinished`: a copy was begun. Throws a `MetadataError`. */
  async look(): Promise<"empty" | "unfinished"> {
    return this.#explained(async () => {
      const tables = await this.#tables();
      if (tables.includes(unfinishedCopy)) return "unfinished";
      if (tables.length === 0) return "empty";
      throw new MetadataError(
        "unusable",
        "WEIR_TARGET_DATABASE_URL: that database has tables already: if a migration to it came to its end, start the server there; " +
          "else give an empty database",
      );
    });
  }

  /** Makes the tables, empties them where the copy was of something else; where to go on. */
  async begin(mark: string): Promise<Position | undefined> {
    return this.#explained(async () => {
      const isEmpty = (await this.look()) === "empty";
      const noted = isEmpty ? undefined : await this.#noted();
      if (noted?.mark !== mark) await this.#db.transaction().execute((tx) => beginAnew(tx, mark));
      await migrate(this.#db, postgresWords);
      // What triggers keep in step is copied like everything else, and must not be counted twice.
      await this.#db.transaction().execute((tx) => setTriggers(tx, "disable"));
      if (noted?.mark !== mark || noted.table === null) return undefined;
      const after = noted.position === null ? undefined : (JSON.parse(noted.position) as Value[]);
      return { table: noted.table, after };
    });
  }

  /** Rows and how far that is, both or none. `isFirst`: what the schema's making has left in the table goes. */
  async write(
    table: string,
    columns: readonly string[],
    rows: readonly Row[],
    { isFirst, after }: { isFirst: boolean; after: readonly Value[] | undefined },
  ): Promise<void> {
    const position = after === undefined ? null : JSON.stringify(after);
    await this.#explained(() =>
      this.#db.transaction().execute(async (tx) => {
        if (isFirst) await sql`delete from ${sql.table(table)}`.execute(tx);
        if (rows.length > 0) await insert(tx, table, columns, rows);
        await sql`update ${named} set table_name = ${table}, position = ${position}`.execute(tx);
      }),
    );
  }

  async count(table: string): Promise<number> {
    const query = sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`;
    return (await query.execute(this.#db)).rows[0]?.count ?? 0;
  }

  /** All that makes it a database for servers, at once. */
  async finish(
    lastIds: readonly { name: string; seq: number }[],
    lost: readonly Digest[],
  ): Promise<void> {
    await this.#explained(() =>
      this.#db.transaction().execute(async (tx) => {
        await setTriggers(tx, "enable");
        for (const { name, seq } of lastIds.filter((one) => one.seq > 0)) {
          await sql`select setval(pg_get_serial_sequence(${name}, 'id'), ${seq})`.execute(tx);
        }
        for (let at = 0; at < lost.length; at += digestsPerStatement) {
          await withoutBlobs(tx, lost.slice(at, at + digestsPerStatement));
        }
        await sql`update generation set value = value + 1`.execute(tx);
        await sql`drop table ${named}`.execute(tx);
      }),
    );
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #tables(): Promise<string[]> {
    const { rows } = await sql.raw<{ name: string }>(postgresWords.tables).execute(this.#db);
    return rows.map(({ name }) => name);
  }

  async #noted() {
    const noted = sql<{ mark: string; table_name: string | null; position: string | null }>`
      select mark, table_name, position from ${named}`;
    const [row] = (await noted.execute(this.#db)).rows;
    return row && { mark: row.mark, table: row.table_name, position: row.position };
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.#url, "WEIR_TARGET_DATABASE_URL");
    }
  }
}

/** Everything in it is ours: it was empty when the first copy began. */
async function beginAnew(tx: Transaction<Schema>, mark: string): Promise<void> {
  await sql
    .raw(
      `do $$ declare t record; begin
  for t in select relname as name from pg_catalog.pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' loop
    execute format('drop table %I cascade', t.name);
  end loop;
  for t in select p.oid::regprocedure as name from pg_catalog.pg_proc p
    where p.pronamespace = current_schema()::regnamespace and p.prokind = 'f'
    and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e') loop
    execute format('drop function %s cascade', t.name);
  end loop;
end $$`,
    )
    .execute(tx);
  await sql`create table ${named} (mark text not null, table_name text, position text)`.execute(tx);
  await sql`insert into ${named} (mark) values (${mark})`.execute(tx);
}

/** All that are not the engine's own. References hold all the time. */
async function setTriggers(tx: Transaction<Schema>, how: "enable" | "disable"): Promise<void> {
  await sql
    .raw(
      `do $$ declare t record; begin
  for t in select relname as name from pg_catalog.pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' loop
    execute format('alter table %I ${how} trigger user', t.name);
  end loop;
end $$`,
    )
    .execute(tx);
}

async function insert(
  tx: Transaction<Schema>,
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  const names = sql.join(columns.map((name) => sql.ref(name)));
  const tuples = rows.map((row) => {
    const values = columns.map((name) => sql.val(row[name] ?? null));
    return sql`(${sql.join(values)})`;
  });
  const into = sql`insert into ${sql.table(table)} (${names})`;
  await sql`${into} values ${sql.join(tuples)}`.execute(tx);
}

async function withoutBlobs(tx: Transaction<Schema>, digests: readonly Digest[]): Promise<void> {
  await tx.deleteFrom("blobs").where("digest", "in", digests).execute();
  await tx
    .updateTable("cache_entries")
    .set({ proof: "named", upstream_checked_at: 0 })
    .where("kind", "=", "blob")
    .where("proof", "=", "shown")
    .where("digest", "in", digests)
    .execute();
}
