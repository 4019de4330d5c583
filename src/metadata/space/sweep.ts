import { sql, type Transaction } from "kysely";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import type { Db, Schema } from "../schema.ts";
import type { FoundBlob, Sweep } from "./contract.ts";
import type { SharedTime } from "../time.ts";
import { inTransaction } from "../transactions.ts";
import { held } from "./held.ts";

type Tx = Transaction<Schema>;

/** `Sweep` on any engine. */
export class SqlSweep implements Sweep {
  constructor(
    readonly db: Db,
    readonly time: SharedTime,
  ) {}

  now(): Promise<number> {
    return this.time(this.db);
  }

  async note(now: number, limit: number): Promise<number> {
    return inTransaction(this.db, async (tx) => {
      // One that somebody is just coming to need, or to leave, is not waited for: whoever does that may wait for another.
      const rows = await tx
        .selectFrom("unneeded_content")
        .select(["kind", "digest"])
        .where("since", "is", null)
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .execute();
      if (rows.length === 0) return 0;
      const keys = rows.map(({ kind, digest }) => sql`(${kind}, ${digest})`);
      await tx
        .updateTable("unneeded_content")
        .set({ since: now })
        .where(sql<boolean>`(kind, digest) in (values ${sql.join(keys)})`)
        .execute();
      return rows.length;
    });
  }

  due(since: number, limit: number) {
    return this.db
      .selectFrom("unneeded_content")
      .select(["kind", "digest", "size"])
      .where("since", "<=", since)
      .orderBy("since")
      .limit(limit)
      .execute();
  }

  removeManifest(digest: Digest): Promise<boolean> {
    return inTransaction(this.db, async (tx) => {
      // The write makes the row ours, on every engine: who needs it anew waits, or is seen by the question that follows.
      await tx
        .updateTable("manifests")
        .set((eb) => ({ media_type: eb.ref("media_type") }))
        .where("digest", "=", digest)
        .execute();
      if (await isNeeded(tx, "manifest", digest)) return false;
      await tx.deleteFrom("manifests").where("digest", "=", digest).execute();
      await forget(tx, "manifest", digest);
      return true;
    });
  }

  beginRemoval(digest: Digest, now: number): Promise<boolean> {
    return inTransaction(this.db, async (tx) => {
      await tx
        .updateTable("blobs")
        .set({ removing_at: now })
        .where("digest", "=", digest)
        .execute();
      if (await isUnverified(tx, digest)) return true;
      if (!(await isNeeded(tx, "blob", digest))) return true;
      await tx
        .updateTable("blobs")
        .set({ removing_at: null })
        .where("digest", "=", digest)
        .execute();
      return false;
    });
  }

  async abandonRemoval(digest: Digest, begun: number): Promise<void> {
    await this.db
      .updateTable("blobs")
      .set({ removing_at: sql`case when verified_at = 0 then 0 else null end` })
      .where("digest", "=", digest)
      .where("removing_at", "=", begun)
      .execute();
  }

  async endRemoval(digest: Digest, begun: number): Promise<void> {
    await inTransaction(this.db, async (tx) => {
      await tx
        .deleteFrom("blobs")
        .where("digest", "=", digest)
        .where("removing_at", "=", begun)
        .execute();
      const left = await tx
        .selectFrom("blobs")
        .select("digest")
        .where("digest", "=", digest)
        .executeTakeFirst();
      if (!left) await forget(tx, "blob", digest);
    });
  }

  async adopt(blobs: readonly FoundBlob[], now: number): Promise<FoundBlob[]> {
    if (blobs.length === 0) return [];
    const inOrder = blobs.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
    return inTransaction(this.db, async (tx) => {
      const known = { stored_at: now, verified_at: 0, removing_at: 0 };
      const rows = await tx
        .insertInto("blobs")
        .values(inOrder.map(({ digest, size }) => ({ digest, size, ...known })))
        .onConflict((conflict) => conflict.doNothing())
        .returning(["digest", "size"])
        .execute();
      if (rows.length === 0) return [];
      await tx
        .insertInto("unneeded_content")
        .values(rows.map((row) => ({ ...row, kind: "blob" as const, since: now })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return rows;
    });
  }
}

/** Whether it was found without a record, and not stored anew since: it can be what turned out to be wrong, and is not served. */
async function isUnverified(tx: Tx, digest: Digest): Promise<boolean> {
  const found = await tx
    .selectFrom("blobs")
    .select("digest")
    .where("digest", "=", digest)
    .where("verified_at", "=", 0)
    .executeTakeFirst();
  return found !== undefined;
}

/** One that is needed is not to be looked at again until it is unneeded once more. */
async function isNeeded(tx: Tx, kind: ChildKind, digest: Digest): Promise<boolean> {
  const entry = await tx
    .selectFrom("cache_entries as e")
    .select("id")
    .where("digest", "=", digest)
    .where("kind", "=", kind)
    .where(sql<boolean>`${sql.raw(held("e"))}`)
    .limit(1)
    .executeTakeFirst();
  if (entry) await forget(tx, kind, digest);
  return entry !== undefined;
}

async function forget(tx: Tx, kind: ChildKind, digest: Digest): Promise<void> {
  await tx
    .deleteFrom("unneeded_content")
    .where("kind", "=", kind)
    .where("digest", "=", digest)
    .execute();
}
