import type { Clock } from "../../lib/clock.ts";
import { Lanes } from "../../lib/lanes.ts";
import type { Log } from "../../lib/log.ts";
import type { Digest } from "../../oci/digest.ts";
import {
  type BlobStore,
  type FoundBlob,
  type OpenedBlob,
  type Readiness,
  type Spool,
  type StoredBlob,
  StoreFullError,
  type Wanted,
  withReasons,
} from "../contract.ts";
import { Spools } from "../fs/spools.ts";
import { Bucket, maxListed } from "./bucket.ts";
import { free } from "./free.ts";
import { Keys } from "./keys.ts";
import { Orphans } from "./orphans.ts";
import { Quarantine } from "./quarantine.ts";
import { firstOf, ObjectStream, Readers } from "./reading.ts";
import { Requests } from "./requests.ts";
import type { BucketSettings } from "./settings.ts";
import { BucketSpool } from "./spool.ts";
import { BucketTransport } from "./transport.ts";
import { BucketError } from "./trouble.ts";
import { Upload } from "./upload.ts";

export interface BucketStoreOptions {
  settings: BucketSettings;
  /** Whether receivers are sent to the bucket for the bytes. */
  redirect: boolean;
  /** Holds `spool/`. */
  root: string;
  /** Free space that is left on its disk. */
  minFreeBytes: number;
  clock: Clock;
  log: Log;
  random: () => number;
  /** The least size of a part; S3 takes none below 5 MiB. */
  partBytes?: number;
}

/** Parts in memory at a time, of all uploads. With the copy that is on its way each takes about twice its size. */
const maxPartsInMemory = 4;
const defaultPartBytes = 5 << 20;
/** How long an address is good: long enough to begin a download. */
const addressSeconds = 120;
/** What is sent from a copy has been opened long before. */
const copyMs = 60_000;
/** How long what is being stored may still take when the server ends. */
const graceMs = 10_000;
/** How long it is believed that the bucket can be reached. */
const probeMs = 10_000;
/** Blobs as objects, on their way there in a local spool. */
export class BucketBlobStore implements BlobStore {
  readonly #options: BucketStoreOptions;
  readonly #spools: Spools;
  readonly #requests: Requests;
  readonly #bucket: Bucket;
  readonly #orphans: Orphans;
  readonly #keys: Keys;
  readonly #quarantine: Quarantine;
  readonly #readers = new Readers();
  readonly #places = new Lanes(maxPartsInMemory);
  readonly #storing = new Set<Promise<unknown>>();
  #probedAt = Number.NEGATIVE_INFINITY;

  private constructor(options: BucketStoreOptions) {
    const { settings, clock, log } = options;
    this.#options = options;
    this.#spools = Spools.open(options);
    const transport = new BucketTransport(clock, settings.ca);
    this.#requests = new Requests({ ...options, transport });
    this.#bucket = new Bucket(this.#requests, settings);
    this.#keys = new Keys(settings.prefix);
    this.#quarantine = new Quarantine(this.#bucket, this.#keys, log);
    const { prefix } = this.#keys;
    this.#orphans = new Orphans({ bucket: this.#bucket, prefix, clock, log });
  }

  /** Makes the spool's folder, and removes what a killed process left in it. Dials nothing. Throws the system's error. */
  static async open(options: BucketStoreOptions): Promise<BucketBlobStore> {
    const store = new BucketBlobStore(options);
    store.#orphans.start();
    return store;
  }

  async find(digest: Digest, size: number): Promise<FoundBlob | undefined> {
    const found = await this.#bucket.head(this.#keys.of(digest));
    if (!found) return undefined;
    if (found.size === size) return { writtenAt: undefined };
    return this.#removeWrong(digest, size, found);
  }

