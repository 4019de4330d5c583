import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
  fsyncSync,
  lstatSync,
  statSync,
} from "node:fs";
import path from "node:path";
import { archiveEnd, formatHeader, padding } from "../../lib/tar/header.ts";
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";
import { type BackupDescription, BackupError } from "./contract.ts";
import { blobPath, openSized, piecesOf, syncFolder, writeWhole } from "./files.ts";

export const descriptionFile = "backup.json";
export const keyFile = "secret.key";

/** What a backup is written to. */
export interface Sink {
  /** Where the database's snapshot is made, on the way to its place. */
  readonly snapshot: string;
  has(digest: Digest, size: number): boolean;
  /** Whether these bytes are the blob: if not, it does not count as being there. */
  put(digest: Digest, size: number, pieces: AsyncIterable<Uint8Array>): Promise<boolean>;
  /** Takes the snapshot; from here on this is the backup. `isNamed`: by that database. */
  finish(
    description: BackupDescription,
    secretKey: string | undefined,
    isNamed: (digest: Digest, size: number) => boolean,
  ): Promise<void>;
  /** It has failed: what is of no use is removed. */
  abandon(): void;
}

/**
 * A folder, which can hold a former backup: what that has is not copied again, and it stays whole until this one is.
 *
 *     backup.json              which database counts; replaced at once
 *     weir-<random>.db         the database
 *     blobs/                   as in a data folder
 *     secret.key               if it was wanted
 */
export class FolderSink implements Sink {
  readonly snapshot: string;
  readonly #folder: string;
  /** The first of the folders that were not there before. */
  readonly #made: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    if (existsSync(folder) && !statSync(folder).isDirectory()) {
      throw new BackupError(
        `${folder} is a file: give a folder, or a new file whose name ends in .tar`,
      );
    }
    const isOther =
      existsSync(folder) &&
      !existsSync(path.join(folder, descriptionFile)) &&
      readdirSync(folder).some(isForeign);
    if (isOther) {
      throw new BackupError(
        `${folder} has other things in it: give a new folder, or that of a backup`,
      );
    }
    this.#made = mkdirSync(path.join(folder, "blobs"), { recursive: true, mode: 0o700 });
    // What a backup that was killed left.
    for (const name of readdirSync(folder))
      if (name.endsWith(".part")) rmSync(path.join(folder, name));
    this.snapshot = path.join(folder, `weir-${crypto.randomUUID()}.db.part`);
  }

  has(digest: Digest, size: number): boolean {
    const stats = lstatSync(path.join(this.#folder, blobPath(digest)), { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === size;
  }

  put(digest: Digest, _size: number, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
    const file = path.join(this.#folder, blobPath(digest));
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    return writeWhole(file, pieces, (found) => found === digest, algorithmOf(digest));
  }

  async finish(
    description: BackupDescription,
    secretKey: string | undefined,
    isNamed: (digest: Digest, size: number) => boolean,
  ): Promise<void> {
    const at = (name: string) => path.join(this.#folder, name);
    renameSync(this.snapshot, at(description.database));
    if (secretKey !== undefined) await writeText(at(keyFile), secretKey);
    await writeText(at(descriptionFile), `${JSON.stringify(description, null, 2)}\n`);
    // The former backup is not needed any more.
    const kept = [
      descriptionFile,
      description.database,
      "blobs",
      ...(secretKey === undefined ? [] : [keyFile]),
    ];
    for (const name of readdirSync(this.#folder)) {
      if (!kept.includes(name) && !isForeign(name)) rmSync(at(name), { force: true });
    }
    for (const { digest, file, size } of storedIn(this.#folder)) {
      if (digest === undefined || !isNamed(digest, size)) rmSync(file, { force: true });
    }
  }

  /** Blobs stay, since the next backup need not copy them; a folder without any goes as it came. */
  abandon(): void {
    rmSync(this.snapshot, { force: true });
    if (this.#made === undefined) return;
    const first = path.resolve(this.#made);
    let folder = path.resolve(this.#folder, "blobs");
    while (folder.startsWith(first) && readdirSync(folder).length === 0) {
      rmdirSync(folder);
      folder = path.dirname(folder);
    }
  }
}

/** One file, in the same form but for the order: the description comes last, so that one that was cut has none. */
export class TarSink implements Sink {
  readonly snapshot: string;
  readonly #file: string;
  readonly #part: string;
  readonly #fd: number;

  constructor(file: string) {
    if (existsSync(file)) throw new BackupError(`${file} is there already: give another name`);
    this.#file = file;
    this.#part = `${file}.part`;
    this.snapshot = `${file}.db.part`;
    for (const left of [this.#part, this.snapshot]) rmSync(left, { force: true });
    this.#fd = openSync(this.#part, "wx", 0o600);
  }

  has(): boolean {
    return false;
  }

  async put(digest: Digest, size: number, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
    const digester = new Digester(algorithmOf(digest));
    let left = size;
    this.#write(formatHeader(blobPath(digest), size));
    for await (const piece of pieces) {
      const taken = piece.subarray(0, left);
      digester.update(taken);
      this.#write(taken);
      left -= taken.length;
    }
    // The header has been written: what is missing is made up for, and wrong.
    for (; left > 0; left -= Math.min(left, zeros.length)) this.#write(zeros.subarray(0, left));
    this.#write(padding(size));
    return digester.digest() === digest;
  }

  async finish(description: BackupDescription, secretKey: string | undefined): Promise<void> {
    const opened = openSized(this.snapshot, undefined);
    if (!opened) throw new BackupError("the snapshot of the database has gone");
    this.#write(formatHeader(description.database, opened.size));
    for await (const piece of piecesOf(opened.fd, opened.size)) this.#write(piece);
    closeSync(opened.fd);
    this.#write(padding(opened.size));
    if (secretKey !== undefined) this.#writeText(keyFile, secretKey);
    this.#writeText(descriptionFile, `${JSON.stringify(description, null, 2)}\n`);
    this.#write(archiveEnd);
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    renameSync(this.#part, this.#file);
    syncFolder(path.dirname(path.resolve(this.#file)));
    rmSync(this.snapshot, { force: true });
  }

  abandon(): void {
    rmSync(this.#part, { force: true });
    rmSync(this.snapshot, { force: true });
  }

  #writeText(name: string, text: string): void {
    const bytes = Buffer.from(text);
    for (const part of [formatHeader(name, bytes.length), bytes, padding(bytes.length)])
      this.#write(part);
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done);
    }
  }
}

const zeros = new Uint8Array(64 << 10);

/** Nothing that a backup has written. */
function isForeign(name: string): boolean {
  return !/^(?:backup\.json|secret\.key|weir-[0-9a-f-]+\.db|blobs|lost\+found)(?:\.part)?$/.test(
    name,
  );
}

/** The files below `blobs/`, with what they would be by their names. */
function* storedIn(
  folder: string,
): Generator<{ digest: Digest | undefined; file: string; size: number }> {
  const names = (below: string) => readdirSync(path.join(folder, below));
  for (const algorithm of names("blobs")) {
    for (const start of names(path.join("blobs", algorithm))) {
      for (const hex of names(path.join("blobs", algorithm, start))) {
        const file = path.join(folder, "blobs", algorithm, start, hex);
        const digest = hex.endsWith(".part") ? undefined : (`${algorithm}:${hex}` as Digest);
        yield { digest, file, size: lstatSync(file).size };
      }
    }
  }
}

async function writeText(file: string, text: string): Promise<void> {
  const bytes = async function* () {
    yield Buffer.from(text);
  };
  await writeWhole(file, bytes(), () => true);
}
