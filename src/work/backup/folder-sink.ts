import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import path from "node:path";
import { algorithmOf, type Digest } from "../../oci/digest.ts";
import { type BackupDescription, BackupError } from "./contract.ts";
import { blobPath, writeWhole } from "./files.ts";
import { descriptionFile, keyFile, type Sink } from "./sink.ts";

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