  async open(digest: Digest, size: number, wanted: Wanted): Promise<OpenedBlob | undefined> {
    const key = this.#keys.of(digest);
    if (wanted.as === "address" && this.#options.redirect) {
      if (!(await this.find(digest, size))) return undefined;
      return { kind: "address", url: this.#requests.address(key, addressSeconds) };
    }
    const range = wanted.range ?? { first: 0, last: size - 1 };
    const read = await this.#bucket.get(key, size === 0 ? {} : { range: firstOf(range) });
    if (typeof read === "string") return undefined;
    if (read.size !== size) return this.#removeWrong(digest, size, read);
    if (read.bytes.length === range.last + 1 - range.first) {
      const blob = new Blob([read.bytes as Uint8Array<ArrayBuffer>]);
      free(read.bytes);
      return { kind: "file", blob, writtenAt: undefined };
    }
    const { clock } = this.#options;
    const reading = { bucket: this.#bucket, clock, key, range, readers: this.#readers };
    const stream = new ObjectStream(reading, read);
    if (wanted.as !== "file") return { kind: "stream", stream };
    const blob = await this.#copy(stream, range.last + 1 - range.first);
    return { kind: "file", blob, writtenAt: undefined };
  }

  async spool(digest: Digest | undefined, expected: number | undefined): Promise<Spool> {
    const { writing } = this.#requests;
    if (writing.isResting) throw new StoreFullError(writing.trouble?.message ?? "the bucket rests");
    const { log, partBytes = defaultPartBytes } = this.#options;
    const bucket = this.#bucket;
    const local = this.#spools.begin(expected ?? 0, undefined);
    const places = this.#places;
    return new BucketSpool({
      digest,
      keyOf: (known) => this.#keys.of(known),
      local,
      upload: (key) => new Upload({ bucket, key, spool: local, expected, partBytes, places, log }),
      bucket,
      track: (work) => this.#track(work),
    });
  }

  async stat(digest: Digest): Promise<StoredBlob | undefined> {
    const found = await this.#bucket.head(this.#keys.of(digest));
    return found && { digest, size: found.size, storedAt: found.storedAt };
  }

  async list(after: Digest | undefined, limit: number): Promise<StoredBlob[]> {
    const listed: StoredBlob[] = [];
    let behind = after && this.#keys.of(after);
    while (listed.length < limit) {
      const objects = await this.#bucket.list(this.#keys.prefix, behind, maxListed);
      for (const object of objects) listed.push(...this.#keys.blobOf(object));
      behind = objects.at(-1)?.key;
      if (objects.length < maxListed) break;
    }
    return listed.slice(0, limit);
  }

  async delete(digest: Digest): Promise<void> {
    await this.#bucket.delete(this.#keys.of(digest));
  }

  /** A bucket is as large as its operator pays for. */
  async room(): Promise<number | undefined> {
    return undefined;
  }

  quarantine(blob: StoredBlob): Promise<boolean> {
    return this.#quarantine.add(blob);
  }

  quarantined(limit: number): Promise<StoredBlob[]> {
    return this.#quarantine.list(limit);
  }

  discardQuarantined(digest: Digest): Promise<void> {
    return this.#quarantine.discard(digest);
  }

  /** Where the bucket cannot be used pulls still can be answered, at the cost of the upstreams: ready, with a reason. */
  async ready(): Promise<Readiness> {
    const local = this.#spools.ready();
    if (!local.ready) return local;
    const trouble = this.#requests.writing.trouble ?? (await this.#probe());
    return withReasons(local, trouble?.message);
  }

  /** Waits for what is being stored, for a moment, then ends everything. */
  async close(): Promise<void> {
    this.#orphans.stop();
    await this.#requests.close(graceMs, Promise.allSettled(this.#storing));
  }

  async #probe(): Promise<BucketError | undefined> {
    const now = this.#options.clock.elapsed();
    if (now < this.#probedAt + probeMs) return this.#requests.reading.trouble;
    try {
      await this.#bucket.list(this.#keys.prefix, undefined, 1);
      this.#probedAt = now;
      return undefined;
    } catch (error) {
      if (error instanceof BucketError) return this.#requests.reading.trouble ?? error;
      throw error;
    }
  }

  async #removeWrong(
    digest: Digest,
    size: number,
    found: { size: number; etag: string | undefined },
  ): Promise<undefined> {
    const { log } = this.#options;
    log.error("stored blob is not what it should be, removed", { digest, size, found: found.size });
    await this.#bucket.deleteIf(this.#keys.of(digest), found.etag);
    return undefined;
  }

  /** In the spool's folder, for as long as it takes to be opened. */
  async #copy(stream: ObjectStream, size: number): Promise<Blob> {
    const local = this.#spools.begin(size, undefined);
    try {
      for (let bytes = await stream.next(); bytes; bytes = await stream.next()) {
        await local.append(bytes);
      }
      return Bun.file(local.file);
    } catch (error) {
      await stream.cancel();
      throw error instanceof StoreFullError ? new BucketError("invalid", { cause: error }) : error;
    } finally {
      this.#options.clock.after(copyMs, () => void local.discard());
      await local.close();
    }
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#storing.add(work);
    try {
      return await work;
    } finally {
      this.#storing.delete(work);
    }
  }
}
