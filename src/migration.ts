import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { BucketBlobStore } from "./blobs/s3/store.ts";
import type { Config } from "./config.ts";
import { deriveKey } from "./lib/keys.ts";
import { failureCode } from "./lib/log.ts";
import { createSealer } from "./lib/seal.ts";
import type { StoredNames } from "./metadata/copies/contract.ts";
import { PostgresCopy } from "./metadata/copies/copy.ts";
import { namesInFile, namesInPostgres } from "./metadata/copies/names.ts";
import { examinePostgres } from "./metadata/postgres/examine.ts";
import { examineSqlite } from "./metadata/sqlite/examine.ts";
import { FileLock } from "./metadata/sqlite/lock.ts";
import type { Surroundings } from "./stores.ts";
import { type Migrating, MigrationError, type MigrationReport } from "./work/contract.ts";
import { migrate } from "./work/migration/migration.ts";

/** Moves what a server of the first configuration has to where one of the second looks for it. */
export async function migrateWeir(
  config: Config,
  target: Config,
  around: Surroundings,
  migrating: Migrating,
): Promise<MigrationReport> {
  const moves = whatMoves(config, target);
  const isBegun = moves.database && (await PostgresCopy.look(moves.database)) === "unfinished";
  // What is damaged was found before the first round; a copy reads all rows, and stops at what cannot be read.
  await requireSameKey(config, target, { ...around, isThorough: !isBegun });
  // One at a time: the folder is emptied at the beginning, as a spool is.
  const release = locked(config, "migration", "another weir migrate is at work there");
  try {
    return await join(config, moves, around, migrating);
  } finally {
    rmSync(path.join(config.dataDir, "migration"), { recursive: true, force: true });
    release();
  }
}

type Moves = ReturnType<typeof whatMoves>;

function whatMoves(config: Config, target: Config) {
  const moved = <T>(name: string, here: T | undefined, there: T | undefined): T | undefined => {
    if (here === undefined) return there;
    if (Bun.deepEquals(here, there)) return undefined;
    const text = `WEIR_TARGET_${name}: what is moved is in the data folder, and WEIR_${name} says that it is not: leave one of them out`;
    throw new MigrationError(text);
  };
  const moves = {
    database: moved("DATABASE_URL", config.database, target.database),
    bucket: moved("BLOBS_URL", config.bucket, target.bucket),
  };
  if (moves.database ?? moves.bucket) return moves;
  throw new MigrationError(
    "nothing would move: set WEIR_TARGET_DATABASE_URL, WEIR_TARGET_BLOBS_URL, or both",
  );
}

async function join(
  config: Config,
  { database, bucket }: Moves,
  around: Surroundings,
  { finish, progress }: Migrating,
): Promise<MigrationReport> {
  const { dataDir, minFreeBytes } = config;
  const closers: (() => Promise<void>)[] = [];
  try {
    const copy = database && PostgresCopy.open(fileOf(config), database, { alone: finish });
    if (copy) closers.push(() => copy.close());
    else if (finish) closers.push(keepServersOut(config));
    if (!bucket)
      return await migrate({ dataDir, blobs: undefined, database: copy, finish, progress });
    const { redirect, ...settings } = bucket;
    const root = path.join(dataDir, "migration");
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const store = await BucketBlobStore.open({ settings, redirect, root, minFreeBytes, ...around });
    closers.push(() => store.close());
    const names = namesOf(config);
    closers.push(() => names.close());
    return await migrate({ dataDir, blobs: { names, store }, database: copy, finish, progress });
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

const fileOf = ({ dataDir }: Config) => path.join(dataDir, "weir.db");

function namesOf(config: Config): StoredNames {
  return config.database ? namesInPostgres(config.database) : namesInFile(fileOf(config));
}

/** The database stays, and nothing may come to the folder's blobs any more. */
function keepServersOut(config: Config): () => Promise<void> {
  const name = config.database ? "weir" : "weir.db";
  const release = locked(config, name, "a server uses it: stop that one");
  return async () => release();
}

function locked({ dataDir }: Config, name: string, why: string): () => void {
  try {
    const lock = new FileLock(path.join(dataDir, name));
    return () => lock.release();
  } catch (error) {
    const code = failureCode(error);
    const text = code.startsWith("SQLITE_BUSY") ? why : `cannot be locked (${code})`;
    throw new MigrationError(`WEIR_DATA_DIR: ${dataDir}: ${text}`, { cause: error });
  }
}

/** Upstreams' passwords are moved as they are: the new server has to open them. Before anything is copied. */
async function requireSameKey(
  config: Config,
  target: Config,
  { log, isThorough }: Surroundings & { isThorough: boolean },
) {
  const secret = config.secretKey ?? keyOf(config);
  if (target.secretKey !== undefined && target.secretKey !== secret) {
    throw new MigrationError(
      "WEIR_TARGET_SECRET_KEY: must be the key of the old server, which the new one can exchange for another later",
    );
  }
  const previous = config.previousSecretKey === undefined ? [] : [config.previousSecretKey];
  const keys = [secret, ...previous].map((one) => deriveKey(one, "upstream passwords"));
  const [key = new Uint8Array(), ...former] = keys;
  const sealer = createSealer(key, ...former);
  const examined = config.database
    ? await examinePostgres(config.database, { sealer, log })
    : await examineSqlite(fileOf(config), { sealer, log, isThorough });
  const problem = whyNot(config, examined);
  if (problem !== undefined) throw new MigrationError(problem);
}

function whyNot(config: Config, examined: Awaited<ReturnType<typeof examinePostgres>>) {
  const place = config.database ? "WEIR_DATABASE_URL" : fileOf(config);
  if (!examined) return `${place}: there is no instance`;
  const { problem, schema, damage, sealed } = examined;
  if (problem !== undefined) return `${place}: cannot be read (${problem})`;
  if (damage.length > 0)
    return `${place}: is damaged (${damage.join("; ")}): restore a backup first`;
  if (schema !== "current") {
    return `${place}: has the schema of another release: start a server of this release on it once`;
  }
  if (sealed.length === 0) return undefined;
  const names = sealed.join(", ");
  return `WEIR_SECRET_KEY: does not open the passwords of upstreams (${names}): give the key of the old server, which may be in secret.key of its data folder`;
}

function keyOf({ dataDir }: Config): string {
  const file = path.join(dataDir, "secret.key");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  throw new MigrationError(`${file} is not there: is WEIR_DATA_DIR right?`);
}
