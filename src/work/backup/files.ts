import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { yieldTurn } from "../../lib/clock.ts";
import { algorithmOf, type Digest, Digester, hexOf } from "../../oci/digest.ts";

const pieceBytes = 256 << 10;

/** Where a blob rests below a data folder, and below a backup. */
export function blobPath(digest: Digest): string {
  const hex = hexOf(digest);
  return path.join("blobs", algorithmOf(digest), hex.slice(0, 2), hex);
}

/** The bytes of a regular file, in pieces that are overwritten by the next; undefined where there is none of this size. */
export function openSized(
  file: string,
  size: number | undefined,
): { fd: number; size: number } | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile() || (size !== undefined && stats.size !== size)) return undefined;
  return { fd: openSync(file, "r"), size: stats.size };
}

export async function* piecesOf(fd: number, size: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(pieceBytes);
  for (let at = 0; at < size;) {
    const count = readSync(fd, buffer, 0, Math.min(pieceBytes, size - at), at);
    if (count === 0) return;
    at += count;
    yield buffer.subarray(0, count);
    await yieldTurn();
  }
}

/** The digest of a file's bytes; undefined where there is no such file of this size. */
export async function digestOfFile(
  file: string,
  size: number | undefined,
  algorithm: "sha256" | "sha512" = "sha256",
): Promise<Digest | undefined> {
  const opened = openSized(file, size);
  if (!opened) return undefined;
  try {
    const digester = new Digester(algorithm);
    for await (const piece of piecesOf(opened.fd, opened.size)) digester.update(piece);
    return digester.digest();
  } finally {
    closeSync(opened.fd);
  }
}

/**
 * Writes bytes to a file that is there whole or not at all, whatever happens. `accept` sees the digest before that; what it
 * refuses leaves nothing. Whether it is there.
 */
export async function writeWhole(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  accept: (digest: Digest) => boolean,
  algorithm: "sha256" | "sha512" = "sha256",
): Promise<boolean> {
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const fd = openSync(part, "wx", 0o600);
  try {
    const digester = new Digester(algorithm);
    for await (const piece of bytes) {
      digester.update(piece);
      for (let done = 0; done < piece.length;) {
        done += writeSync(fd, piece, done, piece.length - done);
      }
    }
    if (!accept(digester.digest())) return false;
    fsyncSync(fd);
    renameSync(part, file);
    syncFolder(path.dirname(file));
    return true;
  } finally {
    closeSync(fd);
    rmSync(part, { force: true });
  }
}

export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
