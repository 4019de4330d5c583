import type { Clock, Timer } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Bucket } from "./bucket.ts";
import { BucketError } from "./trouble.ts";

interface Options {
  bucket: Bucket;
  /** Nothing outside of it is touched. */
  prefix: string;
  clock: Clock;
  log: Log;
  /** Uploads in a page; default as many as S3 lists at once. */
  pageUploads?: number;
}

/** No fill takes so long: who began it is gone. */
const maxAgeMs = 86_400_000;
const firstMs = 30_000;
const intervalMs = 6 * 3_600_000;
/** One run looks through at most so many pages; the next one goes on from there. */
const maxPages = 100;

/** Uploads that a killed server left in the bucket: nobody sees them there, and they are paid for. */
export class Orphans {
  readonly #options: Options;
  #timer: Timer | undefined;
  /** The last key of the last page; undefined: it was the last one. */
  #after: string | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Soon, and from then on four times a day. */
  start(): void {
    this.#next(firstMs);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #next(ms: number): void {
    this.#timer = this.#options.clock.after(ms, () => {
      this.#next(intervalMs);
      void this.run();
    });
  }

  /** Never throws: what could not be cleared away is there the next time. */
  async run(): Promise<void> {
    const { log } = this.#options;
    let aborted = 0;
    try {
      for (let page = 0; page < maxPages; page++) {
        aborted += await this.#abortPage();
        if (!this.#after) break;
      }
    } catch (error) {
      const code = error instanceof BucketError ? error.code : "failed";
      log.warn("uploads that were left behind could not be aborted", { code });
    }
    if (aborted > 0) log.info("uploads that were left behind are aborted", { uploads: aborted });
  }

  async #abortPage(): Promise<number> {
    const { bucket, prefix, pageUploads } = this.#options;
    const after = this.#after;
    // What cannot be listed or aborted is not to hold up the others for ever: the next run begins anew.
    this.#after = undefined;
    const { uploads, next } = await bucket.uploads(prefix, after, pageUploads);
    const before = bucket.requests.now() - maxAgeMs;
    const old = uploads.filter(({ key, begunAt }) => key.startsWith(prefix) && begunAt < before);
    for (const { key, uploadId } of old) await bucket.abortUpload(key, uploadId);
    this.#after = next;
    return old.length;
  }
}
