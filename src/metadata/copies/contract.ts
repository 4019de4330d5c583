import type { Digest } from "../../oci/digest.ts";

/** Blobs that a database says are stored, read beside a server that uses it. */
export interface StoredNames {
  /** In order of digest, at most so many, those behind `after`. */
  blobs(after: string, limit: number): Promise<{ digest: Digest; size: number }[]>;
  close(): Promise<void>;
}

/** A database that is copied to another engine, its ids kept. */
export interface DatabaseCopy {
  /**
   * A round: finds what differs from what was copied before, and copies that alone. Ended at any point, the next one goes on
   * from there. What a server has changed between two looks may not fit together, and is put off. Throws a `MetadataError` where
   * the target holds anything else.
   */
  run(progress: (done: CopyProgress) => void): Promise<CopyReport>;
  /**
   * After a round beside which nobody wrote: throws a `MetadataError` where anything was left, compares the numbers of rows, and
   * lets servers in. These blobs were not to be had: entries that served them fall back to *named*.
   */
  finish(lost: readonly Digest[]): Promise<void>;
  /** Also lets servers have the source again. */
  close(): Promise<void>;
}

export interface CopyProgress {
  /** Rows that were looked at, of those that were there before. */
  compared: number;
  /** Rows that were written. */
  copied: number;
}

export interface CopyReport {
  tables: number;
  /** Those that are there now. */
  rows: number;
  /** Of these, those that were written now. */
  copied: number;
  /** Not there yet: they changed while they were read. */
  putOff: number;
}
