import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { yieldTurn } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { algorithmOf, type Digest, hexOf, parseDigest } from "../../oci/digest.ts";
import type { BlobStore, OpenedBlob, Readiness, Spool, StoredBlob, Wanted } from "../contract.ts";
import { Spools, type SpoolsOptions } from "./spools.ts";

/** How many files are looked at before others have their turn. */
const listedAtOnce = 256;

/**
 * Blobs as files:
 *
 *     blobs/<algorithm>/<first 2 hex>/<hex>   verified and synced, moved here from the spool, never changed
 *     quarantine/<algorithm>-<hex>            what turned out to be wrong; nothing reads it
 */
export class FsBlobStore implements BlobStore {
  readonly #root: string;
  readonly #quarantine: string;
  readonly #log: Log;
  readonly #spools: Spools;

  private constructor({ root, log }: SpoolsOptions, spools: Spools) {
    this.#root = path.join(root, "blobs");
    this.#quarantine = path.join(root, "quarantine");
    this.#log = log;
    this.#spools = spools;
  }

  /** Makes the folders and removes spools that a killed process left. Throws the system's error. */
  static async open(options: SpoolsOptions): Promise<FsBlobStore> {
    mkdirSync(path.join(options.root, "blobs"), { recursive: true, mode: 0o700 });
    return new FsBlobStore(options, Spools.open(options));
  }

  async has(digest: Digest, size: number): Promise<boolean> {
    return this.#isThere(digest, this.#pathOf(digest), size);
  }

  async open(
    digest: Digest,
    size: number,
    { range }: Pick<Wanted, "range">,
  ): Promise<OpenedBlob | undefined> {
    const path = this.#pathOf(digest);
    if (!this.#isThere(digest, path, size)) return undefined;
    const file = Bun.file(path);
    return { kind: "file", blob: range ? file.slice(range.first, range.last + 1) : file };
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

  async quarantine(digest: Digest): Promise<void> {
    this.#putAside(digest);
  }

  async room(): Promise<number | undefined> {
    return this.#spools.room();
  }

  async ready(): Promise<Readiness> {
    return this.#spools.ready();
  }

  /** Nothing of it outlives a call. */
  async close(): Promise<void> {}

  #isThere(digest: Digest, file: string, size: number): boolean {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() && stats.size === size) return true;
    if (!stats) return false;
    const found = stats.size;
    this.#log.error("stored blob is not what it should be, put aside", { digest, size, found });
    this.#putAside(digest);
    return false;
  }

  #putAside(digest: Digest): void {
    mkdirSync(this.#quarantine, { recursive: true, mode: 0o700 });
    const target = path.join(this.#quarantine, digest.replace(":", "-"));
    // What stands there can be anything, of an earlier time.
    rmSync(target, { recursive: true, force: true });
    try {
      renameSync(this.#pathOf(digest), target);
    } catch (error) {
      if (failureCode(error) !== "ENOENT") throw error;
    }
  }

  #describe(digest: Digest): StoredBlob | undefined {
    const stats = lstatSync(this.#pathOf(digest), { throwIfNoEntry: false });
    if (!stats?.isFile()) return undefined;
    return { digest, size: stats.size, storedAt: Math.floor(stats.mtimeMs) };
  }

  /** What is in a folder, in order; nothing where it is not there. */
  #names(...folders: string[]): string[] {
    try {
      return readdirSync(path.join(this.#root, ...folders)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #pathOf(digest: Digest): string {
    const hex = hexOf(digest);
    return path.join(this.#root, algorithmOf(digest), hex.slice(0, 2), hex);
  }
}
