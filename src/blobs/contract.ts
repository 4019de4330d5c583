import type { ByteRange } from "../lib/range.ts";
import type { Digest } from "../oci/digest.ts";

export type { BucketSettings } from "./s3/settings.ts";
export type { Trouble as BucketTrouble } from "./s3/trouble.ts";

/** Where verified bytes rest, by digest. What is in it is complete and right; nothing else ever gets in. */
export interface BlobStore {
  /**
   * What is stored, of exactly `size` bytes; undefined: nothing. What is of another size is wrong: it is put aside, so that
   * it can be fetched again. Throws `StoreUnavailableError` when it cannot be told.
   */
  find(digest: Digest, size: number): Promise<FoundBlob | undefined>;
  /**
   * The stored bytes, or a part of them; undefined where `find` gives nothing. What can stand in the way of them has been
   * looked at when it resolves. Throws `StoreUnavailableError` when they cannot be had now.
   */
  open(digest: Digest, size: number, wanted: Wanted): Promise<OpenedBlob | undefined>;
  /**
   * A new empty spool for this blob, or one whose digest is not known yet, of about `expected` bytes. Throws
   * `StoreFullError` when it could not take them.
   */
  spool(digest: Digest | undefined, expected: number | undefined): Promise<Spool>;
  /** What is stored under this digest, whatever its size; undefined: nothing. Throws `StoreUnavailableError`. */
  stat(digest: Digest): Promise<StoredBlob | undefined>;
  /**
   * At most `limit` stored blobs in the order of their digests, those behind `after`; from the first one where it is
   * undefined. Fewer than that are the last ones. Throws `StoreUnavailableError`.
   */
  list(after: Digest | undefined, limit: number): Promise<StoredBlob[]>;
  /** Gives up bytes; a reader that is under way finishes. Absent bytes are no error. Throws `StoreUnavailableError`. */
  delete(digest: Digest): Promise<void>;
  /**
   * Puts bytes that turned out to be wrong aside, where somebody can look at them and nobody is served; a bucket that does not
   * take them there gives them up. Those that others have stored in their place since they were looked at stay, and absent ones
   * are no error: false. A bucket whose service does not know conditions of deletions cannot do that in one step: what is
   * stored there in the moment of the deletion goes as well, and the next pull finds nothing and fetches it.
   * Throws `StoreUnavailableError`; then the bytes may still be in their place.
   */
  quarantine(found: StoredBlob): Promise<boolean>;
  /** What was put aside, and when; at most `limit`, in no order. Throws `StoreUnavailableError`. */
  quarantined(limit: number): Promise<StoredBlob[]>;
  /** Gives up what was put aside under this digest. Throws `StoreUnavailableError`. */
  discardQuarantined(digest: Digest): Promise<void>;
  /** Bytes that can be stored until free space is at its floor; undefined: nobody knows. */
  room(): Promise<number | undefined>;
  /** Whether pulls can be answered by way of this store. */
  ready(): Promise<Readiness>;
}

export interface FoundBlob {
  /**
   * When somebody last wrote to it, in milliseconds since the epoch, as far as that is seen without reading it. Later than when
   * it was stored: it may have been changed. Undefined where bytes cannot be written to, but only stored anew.
   */
  writtenAt: number | undefined;
}

export interface StoredBlob {
  digest: Digest;
  size: number;
  /** Milliseconds since the epoch. */
  storedAt: number;
}

/** How bytes are wanted. */
export interface Wanted {
  /** Within the size; undefined: all of them. */
  range: ByteRange | undefined;
  /** `file`: for a receiver that cannot see a cut. `address`: the receiver may be sent to fetch them elsewhere. */
  as: "bytes" | "file" | "address";
}

export type OpenedBlob =
  /** As something `Response` sends, with its length and without copying it through here. */
  | ({ kind: "file"; blob: Blob } & FoundBlob)
  | { kind: "stream"; stream: BlobStream }
  /** A URL that gives the whole blob, or the part that is asked of it, for a short time to anybody. Never to be logged. */
  | { kind: "address"; url: string };

/** Bytes on their way from the store. Whoever gets one reads it to its end or cancels it. */
export interface BlobStream {
  /**
   * The next bytes, which are there until the next call: who wants them longer copies them. Undefined at the end, which
   * comes after the last byte that was wanted. Throws when the rest cannot be had.
   */
  next(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
  /** Whether a pending `next` waits for the store. */
  readonly waiting: boolean;
}

/** The local file of a fill: one writer appends, readers follow by position. Never rewritten, never truncated. */
export interface Spool {
  /** Bytes written so far. */
  readonly length: number;
  /** Throws `StoreFullError` when they cannot be taken; what was appended before stays readable. */
  append(bytes: Uint8Array): Promise<void>;
  /** Up to `length` bytes from `position`; fewer at the end of what has been written. */
  read(position: number, length: number): Uint8Array;
  /**
   * Brings all of it safely to where the blob rests. The caller has verified that this is its digest. What rests there
   * already is replaced, whatever it is; where it is on record as right (`isStored`), one of this size may stay in its place.
   * Safe to repeat elsewhere. Throws `StoreFullError` when the store does not take it.
   */
  commit(digest: Digest, isStored: boolean): Promise<void>;
  /** Removes the file, unless it is what was committed. Readers that hold the spool go on. */
  discard(): Promise<void>;
  /** Closes the file; nothing reads after this. */
  close(): Promise<void>;
}

/** `reason`: what is wrong, in a few words for the operator; also where pulls can be answered all the same. */
export type Readiness = { ready: true; reason?: string } | { ready: false; reason: string };

/** The same with more that is wrong; what cannot do its work says that alone. */
export function withReasons(
  readiness: Readiness,
  ...reasons: readonly (string | undefined)[]
): Readiness {
  if (!readiness.ready) return readiness;
  const reason = [readiness.reason, ...reasons].filter((one) => one !== undefined).join("; ");
  return reason === "" ? { ready: true } : { ready: true, reason };
}

/** The store cannot take more bytes: full, read-only, below its floor of free space, or not to be reached. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}

/** The store does not answer: whether it has the bytes is not known. The message is the reason, in a few words. */
export class StoreUnavailableError extends Error {
  override readonly name: string = "StoreUnavailableError";
}

/** The store answers, and these bytes cannot be read, as on a disk that errs: no proof that they are gone. */
export class UnreadableError extends StoreUnavailableError {
  override readonly name: string = "UnreadableError";
}
