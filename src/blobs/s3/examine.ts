import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { Bucket } from "./bucket.ts";
import { Requests } from "./requests.ts";
import type { BucketSettings } from "./settings.ts";
import { BucketTransport } from "./transport.ts";
import { BucketError } from "./trouble.ts";

/** Asks the bucket as a pull does, and for a list; changes nothing. Undefined: it gives both. */
export async function examineBucket(
  settings: BucketSettings,
  { clock, log }: { clock: Clock; log: Log },
): Promise<BucketError | undefined> {
  const transport = new BucketTransport(clock, settings.ca);
  const requests = new Requests({ settings, transport, clock, log, random: () => 0 });
  const bucket = new Bucket(requests, settings);
  const prefix = `${settings.prefix === "" ? "" : `${settings.prefix}/`}blobs/`;
  try {
    await bucket.list(prefix, undefined, 1);
    await bucket.head(`${prefix}doctor`);
    return undefined;
  } catch (error) {
    if (error instanceof BucketError) return error;
    throw error;
  } finally {
    await requests.close(0, Promise.resolve());
  }
}
