import { type BlobStore, StoreUnavailableError } from "../blobs/contract.ts";
import type { Log } from "../lib/log.ts";
import { rangeWithin } from "../lib/range.ts";
import type { Cache } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobContent, PullOptions } from "./contract.ts";
import { tolerate } from "./errors.ts";

/** What a request wants of a blob. */
export type BlobWanted = Pick<PullOptions, "head" | "part" | "complete" | "waits">;

/**
 * The size of bytes that are here, whoever brought them. To see them takes more: see `Blobs`. Throws
 * `StoreUnavailableError`.
 */
export async function findStored(
  { cache, blobs, log }: { cache: Cache; blobs: BlobStore; log: Log },
  digest: Digest,
): Promise<number | undefined> {
  const record = await cache.blob(digest);
  if (!record) return undefined;
  if (await blobs.has(digest, record.size)) return record.size;
  // A database that cannot take it costs the next pull a question, not this one its answer.
  await tolerate(log, "lost blob was not noted", cache.forgetBlob(digest));
  return undefined;
}

/** What is wanted of stored bytes; undefined where they are not there. Throws `StoreUnavailableError`. */
export async function openStored(
  blobs: BlobStore,
  digest: Digest,
  size: number,
  { head, part, complete, waits }: BlobWanted,
): Promise<BlobContent | undefined> {
  const range = part && rangeWithin(part.range, size);
  if (head || complete === "unread" || range === "unsatisfiable") {
    return (await blobs.has(digest, size)) ? { kind: "none", size } : undefined;
  }
  if (complete) waits();
  const opened = await blobs.open(digest, size, { range, as: complete ? "file" : "address" });
  switch (opened?.kind) {
    case undefined:
      return undefined;
    case "file":
      return { kind: "stored", size, range, blob: opened.blob };
    case "address":
      return { kind: "address", size, url: opened.url };
    case "stream":
      if (range) return { kind: "part", size, range, source: opened.stream };
      return { kind: "source", source: opened.stream };
  }
}

/** The outcome; undefined where the store cannot be asked: then the bytes are as good as not there. */
export async function unlessAway<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}
