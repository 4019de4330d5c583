import type { BlobStore, StoredBlob } from "../blobs/contract.ts";
import type { Log } from "../lib/log.ts";
import type { Cache } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import { tolerate } from "./errors.ts";

/** Bytes that are here, whoever brought them. To see them takes more: see `Blobs`. */
export async function findStored(
  { cache, blobs, log }: { cache: Cache; blobs: BlobStore; log: Log },
  digest: Digest,
): Promise<StoredBlob | undefined> {
  const record = await cache.blob(digest);
  if (!record) return undefined;
  const stored = await blobs.find(digest, record.size);
  // A database that cannot take it costs the next pull a question, not this one its answer.
  if (!stored) await tolerate(log, "lost blob was not noted", cache.forgetBlob(digest));
  return stored;
}
