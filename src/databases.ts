import path from "node:path";
import type { Config } from "./config.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { failureCode } from "./lib/log.ts";
import type { MetadataOptions } from "./metadata/assemble.ts";
import type { Metadata } from "./metadata/contract.ts";
import { openPostgresMetadata } from "./metadata/postgres/index.ts";
import { openSqliteMetadata } from "./metadata/sqlite/index.ts";
import { FileLock } from "./metadata/sqlite/lock.ts";
import { sqliteSnapshots } from "./metadata/sqlite/snapshots.ts";
import { backUp } from "./work/backup/backup.ts";
import { restore } from "./work/backup/restore.ts";
import {
  type Backing,
  BackupError,
  type BackupReport,
  DataDirError,
  type RestoreReport,
  type Restoring,
} from "./work/contract.ts";

/**
 * Keeps other processes from a folder whose database, elsewhere, does not: the store's spool is emptied when it is opened.
 * Gives what lets go of it.
 */
export function holdFolder(dataDir: string): () => Promise<void> {
  try {
    const lock = new FileLock(path.join(dataDir, "weir"));
    return async () => lock.release();
  } catch (error) {
    const code = failureCode(error);
    const text = code.startsWith("SQLITE_BUSY")
      ? "is in use by another process: stop that one, or give each server a folder of its own"
      : `cannot be locked (${code})`;
    throw new DataDirError(`WEIR_DATA_DIR: ${dataDir} ${text}`, { cause: error });
  }
}

export function openMetadata(
  { database, dataDir }: Config,
  options: MetadataOptions,
): Promise<Metadata> {
  if (!database) return openSqliteMetadata({ ...options, file: path.join(dataDir, "weir.db") });
  const { statementSeconds, ...where } = database;
  const statementMs = statementSeconds * 1000;
  return openPostgresMetadata({ ...options, ...where, statementMs, timers: systemClock });
}

/** Backs up the data folder, whether a server uses it or not. */
export async function backUpWeir(
  { dataDir, database }: Config,
  { clock, version }: { clock: Clock; version: string },
  backing: Backing,
): Promise<BackupReport> {
  refuseElsewhere(database, "pg_dump, then copy blobs/ of the data folder");
  return backUp({ ...backing, dataDir, snapshots: sqliteSnapshots, clock, version });
}

/** Makes the data folder of a backup. */
export async function restoreWeir(
  { dataDir, database }: Config,
  restoring: Restoring,
): Promise<RestoreReport> {
  refuseElsewhere(database, "pg_restore, then copy blobs/ to the data folder");
  return restore({ ...restoring, dataDir, snapshots: sqliteSnapshots });
}

/** A backup holds the database of the data folder, which would be an old one, or none. */
function refuseElsewhere(database: Config["database"], instead: string): void {
  if (!database) return;
  const text = "weir backup and weir restore are for a database in the data folder";
  throw new BackupError(`WEIR_DATABASE_URL: ${text}: use ${instead} (docs/operations.md)`);
}
