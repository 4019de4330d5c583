import type { Digest } from "../../oci/digest.ts";
import type { BackupDescription } from "./contract.ts";

export const descriptionFile = "backup.json";
export const keyFile = "secret.key";

/** What a backup is written to. */
export interface Sink {
  /** Where the database's snapshot is made, on the way to its place. */
  readonly snapshot: string;
  has(digest: Digest, size: number): boolean;
  /** Whether these bytes are the blob: if not, it does not count as being there. */
  put(digest: Digest, size: number, pieces: AsyncIterable<Uint8Array>): Promise<boolean>;
  /** Takes the snapshot; from here on this is the backup. `isNamed`: by that database. */
  finish(
    description: BackupDescription,
    secretKey: string | undefined,
    isNamed: (digest: Digest, size: number) => boolean,
  ): Promise<void>;
  /** It has failed: what is of no use is removed. */
  abandon(): void;
}
