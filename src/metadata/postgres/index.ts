import { Kysely, sql, type Transaction } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { assemble, type Engine, type MetadataOptions } from "../assemble.ts";
import { SqlCache } from "../cache.ts";
import type { Metadata } from "../contract.ts";
import { rowsByKey } from "../entry-rows.ts";
import { SqlLists } from "../lists/lists.ts";
import type { Db, Schema } from "../schema.ts";
import { databaseTime, timeOf } from "../time.ts";
import { lockKey } from "../turns.ts";
import { SharedChanges } from "./changes.ts";
import { postgresDialect } from "./dialect.ts";
import { explained } from "./explained.ts";
import { Growth } from "./growth.ts";
import type { PoolOptions } from "./pool.ts";
import { ReadOnly } from "./read-only.ts";
import { RecentCache } from "./recent.ts";
import { SharedLists } from "./shared-lists.ts";
import { bringUpToDate, lockMs } from "./up-to-date.ts";

export interface PostgresOptions extends MetadataOptions {
  /** `postgres://user:password@host:port/database`, checked. */
  url: string;
  /** PEM of the authorities that sign the server's certificate; undefined: the well-known ones. */
  ca: string | undefined;
  /** At most; two more while it starts, one for the generation, and now and then one for the index of entries. */
  connections: number;
  /** How long one statement may take. */
  statementMs: number;
  /** For what a real server takes, whatever `clock` says. */
  timers: Clock;
  /** Whether `clock` is the same for all servers on the database, as only tests have it; else the database's own is. */
  isClockShared: boolean;
}

const connectMs = 5000;
/** Whether the database is there has to be known sooner than what is in it. */
const probeMs = 2000;
/** Whoever stores something of the same upstream waits meanwhile. */
const stepMs = 50;

/**
 * Opens the database, and makes it or brings it to the newest schema where needed, one server after another. Throws a
 * `MetadataError` that says what to do when it cannot be used, and then leaves nothing open.
 */
export async function openPostgresMetadata(options: PostgresOptions): Promise<Metadata> {
  const { statementMs, connections } = options;
  const common = { ...options, connectMs, lockMs: undefined };
  const pool = { ...common, statementMs, max: connections, waitMs: statementMs };
  const times = { statementMs: probeMs, connectMs: probeMs, waitMs: probeMs };
  const db = opened(pool);
  const probe = opened({ ...common, ...times, max: 1 });
  let growth: Growth | undefined;
  const close = async () => {
    await growth?.stop();
    await db.destroy();
    await probe.destroy();
  };
  try {
    const alone = locking(pool);
    await alone("migrations", () => migrated(pool, options.log));
    const { clock, timers, log } = options;
    const changes = await SharedChanges.open({ db, probe, clock, timers, log });
    const time = options.isClockShared ? timeOf(clock) : databaseTime;
    const cache = new RecentCache(new SqlCache(db, changes, time, rowsByKey(db)), changes, clock);
    const lists = new SharedLists(new SqlLists(db));
    const unready = () => changes.ask().then(isThere, whyNot);
    const unlessOthers = lockingIfFree(pool);
    const reading = new ReadOnly(probe, log);
    const about = { unready, readOnly: () => reading.told(), isWritingBack: () => false };
    growth = new Growth(db, clock, log);
    const engine = { db, probe, changes, time, cache, lists, alone, unlessOthers, stepMs, close };
    return await assemble({ ...engine, ...about }, options);
  } catch (error) {
    await close();
    throw explained(error, options.url);
  }
}

const isThere = () => undefined;
const whyNot = (error: unknown) => `does not answer (${failureCode(error)})`;

const opened = (options: PoolOptions): Db =>
  new Kysely<Schema>({ dialect: postgresDialect(options) });

/** `Metadata.alone`: a lock that ends with its transaction, and that with its connection, and that with its server. */
const locking =
  (pool: PoolOptions): Metadata["alone"] =>
  (name, work) =>
    inOwnTransaction(pool, async (tx) => {
      await sql`select pg_advisory_xact_lock(${lockKey(name)})`.execute(tx);
      return work();
    });

/** `Engine.unlessOthers`. */
const lockingIfFree =
  (pool: PoolOptions): Engine["unlessOthers"] =>
  (name, work) =>
    inOwnTransaction(pool, async (tx) => {
      const taken = sql<{
        free: boolean;
      }>`select pg_try_advisory_xact_lock(${lockKey(name)}) as free`;
      const { rows } = await taken.execute(tx);
      if (rows[0]?.free === true) await work();
    });

/** On a connection of its own, for as long as it takes. */
async function inOwnTransaction<T>(
  pool: PoolOptions,
  work: (tx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  const patient = opened({ ...pool, statementMs: undefined, max: 1 });
  try {
    return await patient.transaction().execute(work);
  } finally {
    await patient.destroy();
  }
}

/** `bringUpToDate` on connections that wait as it needs it. */
async function migrated(pool: PoolOptions, log: Log): Promise<void> {
  const patient = opened({ ...pool, statementMs: undefined, lockMs, max: 2 });
  try {
    await bringUpToDate(patient, log);
  } finally {
    await patient.destroy();
  }
}
