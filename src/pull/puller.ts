import type { BlobStore } from "../blobs/contract.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Cache } from "../metadata/contract.ts";
import type { UpstreamClient } from "../upstream/contract.ts";
import { Absences } from "./absences.ts";
import { Blobs } from "./blobs.ts";
import type { Puller } from "./contract.ts";
import { Fills } from "./fills.ts";
import { Manifests } from "./manifests.ts";
import { planPull } from "./plan.ts";
import { Usage } from "./usage.ts";

export interface PullerOptions {
  client: UpstreamClient;
  blobs: BlobStore;
  cache: Cache;
  clock: Clock;
  log: Log;
  /** Bound of a freshness check, in milliseconds. */
  checkTimeoutMs: number;
  /** How long after a failed check the next one waits, in milliseconds. */
  recheckMs: number;
  /** How long an upstream's "absent" is remembered for a tag, in milliseconds. */
  absentMs: number;
  /** Larger blobs are passed through, not stored; undefined: no limit. */
  maxBlobBytes: number | undefined;
}

export function createPuller(options: PullerOptions): Puller {
  const usage = new Usage(options);
  const fills = new Fills(options);
  const absences = new Absences(options.clock, options.absentMs);
  const manifests = new Manifests(options, absences, usage);
  const blobs = new Blobs(options, absences, fills, usage);
  return {
    manifest: (registry, repository, reference, { marks, ...options }) =>
      manifests.pull({ registry, repository, reference, marks }, options),
    refresh: (registry, repository, tag) =>
      manifests.refresh({ registry, repository, reference: { kind: "tag", tag }, marks: [] }),
    explain: (registry, repository, reference) =>
      planPull(manifests, absences, { registry, repository, reference, marks: [] }),
    blob: (registry, repository, digest, pull) => blobs.pull(registry, repository, digest, pull),
    async close() {
      await fills.close();
      await usage.flush();
    },
  };
}
