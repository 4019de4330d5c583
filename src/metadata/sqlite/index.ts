import { Kysely } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Sealer } from "../../lib/seal.ts";
import { SqlAuditLog } from "../audit/log.ts";
import { SqlCache } from "../cache.ts";
import { SqlCleanupRuns } from "../cleanup/runs.ts";
import { RememberedCache } from "../remembered.ts";
import type { Metadata, UpstreamSettings } from "../contract.ts";
import { SqlCredentials } from "../credentials/credentials.ts";
import { alignProxyUpstreams } from "../dependency-proxies.ts";
import { SqlDirectory } from "../directory.ts";
import { SqlHoldings } from "../holdings/holdings.ts";
import { SqlIdentity } from "../identity/identity.ts";
import { SqlLists } from "../lists/lists.ts";
import { migrate } from "../migrations/index.ts";
import { SqlManagement } from "../management/management.ts";
import { Writer } from "../management/writer.ts";
import { SqlPeople } from "../people/people.ts";
import { Passwords, sealAnew } from "../passwords.ts";
import type { Limits } from "../positions.ts";
import { SqlPurges } from "../purges/purges.ts";
import { storeSize } from "../store-size.ts";
import type { Schema } from "../schema.ts";
import { EntryIndex } from "../search/entry-index.ts";
import { SqlStatistics } from "../statistics/statistics.ts";
import { SqlUpstreamStates } from "../states.ts";
import { Uses } from "../credentials/uses.ts";
import { endLeases, SqlWorkStates } from "../work/states.ts";
import { LocalChanges } from "./changes.ts";
import { Checkpoints } from "./checkpoints.ts";
import { sqliteDialect } from "./dialect.ts";
import { FileLock } from "./lock.ts";
import { explained, openDatabase, sqliteWords } from "./open.ts";

export interface SqliteOptions {
  /** The database; `<file>.lock`, `-wal` and `-shm` lie beside it. The folder exists. */
  file: string;
  clock: Clock;
  /** For upstreams' passwords. */
  sealer: Sealer;
  log: Log;
  limits: Limits;
  /** What the upstreams of all Dependency Proxies are like, without a login; those that are there are brought to it. */
  proxyUpstream: UpstreamSettings;
}

/**
 * Opens the database, and makes it or brings it to the newest schema where needed. Throws a `MetadataError` that
 * says what to do when it cannot be used, and then leaves nothing open. One process at a time has it.
 */
export async function openSqliteMetadata(options: SqliteOptions): Promise<Metadata> {
  try {
    const lock = new FileLock(options.file);
    try {
      return await openLocked(options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw explained(error, options.file);
  }
}

async function openLocked(
  { file, clock, sealer, log, limits, proxyUpstream }: SqliteOptions,
  lock: FileLock,
): Promise<Metadata> {
  const database = openDatabase(file);
  const checkpoints = new Checkpoints(database, file, log);
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database, checkpoints) });
  try {
    await migrate(db, sqliteWords);
    const changes = await LocalChanges.open(db, () => checkpoints.durable());
    const passwords = new Passwords(sealer, log);
    const writer = new Writer(changes, passwords, clock, limits);
    const upstreams = await writer.run(sealAnew);
    if (upstreams > 0) log.info("passwords were sealed anew with this secret key", { upstreams });
    const bereft = await writer.run((saving) => alignProxyUpstreams(saving, proxyUpstream));
    const uses = new Uses(db, clock, log);
    const entryIndex = new EntryIndex(db, { clock, log });
    await endLeases(db);
    for (const group of bereft) log.warn("the login of a Dependency Proxy is gone", { group });
    return {
      directory: new SqlDirectory(db, changes, passwords, clock, limits, proxyUpstream),
      management: new SqlManagement(db, passwords, writer, proxyUpstream, entryIndex),
      audit: new SqlAuditLog(db, changes),
      statistics: new SqlStatistics(db, clock),
      upstreamStates: new SqlUpstreamStates(db),
      credentials: new SqlCredentials(db, changes, clock, uses),
      identity: new SqlIdentity(db, writer),
      people: new SqlPeople(db, changes, clock),
      cache: new RememberedCache(new SqlCache(db), () => changes.generation()),
      lists: new SqlLists(db),
      holdings: new SqlHoldings(db, changes),
      purges: new SqlPurges(db, changes),
      cleanup: new SqlCleanupRuns(db, changes, clock),
      work: new SqlWorkStates(db),
      generation: () => changes.generation(),
      storeSize: () => storeSize(db),
      async unready() {
        try {
          await db.selectFrom("generation").select("value").executeTakeFirstOrThrow();
          return undefined;
        } catch (error) {
          log.warn("the database does not answer", { code: failureCode(error) });
          return `does not answer (${failureCode(error)})`;
        }
      },
      async close() {
        await uses.flush();
        await entryIndex.close();
        await db.destroy();
        lock.release();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
