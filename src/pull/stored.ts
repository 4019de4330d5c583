import { type BlobStore, StoreUnavailableError } from "../blobs/contract.ts";
import type { Log } from "../lib/log.ts";
import { rangeWithin } from "../lib/range.ts";
import type { Cache } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobContent, PullOptions } from "./contract.ts";
import { tolerate } from "./errors.ts";
import type { Rechecks, Sound } from "./rechecks.ts";

/** What a request wants of a blob. */
export type BlobWanted = Pick<PullOptions, "head" | "part" | "complete" | "waits">;

export interface StoredOptions {
  cache: Cache;
  blobs: BlobStore;
  rechecks: Rechecks;
  log: Log;
}

/**
 * Bytes that are here, whoever brought them. To see them takes more: see `Blobs`. `waits` as in `PullOptions`. Throws
 * `StoreUnavailableError`.
 */
export async function findStored(
  { cache, blobs, rechecks, log }: StoredOptions,
  digest: Digest,
  waits: () => void,
): Promise<Sound | undefined> {
  const record = await cache.blob(digest);
  if (!record) return undefined;
  const { size, verifiedAt: since } = record;
  const found = await blobs.find(digest, size);
  if (found) {
    const sound = { digest, size, since };
    return (await rechecks.isSound(sound, found, waits)) ? sound : undefined;
  }
  // A database that cannot take it costs the next pull a question, not this one its answer.
  await tolerate(log, "lost blob was not noted", cache.forgetBlob(digest));
  return undefined;
}

/** What is wanted of stored bytes; undefined where they are not there, or not right any more. Throws `StoreUnavailableError`. */
export async function openStored(
  { blobs, rechecks }: Pick<StoredOptions, "blobs" | "rechecks">,
  sound: Sound,
  { head, part, complete, waits }: BlobWanted,
): Promise<BlobContent | undefined> {
  const { digest, size } = sound;
  const range = part && rangeWithin(part.range, size);
  if (head || complete === "unread" || range === "unsatisfiable") {
    const found = await blobs.find(digest, size);
    return found && (await rechecks.isSound(sound, found, waits))
      ? { kind: "none", size }
      : undefined;
  }
  if (complete) waits();
  const opened = await blobs.open(digest, size, { range, as: complete ? "file" : "address" });
  switch (opened?.kind) {
    case undefined:
      return undefined;
    case "file":
      if (!(await rechecks.isSound(sound, opened, waits))) return undefined;
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
