import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { readTar, type TarEntry } from "../../lib/tar/reader.ts";
import type { Snapshots } from "../../metadata/contract.ts";
import { algorithmOf, type Digest, parseDigest } from "../../oci/digest.ts";
import { restoringMark } from "../contract.ts";
import {
  type BackupDescription,
  BackupError,
  type RestoreReport,
  type Restoring,
} from "./contract.ts";
import { blobPath, digestOfFile, openSized, piecesOf, syncFolder, writeWhole } from "./files.ts";
import { descriptionFile, keyFile } from "./sink.ts";

export interface RestoreOptions extends Restoring {
  /** Empty, or not there; or one in which a restore did not come to its end. */
  dataDir: string;
  snapshots: Snapshots;
}

const blobsPerQuery = 500;
const maxDescriptionBytes = 64 << 10;

/**
 * Makes a data folder of a backup, every blob hashed on the way; the database comes last, so that no server begins on half of
 * it. Blobs that the backup lacks are taken out of the database too. Throws `BackupError` or `MetadataError`.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { source, dataDir } = options;
  if (!existsSync(source)) throw new BackupError(`${source} is not there`);
  const at = (name: string) => path.join(dataDir, name);
  prepare(dataDir);
  const isFolder = statSync(source).isDirectory();
  const description = isFolder ? await layFolder(options) : await layTar(options);
  const report = await settle(description, options, isFolder);
  if (existsSync(at(`${keyFile}.new`))) renameSync(at(`${keyFile}.new`), at(keyFile));
  renameSync(at("weir.db.new"), at("weir.db"));
  syncFolder(dataDir);
  rmSync(at(restoringMark));
  syncFolder(dataDir);
  return { ...report, secretKey: description.secret_key };
}

/** Only into an empty folder: what a server has there is never touched. */
function prepare(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const names = readdirSync(dataDir).filter((name) => name !== "lost+found");
  if (names.length > 0 && !names.includes(restoringMark)) {
    throw new BackupError(
      `${dataDir} is not empty: give another WEIR_DATA_DIR, or move away what is there`,
    );
  }
  closeSync(openSync(path.join(dataDir, restoringMark), "w", 0o600));
  syncFolder(dataDir);
  for (const name of names) {
    if (name !== restoringMark) rmSync(path.join(dataDir, name), { recursive: true });
  }
}

async function layFolder({ source, dataDir }: RestoreOptions): Promise<BackupDescription> {
  const file = path.join(source, descriptionFile);
  if (!existsSync(file))
    throw new BackupError(`${source} is no backup, or one that did not come to its end`);
  const description = parseDescription(readFileSync(file, "utf8"));
  await copyTo(path.join(dataDir, "weir.db.new"), path.join(source, description.database));
  if (description.secret_key) {
    await copyTo(path.join(dataDir, `${keyFile}.new`), path.join(source, keyFile));
  }
  return description;
}

/** The whole of a tar is unpacked before its description is known, which is its last file. */
async function layTar({ source, dataDir, progress }: RestoreOptions): Promise<BackupDescription> {
  let description: BackupDescription | undefined;
  const done = { blobs: 0, bytes: 0 };
  for await (const entry of readTar(Bun.file(source).stream())) {
    const digest = digestOfEntry(entry);
    if (digest) {
      const file = path.join(dataDir, blobPath(digest));
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      const isRight = await writeWhole(
        file,
        entry.bytes(),
        (found) => found === digest,
        algorithmOf(digest),
      );
      if (isRight) progress({ blobs: ++done.blobs, bytes: (done.bytes += entry.size) });
    } else if (entry.name === descriptionFile && entry.size <= maxDescriptionBytes) {
      const parts: Uint8Array[] = [];
      for await (const part of entry.bytes()) parts.push(part.slice());
      description = parseDescription(Buffer.concat(parts).toString("utf8"));
    } else if (entry.name === keyFile) {
      await writeWhole(path.join(dataDir, `${keyFile}.new`), entry.bytes(), () => true);
    } else if (/^weir-[0-9a-f-]+\.db$/.test(entry.name)) {
      await writeWhole(path.join(dataDir, "weir.db.new"), entry.bytes(), () => true);
    }
  }
  if (!description)
    throw new BackupError(`${source} is no backup, or one that did not come to its end`);
  return description;
}

/** The database is checked, and brought into line with the blobs that are there. */
async function settle(
  description: BackupDescription,
  { source, dataDir, snapshots, progress }: RestoreOptions,
  isFolder: boolean,
): Promise<Omit<RestoreReport, "secretKey">> {
  const file = path.join(dataDir, "weir.db.new");
  if ((await digestOfFile(file, undefined)) !== description.database_digest) {
    throw new BackupError(`the database of ${source} is damaged: take another backup`);
  }
  const snapshot = await snapshots.open(file);
  const report = { blobs: 0, bytes: 0, damaged: [] as Digest[] };
  try {
    for (let after = ""; ;) {
      const blobs = await snapshot.blobs(after, blobsPerQuery);
      for (const { digest, size, storedAt } of blobs) {
        const to = path.join(dataDir, blobPath(digest));
        const isThere = isFolder
          ? await copyBlob(path.join(source, blobPath(digest)), to, digest, size)
          : existsSync(to) && statSync(to).size === size;
        if (isThere) {
          dateBack(to, storedAt);
          progress({ blobs: ++report.blobs, bytes: (report.bytes += size) });
        } else report.damaged.push(digest);
      }
      const last = blobs.at(-1);
      if (!last) break;
      after = last.digest;
    }
    await snapshot.withoutBlobs(report.damaged);
  } finally {
    await snapshot.close();
  }
  return report;
}

/** It has just been hashed: the server need not do so again because it was written to since it was stored. */
function dateBack(file: string, storedAt: number): void {
  try {
    utimesSync(file, storedAt / 1000, storedAt / 1000);
  } catch {
    return; // a file system that does not let us: the first pull hashes it once more
  }
}

async function copyBlob(from: string, to: string, digest: Digest, size: number): Promise<boolean> {
  const opened = openSized(from, size);
  if (!opened) return false;
  try {
    mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
    const pieces = piecesOf(opened.fd, size);
    return await writeWhole(to, pieces, (found) => found === digest, algorithmOf(digest));
  } finally {
    closeSync(opened.fd);
  }
}

async function copyTo(to: string, from: string): Promise<void> {
  const opened = openSized(from, undefined);
  if (!opened) throw new BackupError(`the backup lacks ${path.basename(from)}`);
  try {
    await writeWhole(to, piecesOf(opened.fd, opened.size), () => true);
  } finally {
    closeSync(opened.fd);
  }
}

function digestOfEntry({ name, kind }: TarEntry): Digest | undefined {
  const [, algorithm, start, hex] = /^blobs\/(\w+)\/(\w+)\/(\w+)$/.exec(name) ?? [];
  const digest = kind === "file" ? parseDigest(`${algorithm}:${hex}`) : undefined;
  return digest && hex?.startsWith(start ?? "") ? digest : undefined;
}

function parseDescription(text: string): BackupDescription {
  let value: Partial<BackupDescription> = {};
  try {
    value = JSON.parse(text) as Partial<BackupDescription>;
  } catch {
    value = {}; // said below
  }
  const isWhole = typeof value.database === "string" && typeof value.database_digest === "string";
  if (value.format !== 1 || !isWhole || !/^weir-[0-9a-f-]+\.db$/.test(value.database ?? "")) {
    throw new BackupError(
      `${descriptionFile} is not one that this release can read: is it of a newer one?`,
    );
  }
  return value as BackupDescription;
}
