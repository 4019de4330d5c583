import type { Timer } from "../../lib/clock.ts";
import { Connection, type ConnectionOptions, type Plans } from "./connection.ts";
import { isServerFull, PostgresError } from "./errors.ts";

export interface PoolOptions extends ConnectionOptions {
  /** Connections at most. */
  max: number;
  /** After so long whoever waits for a connection is refused. */
  waitMs: number;
}

interface Waiting {
  /** With a connection; undefined: there is room for another try. */
  go: (connection: Connection | undefined) => void;
  fail: (error: PostgresError) => void;
  timer: Timer;
}

/** Connections, opened as they are needed. Where the server takes no more, those that are there are shared. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #plans: Plans = { suffix: "" };
  readonly #waiting = new Set<Waiting>();
  readonly #all = new Set<Connection>();
  #idle: Connection[] = [];
  /** Those that are open, and those on their way. */
  #size = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async acquire(): Promise<Connection> {
    for (;;) {
      if (this.#isClosed) throw new PostgresError("POSTGRES_CLOSED", "the database is closed");
      const connection = this.#takeIdle() ?? (await this.#openOne()) ?? (await this.#wait());
      if (connection) return connection;
    }
  }

  release(connection: Connection): void {
    if (connection.isBroken || this.#isClosed) {
      this.#forget(connection);
      return;
    }
    const [next] = this.#waiting;
    if (next) this.#settle(next).go(connection);
    else this.#idle.push(connection);
  }

  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting) this.#settle(waiting).go(undefined);
    for (const connection of this.#all) connection.end();
    this.#idle = [];
  }

  /** The one used last: what has come to an end meanwhile is told apart by itself. */
  #takeIdle(): Connection | undefined {
    for (let one = this.#idle.pop(); one; one = this.#idle.pop()) {
      if (!one.isBroken) return one;
      this.#forget(one);
    }
    return undefined;
  }

  /** Undefined where there are as many as there may be. */
  async #openOne(): Promise<Connection | undefined> {
    if (this.#size >= this.#options.max) return undefined;
    this.#size++;
    try {
      const connection = await Connection.open(this.#options, this.#plans);
      this.#all.add(connection);
      return connection;
    } catch (error) {
      this.#size--;
      if (isServerFull(error) && this.#size > 0) return undefined;
      this.#wake();
      throw error;
    }
  }

  #wait(): Promise<Connection | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection | undefined>();
    const timer = this.#options.timers.after(this.#options.waitMs, () =>
      this.#settle(waiting).fail(
        new PostgresError("POSTGRES_BUSY", "all connections to the database are in use"),
      ),
    );
    const waiting: Waiting = { go: resolve, fail: reject, timer };
    this.#waiting.add(waiting);
    return promise;
  }

  #settle(waiting: Waiting): Waiting {
    this.#waiting.delete(waiting);
    waiting.timer.cancel();
    return waiting;
  }

  #forget(connection: Connection): void {
    connection.end();
    if (this.#all.delete(connection)) this.#size--;
    this.#wake();
  }

  #wake(): void {
    const [next] = this.#waiting;
    if (next) this.#settle(next).go(undefined);
  }
}
