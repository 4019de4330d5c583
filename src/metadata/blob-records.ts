import { sql, type Transaction } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { KeptBlob } from "./contract.ts";
import type { Db, Schema } from "./schema.ts";
import { held } from "./space/held.ts";
import type { SharedTime } from "./time.ts";

type Tx = Transaction<Schema>;

/** The deletion of a blob's bytes takes less; one that a kill has interrupted is taken up again after that. */
const removalMs = 60_000;
/** The reading of an archive takes less. */
const importMs = 86_400_000;

/**
 * The bytes are in the store, verified now; not where a server is just deleting them, or has, from its beginning to its end,
 * since they came there.
 */
export async function saveBlob(
  tx: Tx,
  time: SharedTime,
  { digest, size, now }: KeptBlob,
  wasRecorded = false,
): Promise<boolean> {
  const stated = { size, verified_at: now };
  const row = wasRecorded
    ? await tx
        .updateTable("blobs")
        .set(stated)
        .where("digest", "=", digest)
        .returning("removing_at")
        .executeTakeFirst()
    : await tx
        .insertInto("blobs")
        .values({ digest, stored_at: now, ...stated })
        .onConflict((conflict) => conflict.column("digest").doUpdateSet(stated))
        .returning("removing_at")
        .executeTakeFirstOrThrow();
  if (!row) return false;
  const { removing_at: removingAt } = row;
  if (removingAt === null) return true;
  if (await isLive(tx, time, removingAt)) return false;
  await tx.updateTable("blobs").set({ removing_at: null }).where("digest", "=", digest).execute();
  return true;
}

/** An import has stored it, and its entry comes when the whole archive has been read. */
export async function keepForAWhile(
  tx: Tx,
  { digest, size }: KeptBlob,
  now: number,
): Promise<void> {
  const since = now + importMs;
  await sql`
    insert into unneeded_content (kind, digest, size, since)
    select 'blob', ${digest}, cast(${size} as bigint), cast(${since} as bigint)
    where not exists (
      select 1 from cache_entries as e
      where e.digest = ${digest} and e.kind = 'blob' and ${sql.raw(held("e"))}
    )
    on conflict (kind, digest) do update set since = excluded.since`.execute(tx);
}

/** Whether it is stored, and stays so to the end of this transaction: who sweeps waits for the row. */
export async function lockBlob(tx: Tx, digest: Digest): Promise<boolean> {
  const row = await tx
    .updateTable("blobs")
    .set((eb) => ({ size: eb.ref("size") }))
    .where("digest", "=", digest)
    .where("removing_at", "is", null)
    .returning("digest")
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a removal that began then may still be going on. */
export async function isLive(
  db: Db,
  time: SharedTime,
  removingAt: number | null,
): Promise<boolean> {
  return removingAt !== null && Math.abs((await time(db)) - removingAt) < removalMs;
}
