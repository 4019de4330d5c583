import { algorithmOf, type Digest, hexOf, parseDigest } from "../../oci/digest.ts";
import type { StoredBlob } from "../contract.ts";
import type { StoredObject } from "./bucket.ts";

/**
 * Where everything of ours is in a bucket: blobs at `<prefix>/blobs/<algorithm>/<first 2 hex>/<hex>`, what is put aside at
 * `<prefix>/quarantine/<algorithm>-<hex>`.
 */
export class Keys {
  /** Of blobs. */
  readonly prefix: string;
  /** Of what is put aside. */
  readonly asidePrefix: string;

  /** Empty: all of the bucket. */
  constructor(prefix: string) {
    const root = prefix === "" ? "" : `${prefix}/`;
    this.prefix = `${root}blobs/`;
    this.asidePrefix = `${root}quarantine/`;
  }

  of(digest: Digest): string {
    const hex = hexOf(digest);
    return `${this.prefix}${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}`;
  }

  asideOf(digest: Digest): string {
    return `${this.asidePrefix}${digest.replace(":", "-")}`;
  }

  /** Nothing for what is none of ours. */
  blobOf({ key, size, storedAt }: StoredObject): StoredBlob[] {
    const [algorithm, , hex] = key.slice(this.prefix.length).split("/");
    const digest = parseDigest(`${algorithm}:${hex}`);
    return digest && key === this.of(digest) ? [{ digest, size, storedAt }] : [];
  }

  asideBlobOf({ key, size, storedAt }: StoredObject): StoredBlob[] {
    const digest = parseDigest(key.slice(this.asidePrefix.length).replace("-", ":"));
    return digest ? [{ digest, size, storedAt }] : [];
  }
}
