import { type ReservedSQL, SQL } from "bun";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { isConnectionLost, isStalePlan, PostgresError, translated } from "./errors.ts";

export interface ConnectionOptions {
  url: string;
  /** PEM of the authorities that sign the server's certificate; undefined: the well-known ones. */
  ca: string | undefined;
  connectMs: number;
  /** After so long the server gives a statement up; undefined: it may take as long as it takes. */
  statementMs: number | undefined;
  /** After so long it gives up waiting for a lock; undefined: with the statement. */
  lockMs: number | undefined;
  /** A real server takes real time. */
  timers: Clock;
}

/** How much later than the server a statement is given up here, where the server does not even do that. */
const graceMs = 1000;
/** A transaction in which nothing happens for so long belongs to a process that hangs, and keeps others waiting. */
const idleInTransactionMs = 30_000;

/** Shared by the connections of a pool: see `isStalePlan`. */
export interface Plans {
  /** Ends each statement. Another one makes other statements of all. */
  suffix: string;
}

/**
 * One connection. The runtime's client would quietly open another one in its place when it is lost, in the middle of a
 * transaction too: it is reserved for as long as it lives, so that its loss is an error.
 */
export class Connection implements DatabaseConnection {
  readonly #client: SQL;
  readonly #options: ConnectionOptions;
  readonly #plans: Plans;
  #link: ReservedSQL | undefined;
  #isBroken = false;
  inTransaction = false;

  private constructor(options: ConnectionOptions, plans: Plans) {
    this.#options = options;
    this.#plans = plans;
    this.#client = new SQL(clientOptions(options, () => (this.#isBroken = true)));
  }

  static async open(options: ConnectionOptions, plans: Plans): Promise<Connection> {
    const connection = new Connection(options, plans);
    const { connectMs } = options;
    connection.#link = await connection.#within(connectMs, () => connection.#client.reserve());
    return connection;
  }

  /** It is of no more use. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.#run(query.sql, query.parameters);
    } catch (error) {
      if (!isStalePlan(error)) throw error;
      this.#plans.suffix += " ";
      if (this.inTransaction) throw error; // which has ended by that: it is done anew as a whole
      return this.#run(query.sql, query.parameters);
    }
  }

  async #run<R>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<R>> {
    const link = this.#link;
    if (!link || this.#isBroken) throw new PostgresError("POSTGRES_CONNECTION_CLOSED", "lost");
    const { statementMs } = this.#options;
    const deadline = statementMs === undefined ? undefined : statementMs + graceMs;
    const text = sql + this.#plans.suffix;
    const rows = await this.#within<unknown[] & { count?: unknown }>(deadline, () =>
      parameters.length === 0 ? link.unsafe(text) : link.unsafe(text, parameters.map(parameterOf)),
    );
    const count = typeof rows.count === "number" ? rows.count : rows.length;
    return { rows: rows.map(rowOf) as R[], numAffectedRows: BigInt(count) };
  }

  streamQuery(): never {
    throw new Error("streaming is not supported");
  }

  /** Whatever the server does, this ends in time, and with the connection where it has to. */
  async #within<T>(ms: number | undefined, work: () => PromiseLike<T>): Promise<T> {
    let isLate = false;
    const timer =
      ms === undefined
        ? undefined
        : this.#options.timers.after(ms, () => {
            isLate = true;
            this.end();
          });
    try {
      return await work();
    } catch (error) {
      const known = isLate
        ? new PostgresError("POSTGRES_TIMEOUT", "no answer in time", { cause: error })
        : translated(error);
      if (isConnectionLost(known)) this.#isBroken = true;
      throw known;
    } finally {
      timer?.cancel();
    }
  }

  /** Closes it at once; what is under way fails. */
  end(): void {
    this.#isBroken = true;
    // What a connection that is given up has to say about its end is of no interest to anybody.
    this.#client.close({ timeout: 0 }).catch(() => undefined);
  }
}

function clientOptions(options: ConnectionOptions, onclose: () => void): SQL.Options {
  const { url, ca, statementMs, lockMs, connectMs } = options;
  const { address, tls } = addressOf(url, ca);
  return {
    ...address,
    ...tls,
    adapter: "postgres",
    max: 1,
    // 64 bits as they are: as numbers they would come as texts where they are large.
    bigint: true,
    idleTimeout: 0,
    maxLifetime: 0,
    connectionTimeout: Math.ceil(connectMs / 1000),
    onclose,
    connection: {
      application_name: "weir",
      // What our transactions are written for, whatever the database's own default.
      default_transaction_isolation: "read committed",
      // It guesses high what a recursion costs, and would compile for longer than the statement takes.
      jit: "off",
      statement_timeout: String(statementMs ?? 0),
      lock_timeout: String(lockMs ?? 0),
      idle_in_transaction_session_timeout: String(
        statementMs === undefined ? 0 : idleInTransactionMs,
      ),
    },
  };
}

/** The parts of a URL as the client takes them: a folder given as `host` has the server's socket. */
function addressOf(url: string, ca: string | undefined) {
  const { hostname, port, pathname, username, password, searchParams } = new URL(url);
  const number = Number(port || 5432);
  const folder = searchParams.get("host");
  const address = {
    hostname: hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: number,
    database: decodeURIComponent(pathname.slice(1)),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    ...(folder !== null && { path: `${folder}/.s.PGSQL.${number}` }),
  };
  return { address, tls: tlsOf(searchParams.get("sslmode"), ca) };
}

function tlsOf(
  mode: string | null,
  ca: string | undefined,
): Pick<SQL.PostgresOrMySQLOptions, "tls"> {
  if (mode === "verify-full") return { tls: { rejectUnauthorized: true, ...(ca && { ca }) } };
  return mode === "require" ? { tls: { rejectUnauthorized: false } } : { tls: false };
}

/** No text of this server has such a character, and theirs cannot have it: what is looked for is not found. */
function parameterOf(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0")
    ? value.replaceAll("\0", "\uFFFD")
    : value;
}

/** All our integers are below 2^53. */
function rowOf(row: unknown): unknown {
  const fields = row as Record<string, unknown>;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "bigint") fields[name] = Number(value);
  }
  return fields;
}
