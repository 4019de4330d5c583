import {
  type BlobStore,
  type OpenedBlob,
  type StoredBlob,
  StoreUnavailableError,
  UnreadableError,
} from "../../blobs/contract.ts";
import { yieldTurn } from "../../lib/clock.ts";
import { failureCode } from "../../lib/log.ts";
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";

const turnBytes = 256 << 10;

/** What is wrong with a blob: with what was found in its place, or why it could not be read. */
export type Problem = { problem: "missing" } | { problem: "wrong"; found: StoredBlob } | Unreadable;
type Unreadable = { problem: "unreadable"; reason: string };

/**
 * What is wrong with a stored blob; undefined: nothing. Looked at twice where it is not right: a disk can err once, and bytes
 * that are right may be taking the place of wrong ones. Throws `StoreUnavailableError`.
 */
export async function problemOf(
  blobs: BlobStore,
  digest: Digest,
  size: number,
): Promise<Problem | undefined> {
  if (!(await look(blobs, digest, size))) return undefined;
  const found = await readable(blobs.stat(digest));
  const problem = await look(blobs, digest, size);
  if (problem !== "wrong") return problem;
  if (!found) return { problem: "missing" };
  return "problem" in found ? found : { problem, found };
}

type Unsound = { problem: "missing" } | Unreadable;

async function look(
  blobs: BlobStore,
  digest: Digest,
  size: number,
): Promise<Unsound | "wrong" | undefined> {
  const stored = await readable(blobs.open(digest, size, { range: undefined, as: "bytes" }));
  if (!stored) return { problem: "missing" };
  if ("problem" in stored) return stored;
  const found = await hashed(piecesOf(stored), digest);
  if (typeof found !== "string") return found;
  return found === digest ? undefined : "wrong";
}

async function* piecesOf(stored: OpenedBlob): AsyncGenerator<Uint8Array> {
  if (stored.kind === "file") return yield* stored.blob.stream();
  if (stored.kind === "address") throw new Error("bytes were wanted");
  const { stream } = stored;
  try {
    for (let piece = await stream.next(); piece; piece = await stream.next()) yield piece;
  } finally {
    await stream.cancel();
  }
}

/** What it resolves to, or that it cannot be read. */
async function readable<T>(asked: Promise<T>): Promise<T | Unreadable> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { problem: "unreadable", reason: failureCode(error.cause) };
  }
}

async function hashed(
  pieces: AsyncIterable<Uint8Array>,
  digest: Digest,
): Promise<Digest | Unsound> {
  const digester = new Digester(algorithmOf(digest));
  let sinceTurn = 0;
  try {
    for await (const piece of pieces) {
      digester.update(piece);
      if ((sinceTurn += piece.length) < turnBytes) continue;
      sinceTurn = 0;
      await yieldTurn();
    }
  } catch (error) {
    // A bucket that cannot be had now says nothing of one blob.
    if (error instanceof StoreUnavailableError) throw error;
    const reason = failureCode(error);
    // Given up since it was found.
    if (reason === "ENOENT") return { problem: "missing" };
    // The system's word for a disk that errs, or a file system that is gone.
    if (/^E[A-Z0-9]+$/.test(reason)) return { problem: "unreadable", reason };
    throw error;
  }
  return digester.digest();
}
