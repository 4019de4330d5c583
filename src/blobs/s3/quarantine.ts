import type { Log } from "../../lib/log.ts";
import type { Digest } from "../../oci/digest.ts";
import type { StoredBlob } from "../contract.ts";
import { type Bucket, maxListed } from "./bucket.ts";
import type { Keys } from "./keys.ts";
import { BucketError } from "./trouble.ts";

/** Most that S3 copies at once. */
const maxCopied = 5 * 2 ** 30;

/** Blobs that were found wrong, put aside in the bucket. */
export class Quarantine {
  constructor(
    readonly bucket: Bucket,
    readonly keys: Keys,
    readonly log: Log,
  ) {}

  /** `BlobStore.quarantine`. */
  async add({ digest, size, storedAt }: StoredBlob): Promise<boolean> {
    const key = this.keys.of(digest);
    const now = await this.bucket.head(key);
    if (now?.size !== size || now.storedAt !== storedAt) return false;
    if (size <= maxCopied) await this.#copy(digest);
    else this.log.warn("blob is too large to be put aside, removed", { digest });
    // A copy can take minutes, in which a pull may have stored the right one.
    const still = await this.bucket.head(key);
    if (still?.etag !== now.etag || still?.storedAt !== storedAt) return false;
    return (await this.bucket.deleteIf(key, now.etag)) === "deleted";
  }

  async list(limit: number): Promise<StoredBlob[]> {
    const { asidePrefix } = this.keys;
    const objects = await this.bucket.list(asidePrefix, undefined, Math.min(limit, maxListed));
    return objects.flatMap((object) => this.keys.asideBlobOf(object));
  }

  async discard(digest: Digest): Promise<void> {
    await this.bucket.delete(this.keys.asideOf(digest), "aside");
  }

  async #copy(digest: Digest): Promise<void> {
    try {
      await this.bucket.copy(this.keys.of(digest), this.keys.asideOf(digest));
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      this.log.error("blob could not be put aside, removed", { digest, code: error.code });
    }
  }
}
