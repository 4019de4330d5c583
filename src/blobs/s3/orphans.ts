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

interface Run {
  aborted: number;
  failed: number;
  /** Of the last failure. */
  code: string | undefined;
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
    const run: Run = { aborted: 0, failed: 0, code: undefined };
    try {
      for (let page = 0; page < maxPages; page++) {
        await this.#abortPage(run);
        if (!this.#after) break;
      }
    } catch (error) {
      run.code = codeOf(error);
    }
    const { aborted, failed: uploads, code } = run;
    if (code) log.warn("uploads that were left behind could not be aborted", { code, uploads });
    if (aborted > 0) log.info("uploads that were left behind are aborted", { uploads: aborted });
  }

  async #abortPage(run: Run): Promise<void> {
    const { bucket, prefix } = this.#options;
    const { uploads, next } = await this.#listed();
    const before = bucket.requests.now() - maxAgeMs;
    const old = uploads.filter(({ key, begunAt }) => key.startsWith(prefix) && begunAt < before);
    // One that cannot be aborted, now or ever, does not hold up the others.
    this.#after = next;
    for (const { key, uploadId } of old) {
      try {
        await bucket.multipart.abort(key, uploadId);
        run.aborted++;
      } catch (error) {
        run.failed++;
        run.code = codeOf(error);
      }
    }
  }

  /** Of a page that cannot be listed the next run begins anew; one that was not asked for comes next. */
  async #listed() {
    const { bucket, prefix, pageUploads } = this.#options;
    try {
      return await bucket.multipart.list(prefix, this.#after, pageUploads);
    } catch (error) {
      if (!(error instanceof BucketError && error.trouble === "resting")) this.#after = undefined;
      throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof BucketError ? error.code : "failed";
}
