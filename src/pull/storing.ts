import type { Spool } from "../blobs/contract.ts";
import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import type { Cache } from "../metadata/contract.ts";
import { blobContentType } from "./content-type.ts";
import type { CacheEvent } from "./contract.ts";
import { reasonOf } from "./errors.ts";
import type { Fill } from "./fill.ts";
import type { Wanted } from "./flight.ts";

export interface StoringOptions {
  cache: Cache;
  clock: Clock;
  log: Log;
  told: (event: CacheEvent) => void;
}

export type Stored = { stored: true } | { stored: false; error: unknown };

/** Runs a fill to its end and puts into the store what it brought. Failures are the readers' to see; here they are logged. */
export async function store(
  fill: Fill,
  spool: Spool,
  wanted: Wanted,
  options: StoringOptions,
): Promise<Stored> {
  const { digest, upstream } = wanted;
  const { log } = options;
  try {
    await fill.run();
    await spool.commit(digest);
    const size = spool.length;
    await record(fill, size, wanted, options);
    const { told } = options;
    const { repository } = wanted;
    told({ event: "cache.stored", upstreamId: upstream.id, repository, tag: undefined, size });
    return { stored: true };
  } catch (error) {
    const reason = `${reasonOf(error)} ${failureCode(error)}`;
    log.warn("fill was not stored", { upstream: upstream.name, digest, reason });
    return { stored: false, error };
  } finally {
    await end(fill, spool, log);
  }
}

/** Whatever fails here, the object must be free to be fetched again. */
async function end(fill: Fill, spool: Spool, log: Log): Promise<void> {
  for (const step of [() => spool.discard(), () => fill.release()]) {
    try {
      await step();
    } catch (error) {
      log.error("spool could not be removed", { code: failureCode(error) });
    }
  }
}

async function record(
  fill: Fill,
  size: number,
  { upstream, repository, digest }: Wanted,
  { cache, clock }: StoringOptions,
): Promise<void> {
  const { contentType, etag } = fill.description;
  await cache.storeBlob({
    groupId: upstream.groupId,
    upstreamId: upstream.id,
    upstreamVersion: upstream.version,
    repository,
    kind: "blob",
    reference: digest,
    digest,
    contentType: blobContentType(contentType),
    size,
    etag,
    now: clock.now(),
  });
}
