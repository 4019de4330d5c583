import { type BlobStore, StoreFullError, StoreUnavailableError } from "../../blobs/contract.ts";
import type { DatabaseCopy, StoredNames } from "../../metadata/copies/contract.ts";
import { copyBlobs } from "./blobs.ts";
import { type Migrating, MigrationError, type MigrationReport } from "./contract.ts";

export interface MigrationOptions extends Migrating {
  dataDir: string;
  /** Where blobs go; undefined: they stay. */
  blobs: { names: StoredNames; store: BlobStore } | undefined;
  /** Undefined: it stays. */
  database: DatabaseCopy | undefined;
}

/** A round: the blobs, then the database that names them. Ended at any point, it goes on from there when it is begun again. */
export async function migrate(options: MigrationOptions): Promise<MigrationReport> {
  const { dataDir, blobs: moved, database, finish, progress } = options;
  const done = { blobs: 0, bytes: 0, compared: 0, copied: 0 };
  const blobs =
    moved &&
    (await explained(() =>
      copyBlobs({
        ...moved,
        dataDir,
        progress: ({ blobs: count, bytes }) =>
          progress(Object.assign(done, { blobs: count, bytes })),
      }),
    ));
  const copied = await database?.run((rows) => progress(Object.assign(done, rows)));
  if (finish) await database?.finish(blobs?.damaged ?? []);
  return { blobs, database: copied, finished: finish };
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isStores = error instanceof StoreFullError || error instanceof StoreUnavailableError;
    if (!isStores) throw error;
    const text = `the target does not take blobs (${error.message}): nothing of what is there is lost; run the same command again when it does`;
    throw new MigrationError(text, { cause: error });
  }
}
