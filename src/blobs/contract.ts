import type { Digest } from "../oci/digest.ts";

/** Where verified bytes rest, by digest. What is in it is complete and right; nothing else ever gets in. */
export interface BlobStore {
  /**
   * The stored bytes if they are there as a regular file of exactly `size` bytes. Undefined when they are missing or of
   * another size: what is wrong is removed, so that it can be fetched again.
   */
  find(digest: Digest, size: number): Promise<StoredBlob | undefined>;
  /** A new empty spool for about `expected` bytes. Throws `StoreFullError` when it could not take them. */
  spool(expected: number | undefined): Promise<Spool>;
  /** Gives up bytes; a reader that is under way finishes. Absent bytes are no error. */
  delete(digest: Digest): Promise<void>;
  /** Puts bytes that turned out to be wrong aside, where somebody can look at them and nobody is served. Absent ones are no error. */
  quarantine(digest: Digest): Promise<void>;
  /** Why nothing can be stored now, in words without a secret; undefined: it can. */
  unready(): Promise<string | undefined>;
}

export interface StoredBlob {
  size: number;
  /** The bytes as something `Response` sends without copying them through here. */
  whole(): Blob;
  /** From `first` to `last`, both inclusive and within the size. */
  part(first: number, last: number): Blob;
}

/** The local file of a fill: one writer appends, readers follow by position. Never rewritten, never truncated. */
export interface Spool {
  /** Bytes written so far. */
  readonly length: number;
  /** Throws `StoreFullError` when they cannot be taken; what was appended before stays readable. */
  append(bytes: Uint8Array): Promise<void>;
  /** Up to `length` bytes from `position`; fewer at the end of what has been written. */
  read(position: number, length: number): Uint8Array;
  /** Syncs the file and moves it to where `digest` rests. The caller has verified the digest. Safe to repeat elsewhere. */
  commit(digest: Digest): Promise<void>;
  /** Removes the file, unless it was committed. Readers that hold the spool go on. */
  discard(): Promise<void>;
  /** Closes the file; nothing reads after this. */
  close(): Promise<void>;
}

/** The store cannot take more bytes: full, read-only, or below its floor of free space. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}
