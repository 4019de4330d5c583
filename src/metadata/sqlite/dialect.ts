import type { Database, SQLQueryBindings, Statement } from "bun:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type SelectModifierNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { sleep } from "../../lib/clock.ts";
import { LruMap } from "../../lib/lru.ts";
import type { Checkpoints } from "./checkpoints.ts";

/** More than the program has different queries; those with lists of varying length push each other out. */
const maxStatements = 256;

/** For so long a write waits for other connections, and what is behind it waits with it; pulls from memory go on. */
const busyMs = 250;
/** The same while our own thread has the lock: it waits for nothing but the disk. */
const checkpointMs = 10_000;
const retryMs = 1;

type Keeper = Pick<Checkpoints, "written" | "isRunning" | "close">;
const nobody: Keeper = { written() {}, isRunning: false, async close() {} };

/**
 * Kysely over one connection of `bun:sqlite`; Kysely itself hands the connection out in turn. The keeper of its log is told
 * of what is written, and closed with it.
 */
export function sqliteDialect(database: Database, keeper: Keeper = nobody): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(database, keeper),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new Compiler(),
  };
}

/** A migration that is killed half-way must leave nothing: SQLite can roll back changes of the schema too. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

const rowLocks = new Set<unknown>(["ForShare", "ForUpdate", "ForNoKeyUpdate", "SkipLocked"]);

/** Whoever writes has the whole database, so rows need no locks, and SQLite knows none. */
class Compiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (!rowLocks.has(node.modifier)) super.visitSelectModifier(node);
  }
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;

  constructor(
    readonly database: Database,
    readonly keeper: Keeper,
  ) {
    this.#connection = new SqliteConnection(database, keeper);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /** Immediate: one that reads first and writes later would fail at once beside another writer. */
  async beginTransaction(): Promise<void> {
    await onceFree(this.keeper, () => this.database.run("begin immediate"));
    this.#connection.isInTransaction = true;
  }

  async commitTransaction(): Promise<void> {
    this.database.run("commit");
    this.#connection.isInTransaction = false;
    this.keeper.written();
  }

  /** SQLite has rolled back by itself after some errors, a full disk among them. */
  async rollbackTransaction(): Promise<void> {
    this.#connection.isInTransaction = false;
    if (this.database.inTransaction) this.database.run("rollback");
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.keeper.close();
    this.database.close(true);
  }
}

/** Waiting within SQLite would stop the whole process. */
async function onceFree<T>(keeper: Keeper, work: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    try {
      return work();
    } catch (error) {
      const limit = keeper.isRunning ? checkpointMs : busyMs;
      if (!isBusy(error) || waitedMs >= limit) throw error;
      await sleep(retryMs);
    }
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "SQLITE_BUSY";
}

const isRead = ({ query }: CompiledQuery) => query.kind === "SelectQueryNode";

interface Prepared {
  statement: Statement<unknown, SQLQueryBindings[]>;
  hasRows: boolean;
}

class SqliteConnection implements DatabaseConnection {
  readonly #prepared = new LruMap<string, Prepared>(maxStatements);

  isInTransaction = false;

  constructor(
    readonly database: Database,
    readonly keeper: Keeper,
  ) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { statement, hasRows } = this.#prepare(query.sql);
    const parameters = query.parameters as SQLQueryBindings[];
    if (hasRows) {
      const all = () => statement.all(...parameters) as R[];
      return { rows: isRead(query) ? all() : await this.#writing(all) };
    }
    const { changes } = await this.#writing(() => statement.run(...parameters));
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  /** Begins a transaction of its own where there is none. */
  async #writing<T>(work: () => T): Promise<T> {
    if (this.isInTransaction) return work();
    const result = await onceFree(this.keeper, work);
    this.keeper.written();
    return result;
  }

  streamQuery(): never {
    throw new Error("streaming is not supported");
  }

  /** `database.query` would keep no more than 20 statements. */
  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.database.prepare<unknown, SQLQueryBindings[]>(sql);
    const prepared = { statement, hasRows: statement.columnNames.length > 0 };
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
