import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryId,
  type RootOperationNode,
  type TransactionSettings,
} from "kysely";
import type { Contended } from "../turns.ts";
import type { Connection } from "./connection.ts";
import { Pool, type PoolOptions } from "./pool.ts";

/** Kysely over connections of the runtime's own client. */
export function postgresDialect(options: PoolOptions): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new PostgresDriver(new Pool(options)),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new Compiler(),
  };
}

class Adapter extends PostgresAdapter implements Contended {
  readonly isContended = true;
}

/** A text that comes from a query and not from a table is compared by its bytes too, or could not stand beside one that does. */
class Compiler extends PostgresQueryCompiler {
  override compileQuery(node: RootOperationNode, queryId: QueryId): CompiledQuery {
    const query = super.compileQuery(node, queryId);
    if (!query.sql.includes(" as text)")) return query;
    const sql = query.sql.replace(/cast\((?:'[^']*'|\$\d+) as text\)/g, '$& collate "C"');
    return { ...query, sql };
  }
}

class PostgresDriver implements Driver {
  constructor(readonly pool: Pool) {}

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return this.pool.acquire();
  }

  async beginTransaction(
    connection: DatabaseConnection,
    { isolationLevel: level }: TransactionSettings,
  ): Promise<void> {
    const own = connection as Connection;
    const begin = level === undefined ? "begin" : `begin isolation level ${level}`;
    await own.executeQuery(CompiledQuery.raw(begin));
    own.inTransaction = true;
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const own = connection as Connection;
    await own.executeQuery(CompiledQuery.raw("commit"));
    own.inTransaction = false;
  }

  /** The end of a connection is the end of its transaction, too. What went wrong first is what is thrown. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const own = connection as Connection;
    own.inTransaction = false;
    if (own.isBroken) return;
    try {
      await own.executeQuery(CompiledQuery.raw("rollback"));
    } catch {
      own.end();
    }
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.pool.release(connection as Connection);
  }

  async destroy(): Promise<void> {
    this.pool.close();
  }
}
