import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import type { Changes } from "../changes.ts";
import type { Holder, Holdings } from "../contract.ts";
import type { Db } from "../schema.ts";
import { inTransaction } from "../transactions.ts";
import { isCacheOf, isSomebodys, upstreamOfCache } from "../caches.ts";

/** `Holdings` on any engine. */
export class SqlHoldings implements Holdings {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
  ) {}

  blobs(after: string, limit: number) {
    return this.db
      .selectFrom("blobs")
      .select(["digest", "size"])
      .where("digest", ">", after as Digest)
      .orderBy("digest")
      .limit(limit)
      .execute();
  }

  manifests(after: string, limit: number) {
    return this.db
      .selectFrom("manifests")
      .select(["digest", "media_type as mediaType", "payload"])
      .where("digest", ">", after as Digest)
      .orderBy("digest")
      .limit(limit)
      .execute();
  }

  async lacking(after: number, limit: number) {
    const rows = await this.db
      .selectFrom("cache_entries as e")
      // One that is removed, or has another URL or other credentials, leaves its entries behind for a while.
      .leftJoin("upstreams as u", (join) => join.on(isCacheOf("e.upstream_id", "u")))
      .leftJoin("blobs as b", (join) => join.onRef("b.digest", "=", "e.digest"))
      .leftJoin("manifests as m", (join) => join.onRef("m.digest", "=", "e.digest"))
      .select(["e.id", "e.kind", "e.digest", "e.proof", "e.repository"])
      .select(["e.upstream_id as cacheId", "b.digest as blob", "m.digest as manifest"])
      .select("u.id as present")
      .where("e.id", ">", after)
      .orderBy("e.id")
      .limit(limit)
      .execute();
    const places = rows.map((row, index) => ({ ...row, place: index + 1 }));
    const entries = places.filter(
      ({ kind, proof, present, blob, manifest }) =>
        proof === "shown" && present !== null && (kind === "blob" ? blob : manifest) === null,
    );
    return {
      last: rows.at(-1)?.id,
      count: rows.length,
      entries: entries.map(({ id, place, kind, digest, cacheId, repository }) => {
        return { id, place, kind, digest, upstreamId: upstreamOfCache(cacheId), repository };
      }),
    };
  }

  async holders(kind: ChildKind, digest: Digest, limit: number): Promise<Holder[]> {
    const rows = await this.db
      .selectFrom("cache_entries")
      .select(["kind", "digest", "upstream_id as cacheId", "repository"])
      .where("digest", "=", digest)
      .where("kind", "=", kind)
      .where("reference", "=", digest)
      .where(isSomebodys("cache_entries.upstream_id"))
      .orderBy("proof", "desc")
      .orderBy("id")
      .limit(limit)
      .execute();
    return rows.map(({ cacheId, ...row }) => ({ ...row, upstreamId: upstreamOfCache(cacheId) }));
  }

  async verified(digests: readonly Digest[], now: number): Promise<void> {
    if (digests.length === 0) return;
    // Many rows at once, in whatever order: a purge may have some of them in another.
    await inTransaction(this.db, (tx) =>
      tx.updateTable("blobs").set({ verified_at: now }).where("digest", "in", digests).execute(),
    );
  }

  /** Manifests that were read are remembered for as long as the generation stands still. */
  async forgetManifest(digest: Digest): Promise<void> {
    await this.changes.run(async (tx, changed) => {
      await tx.deleteFrom("manifests").where("digest", "=", digest).execute();
      changed();
    });
  }
}
