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
   * Copies all rows, in transactions that note how far it is: begun again it goes on there, or from the beginning where the
   * source has changed since. Throws a `MetadataError` where the target holds anything else.
   */
  run(progress: (rows: number) => void): Promise<CopyReport>;
  /**
   * Compares the numbers of rows and lets servers in. These blobs were not to be had: entries that served them fall back to
   * *named*.
   */
  finish(lost: readonly Digest[]): Promise<void>;
  /** Also lets servers have the source again. */
  close(): Promise<void>;
}

export interface CopyReport {
  tables: number;
  /** Of this run. */
  rows: number;
}
