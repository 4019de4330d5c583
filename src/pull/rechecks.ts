import type { FoundBlob } from "../blobs/contract.ts";
import { Lanes } from "../lib/lanes.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { LruMap } from "../lib/lru.ts";
import { SingleFlight } from "../lib/single-flight.ts";
import type { Cache } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";

/**
 * Hashes a stored blob that somebody has written to at `writtenAt`. Whether it is right, which is noted then; what is wrong is
 * out of the store when this resolves, or stays where it cannot be moved.
 */
export type Recheck = (digest: Digest, size: number, writtenAt: number) => Promise<boolean>;

/** Stored bytes, and when they were right. */
export interface Sound {
  digest: Digest;
  size: number;
  since: number;
}

export interface RechecksOptions {
  cache: Cache;
  recheck: Recheck;
  log: Log;
}

/** What a file server's clock may be ahead unnoticed: see `FsSpool`. */
const slackMs = 2_000;
/** So many blobs that were written to are remembered; of others the record is read at each pull. */
const maxKnown = 4096;
/** At a time, so that the first who wait have not to wait for all. */
const maxHashed = 2;

/**
 * Stored bytes that somebody may have changed behind the server's back: what has been written to since it was right is
 * looked at again before it is served.
 */
export class Rechecks {
  readonly #options: RechecksOptions;
  /** What was found at which state. Of this process: a database that cannot be written to forgets it. */
  readonly #known = new LruMap<Digest, { writtenAt: number; isRight: boolean }>(maxKnown);
  readonly #flights = new SingleFlight<boolean>();
  readonly #places = new Lanes(maxHashed);

  constructor(options: RechecksOptions) {
    this.#options = options;
  }

  /** Whether what was found may be served: a comparison for what nobody has touched. What waits says so before (`waits`). */
  isSound(sound: Sound, { writtenAt }: FoundBlob, waits: () => void): boolean | Promise<boolean> {
    if (writtenAt === undefined || writtenAt <= sound.since + slackMs) return true;
    const known = this.#known.get(sound.digest);
    if (known?.writtenAt === writtenAt) return known.isRight;
    waits();
    return this.#flights.do(`${sound.digest} ${writtenAt}`, () => this.#look(sound, writtenAt));
  }

  async #look({ digest, size }: Sound, writtenAt: number): Promise<boolean> {
    const isRight =
      (await this.#isOnRecord(digest, writtenAt)) || (await this.#hash(digest, size, writtenAt));
    this.#known.set(digest, { writtenAt, isRight });
    return isRight;
  }

  /** Whether it was right after it was written: who has shown it may have known it before that. */
  async #isOnRecord(digest: Digest, writtenAt: number): Promise<boolean> {
    const { cache, log } = this.#options;
    try {
      const record = await cache.blob(digest);
      return record !== undefined && writtenAt <= record.verifiedAt + slackMs;
    } catch (error) {
      log.error("record of a blob was not read", { digest, code: failureCode(error) });
      return false;
    }
  }

  async #hash(digest: Digest, size: number, writtenAt: number): Promise<boolean> {
    // Who has asked may leave: what is found is for those who come.
    const leave = await this.#places.enter("", new AbortController().signal);
    try {
      return await this.#options.recheck(digest, size, writtenAt);
    } finally {
      leave();
    }
  }
}
