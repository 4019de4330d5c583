import { sql, type Transaction } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { KeptBlob, Recorded } from "./contract.ts";
import { Kept, someDigest } from "./kept.ts";
import type { Db, Schema } from "./schema.ts";
import { held } from "./space/held.ts";
import type { SharedTime } from "./time.ts";

type Tx = Transaction<Schema>;

/** The deletion of a blob's bytes takes less; one that a kill has interrupted is taken up again after that. */
const removalMs = 60_000;
/** The reading of an archive takes less. */
const importMs = 86_400_000;

/** What is known of the bytes in the store. */
export class BlobRecords {
  readonly #add: Kept<{ removing_at: number | null }>;
  readonly #change: Kept<{ removing_at: number | null }>;
  readonly #removing: Kept<{ at: number | null }>;

  constructor(
    readonly db: Db,
    readonly time: SharedTime,
  ) {
    this.#add = new Kept(addQuery(db));
    this.#change = new Kept(changeQuery(db));
    this.#removing = new Kept(removingQuery(db));
  }

  /** See `Cache.recorded`. */
  async recorded(digest: Digest): Promise<Recorded> {
    const [row] = (await this.#removing.run(this.db, [digest])).rows;
    if (!row) return "no";
    if (row.at === null) return "yes";
    return (await isLive(this.db, this.time, row.at)) ? "leaving" : "doubtful";
  }

  /**
   * The bytes are in the store, verified now; not where a server is just deleting them, or has, from its beginning to its end,
   * since they came there.
   */
  async save(tx: Tx, { digest, size, now }: KeptBlob, wasRecorded = false): Promise<boolean> {
    const { rows } = wasRecorded
      ? await this.#change.run(tx, [size, now, digest])
      : await this.#add.run(tx, [digest, now, size, now]);
    const [row] = rows;
    if (!row) return false;
    const { removing_at: removingAt } = row;
    if (removingAt === null) return true;
    if (await isLive(tx, this.time, removingAt)) return false;
    await tx.updateTable("blobs").set({ removing_at: null }).where("digest", "=", digest).execute();
    return true;
  }
}

function removingQuery(db: Db) {
  return db.selectFrom("blobs").select("removing_at as at").where("digest", "=", someDigest);
}

function changeQuery(db: Db) {
  return db
    .updateTable("blobs")
    .set({ size: 0, verified_at: 0 })
    .where("digest", "=", someDigest)
    .returning("removing_at");
}

function addQuery(db: Db) {
  return db
    .insertInto("blobs")
    .values({ digest: someDigest, stored_at: 0, size: 0, verified_at: 0 })
    .onConflict((conflict) =>
      conflict.column("digest").doUpdateSet((eb) => ({
        size: eb.ref("excluded.size"),
        verified_at: eb.ref("excluded.verified_at"),
      })),
    )
    .returning("removing_at");
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
async function isLive(db: Db, time: SharedTime, removingAt: number | null): Promise<boolean> {
  return removingAt !== null && Math.abs((await time(db)) - removingAt) < removalMs;
}
