import path from "node:path";
import { FsBlobStore } from "./blobs/fs/store.ts";
import { BucketBlobStore } from "./blobs/s3/store.ts";
import type { Config } from "./config.ts";
import { RecentRequests } from "./http/live/requests.ts";
import { RequestMetrics } from "./http/metrics/upstreams.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { deriveKey } from "./lib/keys.ts";
import { Holds } from "./lib/holds.ts";
import { failureCode, type Log } from "./lib/log.ts";
import { createSealer } from "./lib/seal.ts";
import type { MetadataOptions } from "./metadata/assemble.ts";
import type { Metadata } from "./metadata/contract.ts";
import { openPostgresMetadata } from "./metadata/postgres/index.ts";
import { openSqliteMetadata } from "./metadata/sqlite/index.ts";
import { FileLock } from "./metadata/sqlite/lock.ts";
import { sqliteSnapshots } from "./metadata/sqlite/snapshots.ts";
import { createPuller } from "./pull/puller.ts";
import { createRepair } from "./pull/repair.ts";
import { GatheredStatistics } from "./pull/statistics.ts";
import { createUpstreamClient } from "./upstream/client.ts";
import { backUp } from "./work/backup/backup.ts";
import { restore } from "./work/backup/restore.ts";
import {
  BackupError,
  DataDirError,
  type Backing,
  type BackupReport,
  type RestoreReport,
  type Restoring,
  type Verifier,
} from "./work/contract.ts";
import { openDataDir } from "./work/data-dir.ts";
import { createWebClient } from "./upstream/web/client.ts";
import { noSpaceCounts } from "./work/space/contract.ts";
import { rechecking } from "./work/space/rechecking.ts";
import { StoredBytes } from "./work/space/waking.ts";
import type { HashingCost } from "./access/people/hashing.ts";
import { StoreVerifier } from "./work/verify/verifier.ts";
import { GatheredHappenings } from "./work/webhooks/gathered.ts";
import { type RunningTracing, startTracing, type TracingOptions } from "./work/tracing.ts";

export interface Surroundings {
  clock: Clock;
  log: Log;
  version: string;
  /** From 0 to 1, for waits that are not to be the same for all. */
  random: () => number;
  /** Of passwords; default a strong one. */
  hashingCost?: HashingCost;
}

/** What every way of running has: the database, the store, and how upstreams are asked. */
export async function openStores(
  config: Config,
  { clock, log, version, random }: Surroundings,
  closers: (() => Promise<void>)[],
) {
  const { dataDir } = config;
  const maxBlobBytes = storableBytes(config);
  const { secret } = openDataDir(dataDir, config.secretKey);

  const previous = config.previousSecretKey === undefined ? [] : [config.previousSecretKey];
  const derive = (purpose: string) => ({
    key: deriveKey(secret, purpose),
    former: previous.map((one) => deriveKey(one, purpose)),
  });

  const sealing = derive("upstream passwords");
  const sealer = createSealer(sealing.key, ...sealing.former);
  const limits = {
    registriesPerGroup: config.maxRegistriesPerGroup,
    upstreamsPerRegistry: config.maxUpstreamsPerRegistry,
  };
  const proxyUpstream = config.dependencyProxy;
  if (config.database) closers.push(holdFolder(dataDir));
  const metadata = await openMetadata(config, { clock, sealer, log, limits, proxyUpstream });
  closers.push(() => metadata.close());
  const blobs = await openBlobs(config, { clock, log, random });

  const happenings = new GatheredHappenings({ deliveries: metadata.deliveries, clock, log });
  closers.push(() => happenings.flush());
  const told = happenings.note.bind(happenings);
  const instanceId = crypto.randomUUID();
  const allowedAddresses = config.allowedUpstreamAddresses;
  const tracing = traced(config, { clock, log, version, instanceId });
  closers.push(async () => tracing?.stop());
  const states = metadata.upstreamStates;
  const reaching = { version, instanceId, allowedAddresses, states, random };
  const statistics = new GatheredStatistics({ statistics: metadata.statistics, clock, log });
  closers.push(() => statistics.flush());
  const requests = new RequestMetrics();
  const recentRequests = new RecentRequests({ clock });
  const watches = [requests, recentRequests, statistics];
  const client = createUpstreamClient({ clock, log, ...reaching, watches, told });
  closers.push(() => client.close());
  const { cache, directory, holdings, lists } = metadata;
  const times = {
    checkTimeoutMs: config.checkTimeoutSeconds * 1000,
    recheckMs: config.recheckSeconds * 1000,
    absentMs: config.absentSeconds * 1000,
  };
  const holds = new Holds();
  const stored = new StoredBytes(config.cacheMaxBytes);
  const storing = { holds, stored: (bytes: number) => stored.add(bytes) };
  const { maxBlobBytes: largest, cacheMaxBytes } = config;
  const bounds = { maxBlobBytes: largest, cacheMaxBytes };
  const around = { clock, log, told, ...storing, ...bounds };
  const counts = noSpaceCounts();
  const { management } = metadata;
  const recheck = rechecking({ verifier: () => verifier, management, log, counts });
  const puller = createPuller({ client, blobs, cache, lists, recheck, ...around, ...times });
  // What is being stored holds the end of the fills up, so both end together.
  closers.push(async () => void (await Promise.all([puller.close(), blobs.close()])));
  const repair = createRepair(puller);
  const verifier: StoreVerifier = new StoreVerifier({
    holdings,
    cache,
    blobs,
    directory,
    repair,
    clock,
    log,
  });
  return {
    derive,
    metadata,
    blobs,
    maxBlobBytes,
    holds,
    stored,
    told,
    reaching,
    client,
    puller,
    verifier,
    counts,
    requests,
    recentRequests,
    statistics,
    tracing,
  };
}

