import path from "node:path";
import type { BlobStore } from "../../src/blobs/contract.ts";
import { FsBlobStore } from "../../src/blobs/fs/store.ts";
import type { BucketSettings } from "../../src/blobs/s3/settings.ts";
import { BucketBlobStore } from "../../src/blobs/s3/store.ts";
import { Holds } from "../../src/lib/holds.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Metadata } from "../../src/metadata/contract.ts";
import { openSqliteMetadata } from "../../src/metadata/sqlite/index.ts";
import type { Work } from "../../src/work/runner/contract.ts";
import { noSpaceCounts } from "../../src/work/space/contract.ts";
import { Eviction } from "../../src/work/space/eviction.ts";
import { straysWork, sweepingWork } from "../../src/work/space/sweeping.ts";
import type { SteppedClock } from "./clock.ts";
import { postgresOpener } from "./metadata-postgres.ts";
import { proxySettings } from "./metadata-samples.ts";
import { testSealer } from "./metadata-sqlite.ts";

export const workNames = ["eviction", "sweep", "stray_blobs"] as const;
export type WorkName = (typeof workNames)[number];

/** Where a server has what it keeps. */
export interface Places {
  root: string;
  clock: SteppedClock;
  /** Undefined: in its folder. */
  database: { url: string } | undefined;
  bucket: BucketSettings | undefined;
}

/** What a server that does not run has open when it does. */
export async function openStores({ root, clock, database, bucket }: Places) {
  const log = quiet(clock);
  const limits = { registriesPerGroup: 5, upstreamsPerRegistry: 5 };
  const proxyUpstream = proxySettings();
  const file = path.join(root, "weir.db");
  const metadata = database
    ? await postgresOpener(database.url, clock).open()
    : await openSqliteMetadata({ file, clock, sealer: testSealer, log, limits, proxyUpstream });
  const folder = { root, minFreeBytes: 0, log, clock };
  const blobs = bucket
    ? await BucketBlobStore.open({ ...folder, settings: bucket, redirect: false, random: () => 0 })
    : await FsBlobStore.open(folder);
  return { metadata, blobs };
}

interface WorkedOn {
  space: Metadata["space"];
  sweep: Metadata["sweep"];
  blobs: BlobStore;
}

/** All of this work, without a rest. */
export async function runWork(
  name: WorkName,
  { space, sweep, blobs }: WorkedOn,
  clock: SteppedClock,
): Promise<void> {
  const common = { blobs, clock, log: quiet(clock), counts: noSpaceCounts() };
  const sweeping = { ...common, sweep, holds: new Holds() };
  const works: Record<WorkName, () => Work> = {
    eviction: () => new Eviction({ ...common, space, cacheMaxBytes: 20_000, minFreeBytes: 0 }),
    sweep: () => sweepingWork(sweeping),
    stray_blobs: () => straysWork(sweeping),
  };
  const work = works[name]();
  const { signal } = new AbortController();
  let at = await work.step({ state: undefined, done: 0, signal });
  while (!at.isOver) at = await work.step({ state: at.state, done: at.done, signal });
}

const quiet = (clock: SteppedClock) => createLog(clock, "error", { write() {}, async flush() {} });
