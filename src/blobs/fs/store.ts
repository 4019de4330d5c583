import {
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import path from "node:path";
import { type Clock, yieldTurn } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { algorithmOf, type Digest, hexOf, parseDigest } from "../../oci/digest.ts";
import {
  type BlobStore,
  type FoundBlob,
  type OpenedBlob,
  type Readiness,
  type Spool,
  type StoredBlob,
  UnreadableError,
  type Wanted,
} from "../contract.ts";
import { Spools, type SpoolsOptions } from "./spools.ts";

/** How many files are looked at before others have their turn. */
const listedAtOnce = 256;

export type FsStoreOptions = SpoolsOptions;

/**
 * Blobs as files:
 *
 *     blobs/<algorithm>/<first 2 hex>/<hex>   verified and synced, moved here from the spool, never changed
 *     quarantine/<algorithm>-<hex>            what turned out to be wrong, of the time when that was; nothing reads it
 */
export class FsBlobStore implements BlobStore {
  readonly #root: string;
  readonly #quarantine: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #spools: Spools;

  private constructor({ root, log, clock }: FsStoreOptions, spools: Spools) {
    this.#root = path.join(root, "blobs");
    this.#quarantine = path.join(root, "quarantine");
    this.#log = log;
    this.#clock = clock;
    this.#spools = spools;
  }

  /** Makes the folders and removes spools that a killed process left. Throws the system's error. */
  static async open(options: FsStoreOptions): Promise<FsBlobStore> {
    mkdirSync(path.join(options.root, "blobs"), { recursive: true, mode: 0o700 });
    return new FsBlobStore(options, Spools.open(options));
  }

  async find(digest: Digest, size: number): Promise<FoundBlob | undefined> {
    const stats = this.#statsAt(digest, this.#pathOf(digest), size);
    return stats && { writtenAt: stats.mtimeMs };
  }

  async open(
    digest: Digest,
    size: number,
    { range }: Pick<Wanted, "range">,
  ): Promise<OpenedBlob | undefined> {
    const path = this.#pathOf(digest);
    const stats = this.#statsAt(digest, path, size);
    if (!stats) return undefined;
    const file = Bun.file(path);
    const blob = range ? file.slice(range.first, range.last + 1) : file;
    return { kind: "file", blob, writtenAt: stats.mtimeMs };
  }

  async spool(_digest: Digest | undefined, expected: number | undefined): Promise<Spool> {
    return this.#spools.begin(expected ?? 0, (digest) => this.#pathOf(digest));
  }

  async stat(digest: Digest): Promise<StoredBlob | undefined> {
    return this.#describe(digest);
  }

  async list(after: Digest | undefined, limit: number): Promise<StoredBlob[]> {
    const found: StoredBlob[] = [];
    for (const algorithm of ["sha256", "sha512"]) {
      for (const folder of this.#names(algorithm)) {
        // Nothing of a folder whose last possible name is not behind it.
        if (after && `${algorithm}:${folder}~` < after) continue;
        for (const hex of this.#names(algorithm, folder)) {
          const digest = parseDigest(`${algorithm}:${hex}`);
          if (!digest || !hex.startsWith(folder) || (after && digest <= after)) continue;
          const stored = this.#describe(digest);
          if (stored) found.push(stored);
          if (found.length >= limit) return found;
          if (found.length % listedAtOnce === 0) await yieldTurn();
        }
      }
    }
    return found;
  }

  async delete(digest: Digest): Promise<void> {
    rmSync(this.#pathOf(digest), { force: true });
  }

  async quarantine({ digest, size, storedAt }: StoredBlob): Promise<boolean> {
    const now = this.#describe(digest);
    if (now?.size !== size || now.storedAt !== storedAt) return false;
    return this.#putAside(digest);
  }

  async quarantined(limit: number): Promise<StoredBlob[]> {
    const digests = namesIn(this.#quarantine).map((name) => parseDigest(name.replace("-", ":")));
    return digests
      .filter((digest) => digest !== undefined)
      .slice(0, limit)
      .flatMap((digest) => {
        const stats = this.#statsAside(digest);
        // Of a folder the size says nothing.
        return stats ? [{ digest, size: stats.size, storedAt: Math.floor(stats.mtimeMs) }] : [];
      });
  }

  /** What came here from a disk that errs may not be read here either: the others are listed all the same. */
  #statsAside(digest: Digest): Stats | undefined {
    try {
      return statsOf(this.#asideOf(digest));
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      this.#log.warn("what was put aside cannot be read", { digest, reason: error.message });
      return undefined;
    }
  }

  async discardQuarantined(digest: Digest): Promise<void> {
    rmSync(this.#asideOf(digest), { recursive: true, force: true });
  }

  async room(): Promise<number | undefined> {
    return this.#spools.room();
  }

  async ready(): Promise<Readiness> {
    return this.#spools.ready();
  }

  /** Nothing of it outlives a call. */
  async close(): Promise<void> {}

  /** Undefined where it is not there, of this size: then what is there is put aside. */
  #statsAt(digest: Digest, file: string, size: number): Stats | undefined {
    const stats = statsOf(file);
    if (stats?.isFile() && stats.size === size) return stats;
    if (!stats) return undefined;
    const found = stats.size;
    this.#log.error("stored blob is not what it should be, put aside", { digest, size, found });
    this.#putAside(digest);
    return undefined;
  }

  /** Whether it was there. */
  #putAside(digest: Digest): boolean {
    mkdirSync(this.#quarantine, { recursive: true, mode: 0o700 });
    const target = this.#asideOf(digest);
    // What stands there can be anything, of an earlier time.
    rmSync(target, { recursive: true, force: true });
    const seconds = this.#clock.now() / 1000;
    try {
      renameSync(this.#pathOf(digest), target);
      lutimesSync(target, seconds, seconds);
    } catch (error) {
      if (failureCode(error) !== "ENOENT") throw error;
      return false;
    }
    return true;
  }

  #asideOf(digest: Digest): string {
    return path.join(this.#quarantine, digest.replace(":", "-"));
  }

  #describe(digest: Digest): StoredBlob | undefined {
    const stats = statsOf(this.#pathOf(digest));
    if (!stats?.isFile()) return undefined;
    return { digest, size: stats.size, storedAt: Math.floor(stats.mtimeMs) };
  }

  #names(...folders: string[]): string[] {
    return namesIn(path.join(this.#root, ...folders));
  }

  #pathOf(digest: Digest): string {
    const hex = hexOf(digest);
    return path.join(this.#root, algorithmOf(digest), hex.slice(0, 2), hex);
  }
}

/** What is in a folder, in order; nothing where it is not there. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Undefined where nothing is there; a disk that errs does not say that. */
function statsOf(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    const code = failureCode(error);
    throw new UnreadableError(`the file system does not read it (${code})`, { cause: error });
  }
}
