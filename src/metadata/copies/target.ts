import { Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { systemClock } from "../../lib/clock.ts";
import type { Digest } from "../../oci/digest.ts";
import { MetadataError } from "../contract.ts";
import { migrate, unfinishedCopy } from "../migrations/index.ts";
import { postgresDialect } from "../postgres/dialect.ts";
import { PostgresError } from "../postgres/errors.ts";
import { explained } from "../postgres/explained.ts";
import { postgresWords } from "../postgres/words.ts";
import type { Schema } from "../schema.ts";
import { beginAnew, mark } from "./anew.ts";
import { beginParts, type Part, partOf, partsBehind, partsTable, settle } from "./parts.ts";
import { addReferences, dropReferences, referencesTable, setTriggers } from "./resting.ts";
import { difference, digestOf, type Page, type Shape } from "./rows.ts";
import { byIndex, copiedRows, deleteRows, giveUp, insertRows } from "./writing.ts";

export interface CopyTargetOptions {
  url: string;
  ca: string | undefined;
}

const connectMs = 5000;
const uniqueViolation = "POSTGRES_23505";
const referenceViolation = "POSTGRES_23503";

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

  /** Whether anything can be copied there; `unfinished`: a copy was begun. Throws a `MetadataError`. */
  async look(): Promise<"empty" | "unfinished"> {
    const tables = await this.#tables();
    if (tables.includes(unfinishedCopy)) return "unfinished";
    if (tables.length === 0) return "empty";
    throw new MetadataError(
      "unusable",
      "WEIR_TARGET_DATABASE_URL: that database has tables already: if a migration to it came to its end, start the server there; " +
        "else give an empty database",
    );
  }

  /** Makes the tables, and has what would be in the way of a copy rest. */
  async begin(shapes: readonly Shape[]): Promise<void> {
    await this.#explained(async () => {
      const isEmpty = (await this.look()) === "empty";
      if (isEmpty || (await this.#mark()) !== mark) await this.#transaction(beginAnew);
      await migrate(this.#db, postgresWords);
      await this.#transaction(async (tx) => {
        // What triggers keep in step is copied like everything else, and must not be counted twice.
        await setTriggers(tx, "disable");
        await dropReferences(tx);
        await beginParts(tx, shapes);
      });
    });
  }

  /** Parts that may have rows in the target. */
  filled(): AsyncGenerator<Part> {
    return this.#parts(sql`row_count is not null`);
  }

  /** Parts that are not what the source's were. */
  unsettled(): AsyncGenerator<Part> {
    return this.#parts(sql`digest is null`);
  }

  /**
   * Brings rows of a range to what they are in a page, the first of what is left of the part, and notes that, both or none. How
   * many were `copied`: undefined where another row of the target has what is one of theirs; then those go that the page has
   * not, and the part is not settled. What is behind the page is the `rest`.
   */
  async settle(
    shape: Shape,
    part: Part,
    page: Page,
  ): Promise<{ copied: number | undefined; rest: Part | undefined }> {
    return this.#explained(async () => {
      try {
        return await this.#transaction(async (tx) => {
          const rest = await settle(tx, part, page, digestOf(page));
          const missing = await leaveCommon(tx, shape, part, page);
          await insertRows(tx, shape, missing);
          return { copied: missing.length, rest };
        });
      } catch (error) {
        if (!isOf(error, uniqueViolation)) throw error;
      }
      return this.#transaction(async (tx) => {
        const rest = await settle(tx, part, page, undefined);
        await leaveCommon(tx, shape, part, page);
        return { copied: undefined, rest };
      });
    });
  }

  /** Tables with a part that is not settled. */
  async unlike(): Promise<string[]> {
    const query = sql<{ name: string }>`
      select distinct table_name as name from ${sql.table(partsTable)} where digest is null`;
    return (await this.#rows(query)).map(({ name }) => name);
  }

  async count(table: string): Promise<number> {
    const query = sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`;
    return (await this.#rows(query))[0]?.count ?? 0;
  }

  /** All that makes it a database for servers, at once. */
  async finish(
    lastIds: readonly { name: string; seq: number }[],
    lost: readonly Digest[],
  ): Promise<void> {
    await this.#explained(() =>
      this.#transaction(async (tx) => {
        await addReferences(tx).catch(refuseDangling);
        await setTriggers(tx, "enable");
        for (const { name, seq } of lastIds.filter((one) => one.seq > 0)) {
          await sql`select setval(pg_get_serial_sequence(${name}, 'id'), ${seq})`.execute(tx);
        }
        await giveUp(tx, lost);
        await sql`update generation set value = value + 1`.execute(tx);
        for (const name of [partsTable, referencesTable, unfinishedCopy]) {
          await sql`drop table ${sql.table(name)}`.execute(tx);
        }
      }),
    );
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #tables(): Promise<string[]> {
    const rows = await this.#rows(sql.raw<{ name: string }>(postgresWords.tables));
    return rows.map(({ name }) => name);
  }

  async #mark(): Promise<string | undefined> {
    const noted = sql<{ mark: string }>`select mark from ${sql.table(unfinishedCopy)}`;
    return (await this.#rows(noted))[0]?.mark;
  }

  /** Those that are there when this begins, in the order in which they were made. */
  async *#parts(condition: RawBuilder<unknown>): AsyncGenerator<Part> {
    const all = sql<{ id: number | null }>`select max(id) as id from ${sql.table(partsTable)}`;
    const last = (await this.#rows(all))[0]?.id ?? 0;
    for (let after: number | undefined = 0; after !== undefined;) {
      const query = partsBehind(after, last, condition);
      const rows = await this.#rows(query);
      yield* rows.map(partOf);
      after = rows.at(-1)?.id;
    }
  }

  async #rows<Row>(query: RawBuilder<Row>): Promise<Row[]> {
    return this.#explained(async () => (await query.execute(this.#db)).rows);
  }

  #transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.#db.transaction().execute(work);
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.#url, "WEIR_TARGET_DATABASE_URL");
    }
  }
}

/** Rows of the target that the page has not go; resolves with those that only the page has. */
async function leaveCommon(
  tx: Transaction<Schema>,
  shape: Shape,
  part: Part,
  page: Page,
): Promise<readonly string[]> {
  if (part.rows === undefined) return page.rows;
  await byIndex(tx);
  const { stale, missing } = difference(page, await copiedRows(tx, shape, page));
  await deleteRows(tx, shape, stale);
  return missing;
}

const isOf = (error: unknown, code: string) =>
  error instanceof PostgresError && error.code === code;

function refuseDangling(error: unknown): never {
  if (!isOf(error, referenceViolation)) throw error;
  const text =
    "WEIR_TARGET_DATABASE_URL: a row that was copied refers to one that is not there: the copy is not used; drop the target database, make it anew, and run weir migrate again";
  throw new MetadataError("damaged", text, { cause: error });
}
