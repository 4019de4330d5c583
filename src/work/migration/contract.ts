import type { CopyProgress, CopyReport } from "../../metadata/copies/contract.ts";
import type { Digest } from "../../oci/digest.ts";

export interface Migrating {
  /** Nobody writes any more: what is left goes too, and servers may have it then. */
  finish: boolean;
  progress: (done: { blobs: number; bytes: number } & CopyProgress) => void;
}

export interface MigrationReport {
  /** Undefined: they stay where they are. */
  blobs: BlobsReport | undefined;
  /** Undefined: it stays where it is. */
  database: CopyReport | undefined;
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
