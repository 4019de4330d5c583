import type { BlobStore } from "../blobs/contract.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Cache } from "../metadata/contract.ts";
import type { UpstreamClient } from "../upstream/contract.ts";
import { Blobs } from "./blobs.ts";
import type { Puller } from "./contract.ts";
import { Fills } from "./fills.ts";
import { Manifests } from "./manifests.ts";
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
  /** Larger blobs are passed through, not stored; undefined: no limit. */
  maxBlobBytes: number | undefined;
}

export function createPuller(options: PullerOptions): Puller {
  const usage = new Usage(options);
  const fills = new Fills(options);
  const manifests = new Manifests(options, usage);
  const blobs = new Blobs(options, fills, usage);
  return {
    manifest: (registry, repository, reference, { head }) =>
      manifests.pull(registry, repository, reference, head),
    blob: (registry, repository, digest, pull) => blobs.pull(registry, repository, digest, pull),
    async close() {
      await fills.close();
      await usage.flush();
    },
  };
}
