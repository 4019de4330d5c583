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
import { LruMap } from "../../lib/lru.ts";

/** More than the program has different queries; those with lists of varying length push each other out. */
const maxStatements = 256;

/** Kysely over one connection of `bun:sqlite`; Kysely itself hands the connection out in turn. */
export function sqliteDialect(database: Database): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(database),
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

/** Whoever writes has the whole database, so rows need no locks, and SQLite knows none. */
class Compiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier !== "ForShare" && node.modifier !== "ForUpdate") {
      super.visitSelectModifier(node);
    }
  }
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;

  constructor(readonly database: Database) {
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /** Immediate: one that reads first and writes later would fail at once beside another writer. */
  async beginTransaction(): Promise<void> {
    this.database.run("begin immediate");
  }

  async commitTransaction(): Promise<void> {
    this.database.run("commit");
  }

  /** SQLite has rolled back by itself after some errors, a full disk among them. */
  async rollbackTransaction(): Promise<void> {
    if (this.database.inTransaction) this.database.run("rollback");
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.database.close(true);
  }
}

interface Prepared {
  statement: Statement<unknown, SQLQueryBindings[]>;
  hasRows: boolean;
}

class SqliteConnection implements DatabaseConnection {
  readonly #prepared = new LruMap<string, Prepared>(maxStatements);

  constructor(readonly database: Database) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { statement, hasRows } = this.#prepare(query.sql);
    const parameters = query.parameters as SQLQueryBindings[];
    if (hasRows) return { rows: statement.all(...parameters) as R[] };
    const { changes } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
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
