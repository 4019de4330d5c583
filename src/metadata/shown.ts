import type { Transaction } from "kysely";
import type { ShownObject } from "./contract.ts";
import type { Schema } from "./schema.ts";

/** The entry of this key now says what the upstream has just shown. */
export async function saveShown(tx: Transaction<Schema>, object: ShownObject): Promise<void> {
  const said = {
    digest: object.digest,
    proof: "shown",
    upstream_etag: object.etag ?? null,
    content_type: object.contentType,
    size: object.size,
    upstream_checked_at: object.now,
    // Somebody has just pulled it; the count of that comes later.
    downloaded_at: object.now,
    status: "default",
    updated_at: object.now,
  } as const;
  await tx
    .insertInto("cache_entries")
    .values({
      group_id: object.groupId,
      upstream_id: object.upstreamId,
      repository: object.repository,
      kind: object.kind,
      reference: object.reference,
      created_at: object.now,
      ...said,
    })
    .onConflict((conflict) =>
      conflict.columns(["upstream_id", "repository", "kind", "reference"]).doUpdateSet(said),
    )
    .execute();
}
