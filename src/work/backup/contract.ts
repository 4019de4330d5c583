/** What `backup.json`, the last thing that a backup gets, says of it. A backup without it did not come to its end. */
export interface BackupDescription {
  format: 1;
  version: string;
  created_at: string;
  /** The last step of the database's schema. */
  schema: string;
  /** The name of the database's file in the backup, and its digest. */
  database: string;
  database_digest: string;
  blobs: number;
  bytes: number;
  /** Whether the secret key is in it. */
  secret_key: boolean;
}

export interface Backing {
  /** A folder, or a file whose name ends in `.tar`. */
  target: string;
  withSecretKey: boolean;
  progress: Progress;
}

export interface Restoring {
  /** A folder or a tar that was made by a backup. */
  source: string;
  progress: Progress;
}

export interface BackupReport {
  blobs: number;
  bytes: number;
  /** Of these blobs, those that had to be copied: the others were in the folder already. */
  copied: number;
  /** Blobs that are missing or wrong, and are not in the backup. */
  damaged: string[];
}

export interface RestoreReport {
  blobs: number;
  bytes: number;
  /** Blobs that the backup's database names and the backup has not, or has wrong: they will be fetched again. */
  damaged: string[];
  /** Whether the secret key came with it. */
  secretKey: boolean;
}

/** How far it is, for whoever waits. */
export type Progress = (done: { blobs: number; bytes: number }) => void;

/** Why a backup cannot be made or restored; the message says what to do. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}
