import { type BlobStore, type Spool, StoreFullError } from "../../blobs/contract.ts";
import { type Clock, yieldTurn } from "../../lib/clock.ts";
import type { Holds } from "../../lib/holds.ts";
import { readTar, type TarEntry } from "../../lib/tar/reader.ts";
import type { Cache } from "../../metadata/contract.ts";
import { archiveFiles, digestOfPath } from "../../oci/archive.ts";
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";
import { maxManifestBytes } from "../../oci/manifest.ts";
import { keepSafe } from "../keeping.ts";
import { ImportError } from "./contract.ts";

export interface ShelfOptions {
  blobs: BlobStore;
  cache: Cache;
  clock: Clock;
  holds: Holds;
  /** Larger blobs are not stored; undefined: no limit. */
  maxBlobBytes: number | undefined;
}

/** A file of an archive: what it is, and its bytes where it is small. */
export interface Held {
  digest: Digest;
  size: number;
  /** Undefined: in the blob store. */
  bytes: Uint8Array | undefined;
}

/** Files that may be manifests or configurations are kept in memory until it is known; larger ones are blobs for sure. */
const smallBytes = 1 << 20;
/** All of them together. */
const maxSmallBytes = 64 << 20;
const turnBytes = 256 << 10;
const maxLinks = 40;

/**
 * What an archive holds, taken in as it comes, in whatever order: large files go through the spool to the store by their
 * digests, small ones stay in memory. What is in the store is verified content that nobody can read until an entry says so.
 */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #byName = new Map<string, Held>();
  readonly #byDigest = new Map<Digest, Held>();
  readonly #links = new Map<string, string>();
  #smallBytes = 0;

  private constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Reads an archive to its end. Throws `ImportError`, `TarError`, or what its source throws. */
  static async fill(archive: AsyncIterable<Uint8Array>, options: ShelfOptions): Promise<Shelf> {
    const shelf = new Shelf(options);
    for await (const entry of readTar(archive)) {
      if (entry.kind === "link") shelf.#links.set(entry.name, entry.target);
      if (entry.kind === "file") await shelf.#take(entry);
    }
    return shelf;
  }

  find(digest: Digest): Held | undefined {
    return this.#byDigest.get(digest);
  }

  /** By name, links followed: `docker save` has a layer that stands in several images once. */
  file(name: string): Held | undefined {
    let at = name;
    for (let followed = 0; followed <= maxLinks; followed++) {
      const held = this.#byName.get(at);
      if (held) return held;
      const target = this.#links.get(at);
      if (target === undefined) return undefined;
      at =
        [target, joined(at, target)].find((one) => this.#byName.has(one) || this.#links.has(one)) ??
        "";
    }
    return undefined;
  }

  /** The bytes of a file that is no larger than a manifest may be; undefined for larger ones. */
  async content(held: Held): Promise<Uint8Array | undefined> {
    if (held.bytes || held.size > maxManifestBytes) return held.bytes;
    const { blobs } = this.#options;
    const whole = { range: undefined, as: "file" } as const;
    const stored = await blobs.open(held.digest, held.size, whole);
    return stored?.kind === "file" ? stored.blob.bytes() : undefined;
  }

  /** Sees to it that the bytes rest in the store. */
  async store(held: Held): Promise<void> {
    if (!held.bytes) return;
    const { bytes } = held;
    await this.#spooled(held.digest, bytes.length, async (spool) => {
      await spool.append(bytes);
      return held.digest;
    });
  }

  async #take(entry: TarEntry): Promise<void> {
    const claimed = digestOfPath(entry.name);
    if (claimed === "invalid") {
      throw new ImportError("archive", "a blob of the archive has a name that is no digest");
    }
    const isSmall = entry.size <= smallBytes && this.#smallBytes + entry.size <= maxSmallBytes;
    const { layout, index, docker } = archiveFiles;
    const isOwn = [layout, index, docker].some((name) => name === entry.name);
    const held =
      isSmall || isOwn ? await this.#small(entry, claimed) : await this.#large(entry, claimed);
    this.#byName.set(entry.name, held);
    // What its name says wins over the digest that was computed otherwise: they are the same, or this throws.
    if (!this.#byDigest.get(held.digest)?.bytes) this.#byDigest.set(held.digest, held);
  }

  async #small(entry: TarEntry, claimed: Digest | undefined): Promise<Held> {
    if (entry.size > maxManifestBytes) {
      throw new ImportError("archive", `${entry.name} is too large`);
    }
    const parts: Uint8Array[] = [];
    // A view of what the archive's source gave would keep all of that in memory.
    for await (const part of entry.bytes()) parts.push(part.slice());
    const bytes = Buffer.concat(parts);
    const digester = new Digester(claimed ? algorithmOf(claimed) : "sha256");
    digester.update(bytes);
    this.#smallBytes += bytes.length;
    return { digest: requireSame(digester.digest(), claimed), size: bytes.length, bytes };
  }

  async #large(entry: TarEntry, claimed: Digest | undefined): Promise<Held> {
    const { size } = entry;
    const { maxBlobBytes = Number.POSITIVE_INFINITY } = this.#options;
    if (size > maxBlobBytes) {
      const text = "the archive has a blob that is larger than may be stored (WEIR_MAX_BLOB_BYTES)";
      throw new ImportError("archive", text);
    }
    const digest = await this.#spooled(claimed, size, async (spool) => {
      const digester = new Digester(claimed ? algorithmOf(claimed) : "sha256");
      let sinceTurn = 0;
      for await (const part of entry.bytes()) {
        digester.update(part);
        await spool.append(part);
        if ((sinceTurn += part.length) < turnBytes) continue;
        sinceTurn = 0;
        await yieldTurn();
      }
      return requireSame(digester.digest(), claimed);
    });
    return { digest, size, bytes: undefined };
  }

  /** Through the spool to where the digest rests that `write` gives; nothing is left of it when that throws. */
  async #spooled(
    claimed: Digest | undefined,
    size: number,
    write: (spool: Spool) => Promise<Digest>,
  ): Promise<Digest> {
    try {
      const spool = await this.#options.blobs.spool(claimed, size);
      try {
        const digest = await write(spool);
        await keepSafe(this.#options, digest, async ({ wasRecorded, isStored }) => {
          await spool.commit(digest, isStored);
          await this.#keep({ digest, size: spool.length }, wasRecorded);
        });
        return digest;
      } finally {
        await spool.discard();
        await spool.close();
      }
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      const text = "the blob store cannot take the archive: it is full, or cannot be written to";
      throw new ImportError("full", text, { cause: error });
    }
  }

  async #keep(
    { digest, size }: Pick<Held, "digest" | "size">,
    wasRecorded: boolean,
  ): Promise<void> {
    const { cache, clock } = this.#options;
    if (await cache.keepBlob({ digest, size, now: clock.now() }, wasRecorded)) return;
    throw new ImportError("changed", "what the archive has is just being deleted; import it again");
  }
}

function requireSame(digest: Digest, claimed: Digest | undefined): Digest {
  if (claimed === undefined || claimed === digest) return digest;
  throw new ImportError("archive", `the archive's bytes are not ${claimed}`);
}

/** Where a link's target is, from where the link is. */
function joined(from: string, target: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
