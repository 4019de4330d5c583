import type { BlobStore } from "../blobs/contract.ts";
import { Endings } from "../lib/endings.ts";
import type { Holds } from "../lib/holds.ts";
import type { Cache, Lists } from "../metadata/contract.ts";
import type { UpstreamClient } from "../upstream/contract.ts";
import { Absences } from "./absences.ts";
import { Blobs } from "./blobs.ts";
import type { CacheEvent } from "../metadata/contract.ts";
import type { Puller } from "./contract.ts";
import { Fills } from "./fills.ts";
import { Lessons } from "./lessons.ts";
import { Manifests } from "./manifests.ts";
import { Opening } from "./opening.ts";
import { planPull } from "./plan.ts";
import { type Recheck, Rechecks } from "./rechecks.ts";
import { Referrers } from "./referrers.ts";
import type { StorableOptions } from "./storable.ts";
import { Tags } from "./tags.ts";
import { Usage } from "./usage.ts";
import { Windows } from "./windows.ts";

export interface PullerOptions extends StorableOptions {
  client: UpstreamClient;
  blobs: BlobStore;
  cache: Cache;
  lists: Lists;
  holds: Holds;
  /** Told of blobs that have come to be stored. */
  stored: (bytes: number) => void;
  recheck: Recheck;
  /** Bound of a freshness check, in milliseconds. */
  checkTimeoutMs: number;
  /** How long after a failed check the next one waits, in milliseconds. */
  recheckMs: number;
  /** How long an upstream's "absent" is remembered for a tag, in milliseconds. */
  absentMs: number;
  /** Told of what has been stored and what is gone. Must not take long, nor throw. */
  told: (event: CacheEvent) => void;
}

/** What those who bring blobs have in common. */
export interface BlobOptions extends PullerOptions {
  /** See `Fills`. */
  rests: Endings;
  rechecks: Rechecks;
}

export function createPuller(options: PullerOptions): Puller {
  const blobOptions = { ...options, rests: new Endings(), rechecks: new Rechecks(options) };
  const usage = new Usage(options);
  const lessons = new Lessons(options.clock);
  const fills = new Fills(blobOptions, lessons);
  const windows = new Windows(options, fills, lessons);
  const opening = new Opening(blobOptions, { fills, windows, lessons });
  const absences = new Absences(options.clock, options.absentMs);
  const manifests = new Manifests(options, absences, usage);
  const blobs = new Blobs(blobOptions, absences, opening, usage);
  const tags = new Tags(options);
  const referrers = new Referrers(options);
  return {
    manifest: (registry, repository, reference, { marks, ...options }) =>
      manifests.pull({ registry, repository, reference, marks }, options),
    tags: (registry, repository, page, { marks, waits }) =>
      tags.list(registry, repository, page, { marks, waits }),
    referrers: (registry, repository, subject, page, { marks, waits }) =>
      referrers.list(registry, repository, subject, page, { marks, waits }),
    async refresh(registry, repository, tag) {
      const reference = { kind: "tag", tag } as const;
      const pulled = await manifests.refresh({ registry, repository, reference, marks: [] });
      if (pulled.explanation.status !== "stale") await tags.forget(registry, repository);
      return pulled;
    },
    explain: (registry, repository, reference) =>
      planPull(manifests, absences, { registry, repository, reference, marks: [] }),
    blob: (registry, repository, digest, pull) => blobs.pull(registry, repository, digest, pull),
    prefetchManifest: (registry, repository, reference) =>
      manifests.prefetch({ registry, repository, reference, marks: [] }),
    prefetchBlob: (registry, repository, digest) => blobs.prefetch(registry, repository, digest),
    activity: async () => fills.activity,
    fills: async () => fills.underWay,
    unstored: () => fills.unstored(),
    async close() {
      await fills.close();
      await usage.flush();
    },
  };
}
