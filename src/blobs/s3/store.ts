import type { Clock } from "../../lib/clock.ts";
import { Lanes } from "../../lib/lanes.ts";
import type { Log } from "../../lib/log.ts";
import { algorithmOf, type Digest, hexOf, parseDigest } from "../../oci/digest.ts";
import {
  type BlobStore,
  type OpenedBlob,
  type Readiness,
  type Spool,
  type StoredBlob,
  StoreFullError,
  type Wanted,
  withReasons,
} from "../contract.ts";
import { Spools } from "../fs/spools.ts";
import { Bucket, type StoredObject } from "./bucket.ts";
import { Orphans } from "./orphans.ts";
import { firstOf, free, ObjectStream, Readers } from "./reading.ts";
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
/** Most that S3 copies at once. */
const maxCopied = 5 * 2 ** 30;
/** Most that S3 lists at once. */
const maxListed = 1000;

/** Blobs as objects, `<prefix>/blobs/<algorithm>/<first 2 hex>/<hex>`, on their way there in a local spool. */
export class BucketBlobStore implements BlobStore {
  readonly #options: BucketStoreOptions;
  readonly #spools: Spools;
  readonly #requests: Requests;
  readonly #bucket: Bucket;
  readonly #orphans: Orphans;
  /** Of all that is ours in the bucket. */
  readonly #root: string;
  readonly #prefix: string;
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
    this.#root = settings.prefix === "" ? "" : `${settings.prefix}/`;
    this.#prefix = `${this.#root}blobs/`;
    this.#orphans = new Orphans({ bucket: this.#bucket, prefix: this.#prefix, clock, log });
  }

  /** Makes the spool's folder, and removes what a killed process left in it. Dials nothing. Throws the system's error. */
  static async open(options: BucketStoreOptions): Promise<BucketBlobStore> {
    const store = new BucketBlobStore(options);
    store.#orphans.start();
    return store;
  }

  async has(digest: Digest, size: number): Promise<boolean> {
    const found = await this.#bucket.head(this.#keyOf(digest));
    if (!found) return false;
    return found.size === size || this.#removeWrong(digest, size, found);
  }

  async open(digest: Digest, size: number, wanted: Wanted): Promise<OpenedBlob | undefined> {
    const key = this.#keyOf(digest);
    if (wanted.as === "address" && this.#options.redirect) {
      if (!(await this.has(digest, size))) return undefined;
      return { kind: "address", url: this.#requests.address(key, addressSeconds) };
    }
    const range = wanted.range ?? { first: 0, last: size - 1 };
    const read = await this.#bucket.get(key, size === 0 ? {} : { range: firstOf(range) });
    if (typeof read === "string") return undefined;
    if (read.size !== size) {
      await this.#removeWrong(digest, size, read);
      return undefined;
    }
    if (read.bytes.length === range.last + 1 - range.first) {
      const blob = new Blob([read.bytes as Uint8Array<ArrayBuffer>]);
      free(read.bytes);
      return { kind: "file", blob };
    }
    const { clock } = this.#options;
    const reading = { bucket: this.#bucket, clock, key, range, readers: this.#readers };
    const stream = new ObjectStream(reading, read);
    if (wanted.as !== "file") return { kind: "stream", stream };
    return { kind: "file", blob: await this.#copy(stream, range.last + 1 - range.first) };
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
      keyOf: (known) => this.#keyOf(known),
      local,
      upload: (key) => new Upload({ bucket, key, spool: local, expected, partBytes, places, log }),
      bucket,
      track: (work) => this.#track(work),
    });
  }

  async stat(digest: Digest): Promise<StoredBlob | undefined> {
    const found = await this.#bucket.head(this.#keyOf(digest));
    return found && { digest, size: found.size, storedAt: found.storedAt };
  }

  async list(after: Digest | undefined, limit: number): Promise<StoredBlob[]> {
    const listed: StoredBlob[] = [];
    let behind = after && this.#keyOf(after);
    while (listed.length < limit) {
      const objects = await this.#bucket.list(this.#prefix, behind, maxListed);
      for (const object of objects) listed.push(...this.#blobOf(object));
      behind = objects.at(-1)?.key;
      if (objects.length < maxListed) break;
    }
    return listed.slice(0, limit);
  }

  async delete(digest: Digest): Promise<void> {
    await this.#bucket.delete(this.#keyOf(digest));
  }

  /** A bucket is as large as its operator pays for. */
  async room(): Promise<number | undefined> {
    return undefined;
  }

  /** What is put aside is `<prefix>/quarantine/<algorithm>-<hex>`. */
  async quarantine({ digest, size, storedAt }: StoredBlob): Promise<boolean> {
    const key = this.#keyOf(digest);
    const now = await this.#bucket.head(key);
    if (now?.size !== size || now.storedAt !== storedAt) return false;
    if (size <= maxCopied) await this.#copyAside(digest);
    else this.#options.log.warn("blob is too large to be put aside, removed", { digest });
    // A copy can take minutes, in which a pull may have stored the right one.
    const still = await this.#bucket.head(key);
    if (still?.etag !== now.etag || still?.storedAt !== storedAt) return false;
    return (await this.#bucket.deleteIf(key, now.etag)) === "deleted";
  }

  async #copyAside(digest: Digest): Promise<void> {
    try {
      await this.#bucket.copy(this.#keyOf(digest), this.#asideOf(digest));
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      const { log } = this.#options;
      log.error("blob could not be put aside, removed", { digest, code: error.code });
    }
  }

  async quarantined(limit: number): Promise<StoredBlob[]> {
    const prefix = `${this.#root}quarantine/`;
    const objects = await this.#bucket.list(prefix, undefined, Math.min(limit, maxListed));
    return objects.flatMap(({ key, size, storedAt }) => {
      const digest = parseDigest(key.slice(prefix.length).replace("-", ":"));
      return digest ? [{ digest, size, storedAt }] : [];
    });
  }

  async discardQuarantined(digest: Digest): Promise<void> {
    await this.#bucket.delete(this.#asideOf(digest), "aside");
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
      await this.#bucket.list(this.#prefix, undefined, 1);
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
  ): Promise<false> {
    const { log } = this.#options;
    log.error("stored blob is not what it should be, removed", { digest, size, found: found.size });
    await this.#bucket.deleteIf(this.#keyOf(digest), found.etag);
    return false;
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

  #asideOf(digest: Digest): string {
    return `${this.#root}quarantine/${digest.replace(":", "-")}`;
  }

  #keyOf(digest: Digest): string {
    const hex = hexOf(digest);
    return `${this.#prefix}${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}`;
  }

  /** Nothing for what is none of ours. */
  #blobOf({ key, size, storedAt }: StoredObject): StoredBlob[] {
    const [algorithm, , hex] = key.slice(this.#prefix.length).split("/");
    const digest = parseDigest(`${algorithm}:${hex}`);
    return digest && key === this.#keyOf(digest) ? [{ digest, size, storedAt }] : [];
  }
}
