import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import path from "node:path";
import { failureCode, type Log } from "../../lib/log.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import { type BlobStore, type Spool, type StoredBlob, StoreFullError } from "../contract.ts";
import { FsSpool } from "./spool.ts";

interface Options {
  /** Holds `blobs/` and `spool/`, on one file system. Nothing else may use these two. */
  root: string;
  /** Free space that is left to the rest of the machine; below it nothing new is stored. */
  minFreeBytes: number;
  log: Log;
}

/**
 * Blobs as files:
 *
 *     blobs/<algorithm>/<first 2 hex>/<hex>   verified and synced, moved here from the spool, never changed
 *     quarantine/<algorithm>-<hex>            what turned out to be wrong; nothing reads it
 *     spool/<random>                          growing; what is left there when the process starts is removed
 */
export class FsBlobStore implements BlobStore {
  readonly #root: string;
  readonly #minFreeBytes: number;
  readonly #log: Log;
  /** Spools that are still growing, for the space they will yet need. */
  readonly #growing = new Set<FsSpool>();

  private constructor({ root, minFreeBytes, log }: Options) {
    this.#root = root;
    this.#minFreeBytes = minFreeBytes;
    this.#log = log;
  }

  /** Makes the folders and removes spools that a killed process left. Throws the system's error. */
  static async open(options: Options): Promise<FsBlobStore> {
    const store = new FsBlobStore(options);
    const spool = path.join(options.root, "spool");
    mkdirSync(path.join(options.root, "blobs"), { recursive: true, mode: 0o700 });
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    const leftovers = readdirSync(spool);
    for (const name of leftovers) rmSync(path.join(spool, name), { recursive: true, force: true });
    if (leftovers.length > 0) options.log.info("spool cleared", { files: leftovers.length });
    return store;
  }

  async find(digest: Digest, size: number): Promise<StoredBlob | undefined> {
    const file = this.#pathOf(digest);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() && stats.size === size) return new FsBlob(file, size);
    if (!stats) return undefined;
    this.#log.error("stored blob is not what it should be, removed", {
      digest,
      size,
      found: stats.size,
    });
    rmSync(file, { recursive: true, force: true });
    return undefined;
  }

  async spool(expected: number | undefined): Promise<Spool> {
    this.#requireSpace(expected ?? 0);
    const file = path.join(this.#root, "spool", crypto.randomUUID());
    try {
      const fd = openSync(file, "wx+", 0o600);
      const spool = new FsSpool({
        file,
        fd,
        expected: expected ?? 0,
        target: (digest) => this.#pathOf(digest),
        requireSpace: () => this.#requireSpace(0),
        ended: () => this.#growing.delete(spool),
      });
      this.#growing.add(spool);
      return spool;
    } catch (error) {
      throw new StoreFullError("the blob store cannot be written to", { cause: error });
    }
  }

  async delete(digest: Digest): Promise<void> {
    rmSync(this.#pathOf(digest), { force: true });
  }

  async quarantine(digest: Digest): Promise<void> {
    const folder = path.join(this.#root, "quarantine");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      renameSync(this.#pathOf(digest), path.join(folder, digest.replace(":", "-")));
    } catch (error) {
      if (failureCode(error) !== "ENOENT") throw error;
    }
  }

  async unready(): Promise<string | undefined> {
    const file = path.join(this.#root, "spool", `ready-${crypto.randomUUID()}`);
    try {
      closeSync(openSync(file, "wx", 0o600));
      rmSync(file);
      return undefined;
    } catch (error) {
      this.#log.warn("blob store is not writable", { code: failureCode(error) });
      return `cannot be written to (${failureCode(error)})`;
    }
  }

  #pathOf(digest: Digest): string {
    const hex = hexOf(digest);
    return path.join(this.#root, "blobs", algorithmOf(digest), hex.slice(0, 2), hex);
  }

  #requireSpace(wanted: number): void {
    const { bavail, bsize } = statfsSync(this.#root);
    let promised = wanted;
    for (const spool of this.#growing) promised += spool.outstanding;
    if (bavail * bsize - promised < this.#minFreeBytes) {
      throw new StoreFullError("too little free space to store more");
    }
  }
}

class FsBlob implements StoredBlob {
  readonly #file: string;
  readonly size: number;

  constructor(file: string, size: number) {
    this.#file = file;
    this.size = size;
  }

  whole(): Blob {
    return Bun.file(this.#file);
  }

  part(first: number, last: number): Blob {
    return Bun.file(this.#file).slice(first, last + 1);
  }
}
