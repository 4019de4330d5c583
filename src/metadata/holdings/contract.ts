import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";

/** Everything that is held, whoever may see it: for who looks whether it is still right. Always a part at a time. */
export interface Holdings {
  /** In order of digest, those behind `after`, at most so many. */
  blobs(after: string, limit: number): Promise<{ digest: Digest; size: number }[]>;
  manifests(
    after: string,
    limit: number,
  ): Promise<{ digest: Digest; mediaType: string; payload: Uint8Array }[]>;
  /**
   * Of the next so many entries in order of id: the last one's id, and those that are *shown* and whose content is not there,
   * each with its place among them, from 1.
   */
  lacking(
    after: number,
    limit: number,
  ): Promise<{
    last: number | undefined;
    count: number;
    entries: (Holder & { id: number; place: number })[];
  }>;
  /** Entries of one object by its digest, the *shown* ones first: where it can be had from again. At most so many. */
  holders(kind: ChildKind, digest: Digest, limit: number): Promise<Holder[]>;
  /** The bytes of these blobs were right at `now`. */
  verified(digests: readonly Digest[], now: number): Promise<void>;
  /** The payload turned out to be wrong: it counts as not stored, and what entries say of it stays. */
  forgetManifest(digest: Digest): Promise<void>;
}

export interface Holder {
  kind: ChildKind;
  digest: Digest;
  upstreamId: number;
  repository: string;
}
