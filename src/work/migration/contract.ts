import type { Digest } from "../../oci/digest.ts";

export interface Migrating {
  /** Nobody writes any more: the database goes too, and what is left of the blobs. */
  finish: boolean;
  progress: (done: { blobs: number; bytes: number; rows: number }) => void;
}

export interface MigrationReport {
  /** Undefined: they stay where they are. */
  blobs: BlobsReport | undefined;
  /** Undefined: it stays where it is, or its turn has not come. */
  database: { tables: number; rows: number } | undefined;
  finished: boolean;
}

export interface BlobsReport {
  /** Those that are there now. */
  blobs: number;
  bytes: number;
  /** Of these, those that were copied now. */
  copied: number;
  /** Missing or wrong where they were. */
  damaged: Digest[];
}

/** Why an instance cannot be moved; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
