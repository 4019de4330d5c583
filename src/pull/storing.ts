import type { Spool } from "../blobs/contract.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { inSpan } from "../lib/tracing/span.ts";
import type { CacheEvent } from "../metadata/contract.ts";
import { notStoredBecause, reasonOf } from "./errors.ts";
import type { Fill } from "./fill.ts";
import { keepSafe, type KeepingOptions } from "./keeping.ts";
import { shownBlob } from "./shown.ts";
import type { Wanted } from "./flight.ts";

export interface StoringOptions extends KeepingOptions {
  log: Log;
  /** Told of what has come to be stored. */
  stored: (bytes: number) => void;
  told: (event: CacheEvent) => void;
}

export type Stored = { stored: true } | { stored: false; error: unknown };

/** Runs a fill to its end and puts into the store what it brought. Failures are the readers' to see; here they are logged. */
export function store(
  fill: Fill,
  spool: Spool,
  wanted: Wanted,
  options: StoringOptions,
): Promise<Stored> {
  const { digest, upstream } = wanted;
  const facts = () => ({ "weir.upstream": upstream.name, "weir.digest": digest });
  return inSpan("fill", "internal", facts, async (span) => {
    const outcome = await fillStore(fill, spool, wanted, options);
    span?.set({ "weir.bytes": spool.length });
    if (!outcome.stored) span?.fail(reasonOf(outcome.error));
    return outcome;
  });
}

async function fillStore(
  fill: Fill,
  spool: Spool,
  wanted: Wanted,
  options: StoringOptions,
): Promise<Stored> {
  const { digest, upstream } = wanted;
  const { log } = options;
  try {
    await fill.run();
    const size = spool.length;
    await inSpan(
      "store",
      "internal",
      () => ({ "weir.bytes": size }),
      async () => {
        await keepSafe(options, digest, async ({ wasRecorded, isStored }) => {
          await spool.commit(digest, isStored);
          await record(fill, size, wanted, wasRecorded, options);
        });
      },
    );
    options.stored(size);
    const { repository } = wanted;
    options.told({
      event: "cache.stored",
      upstreamId: upstream.id,
      repository,
      tag: undefined,
      size,
    });
    return { stored: true };
  } catch (error) {
    const reason = notStoredBecause(error);
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
  wanted: Wanted,
  wasRecorded: boolean,
  { cache, clock }: StoringOptions,
): Promise<void> {
  const shown = shownBlob(wanted, fill.description, size, clock.now());
  const isStored = await cache.storeBlob(shown, wasRecorded);
  // Another server has begun that meanwhile.
  if (!isStored) throw new Error("the stored bytes are just being deleted");
}