/** A blob that alone is more than may be cached is not stored. */
function storableBytes({ maxBlobBytes, cacheMaxBytes }: Config): number | undefined {
  const limits = [maxBlobBytes, cacheMaxBytes].filter((one) => one !== undefined);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

/** Verifies a data folder that no server uses, step by step. Throws what stands in the way. */
export async function verifyWeir(
  config: Config,
  around: Surroundings,
  work: (verifier: Verifier) => Promise<void>,
): Promise<void> {
  const closers: (() => Promise<void>)[] = [];
  try {
    const { verifier } = await openStores(config, around, closers);
    await work(verifier);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

/** Backs up the data folder, whether a server uses it or not. */
export async function backUpWeir(
  { dataDir, database }: Config,
  { clock, version }: Pick<Surroundings, "clock" | "version">,
  backing: Backing,
): Promise<BackupReport> {
  refuseElsewhere(database, "pg_dump, then copy blobs/ of the data folder, or the bucket");
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

/**
 * Keeps other processes from a folder whose database, elsewhere, does not: the store's spool is emptied when it is opened.
 * Gives what lets go of it.
 */
function holdFolder(dataDir: string): () => Promise<void> {
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

function openMetadata({ database, dataDir }: Config, options: MetadataOptions): Promise<Metadata> {
  if (!database) return openSqliteMetadata({ ...options, file: path.join(dataDir, "weir.db") });
  const { statementSeconds, ...where } = database;
  const statementMs = statementSeconds * 1000;
  // A clock that is not the machine's is a test's, which all its servers have.
  const isClockShared = options.clock !== systemClock;
  const own = { statementMs, timers: systemClock, isClockShared };
  return openPostgresMetadata({ ...options, ...where, ...own });
}

async function openBlobs(
  { dataDir: root, minFreeBytes, bucket }: Config,
  around: Pick<Surroundings, "clock" | "log" | "random">,
): Promise<FsBlobStore | BucketBlobStore> {
  const { log, clock } = around;
  if (!bucket) return FsBlobStore.open({ root, minFreeBytes, log, clock });
  const { redirect, ...settings } = bucket;
  return BucketBlobStore.open({ settings, redirect, root, minFreeBytes, ...around });
}

/** The collector is the operator's word, not a user's: it may be anywhere. No upstream is reached by this. */
const everywhere = ["0.0.0.0/0", "::/0"].map((range) => ({ range, port: undefined }));

/** Undefined where no collector is configured: then nothing is recorded. */
function traced(
  { observing: { tracing } }: Config,
  around: Omit<TracingOptions, "web">,
): RunningTracing | undefined {
  if (!tracing) return undefined;
  const web = createWebClient({ ...around, allowedAddresses: everywhere });
  return startTracing(tracing, { ...around, web });
}
