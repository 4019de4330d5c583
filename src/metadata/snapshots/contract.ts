import type { Digest } from "../../oci/digest.ts";

/** The database as a file of its own, for backups: taken beside a server that uses it, looked through, put in place. */
export interface Snapshots {
  /**
   * Writes the database `file`, as it is at one moment, to the new file `to`. Whoever uses it goes on reading and writing.
   * Throws a `MetadataError` where there is no such database, or it cannot be read.
   */
  take(file: string, to: string): Promise<void>;
  /** Opens what `take` wrote. Throws a `MetadataError` where it is damaged, or a newer release wrote it. */
  open(file: string): Promise<Snapshot>;
}

export interface Snapshot {
  /** The name of the last migration: what a release must know to use it. */
  readonly schema: string;
  /** Stored blobs in order of digest, at most so many, those behind `after`. */
  blobs(
    after: string,
    limit: number,
  ): Promise<{ digest: Digest; size: number; storedAt: number }[]>;
  /**
   * These bytes are not there: whoever wants them asks the upstream. Nothing is more open than before: entries that served them
   * fall back to *named*.
   */
  withoutBlobs(digests: readonly Digest[]): Promise<void>;
  /** Everything is in the file when this resolves. */
  close(): Promise<void>;
}
