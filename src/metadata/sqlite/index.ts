import { Kysely } from "kysely";
import { failureCode } from "../../lib/log.ts";
import { SingleFile } from "../../lib/single-file.ts";
import { assemble, type MetadataOptions } from "../assemble.ts";
import { SqlCache } from "../cache.ts";
import type { Metadata } from "../contract.ts";
import { SqlLists } from "../lists/lists.ts";
import { migrate } from "../migrations/index.ts";
import { RememberedCache } from "../remembered.ts";
import type { Schema } from "../schema.ts";
import { timeOf } from "../time.ts";
import { endLeases } from "../work/states.ts";
import { LocalChanges } from "./changes.ts";
import { Checkpoints } from "./checkpoints.ts";
import { sqliteDialect } from "./dialect.ts";
import { FileLock } from "./lock.ts";
import { explained, openDatabase, setForServing, sqliteWords } from "./open.ts";
import { rowsByHash } from "./rows-by-hash.ts";

/** The whole process waits meanwhile. */
const stepMs = 4;

export interface SqliteOptions extends MetadataOptions {
  /** The database; `<file>.lock`, `-wal` and `-shm` lie beside it. The folder exists. */
  file: string;
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

async function openLocked(options: SqliteOptions, lock: FileLock): Promise<Metadata> {
  const { file, log } = options;
  const database = openDatabase(file);
  const checkpoints = new Checkpoints(database, file, log);
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database, checkpoints) });
  try {
    await migrate(db, sqliteWords);
    setForServing(database);
    const changes = await LocalChanges.open(db, () => checkpoints.durable());
    // Those of the process that had the file before.
    await endLeases(db);
    // No other process has the file.
    const turns = new SingleFile();
    const time = timeOf(options.clock);
    const engine = {
      db,
      probe: db,
      changes,
      time,
      cache: new RememberedCache(new SqlCache(db, changes, time, rowsByHash(db)), () =>
        changes.generation(),
      ),
      lists: new SqlLists(db),
      async unready() {
        try {
          await db.selectFrom("generation").select("value").executeTakeFirstOrThrow();
          return undefined;
        } catch (error) {
          log.warn("the database does not answer", { code: failureCode(error) });
          return `does not answer (${failureCode(error)})`;
        }
      },
      // What keeps it from being written is told by each write.
      readOnly: async () => undefined,
      isWritingBack: () => checkpoints.isRunning,
      alone: <T>(what: string, work: () => Promise<T>) => turns.do(what, work),
      unlessOthers: (_: string, work: () => Promise<void>) => work(),
      stepMs,
      async close() {
        await db.destroy();
        lock.release();
      },
    };
    return await assemble(engine, options);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
