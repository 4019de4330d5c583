import type { Transaction } from "kysely";
import type { ShownObject } from "./contract.ts";
import { Kept, someDigest } from "./kept.ts";
import type { Db, Schema } from "./schema.ts";

/** Entries that say what an upstream has shown. */
export class ShownEntries {
  readonly #change: Kept<unknown>;
  readonly #save: Kept<unknown>;

  constructor(db: Db) {
    this.#change = new Kept(changeQuery(db));
    this.#save = new Kept(saveQuery(db));
  }

  /**
   * The entry of this key now says what the upstream has just shown. `isNamed`: there is one, as far as is known; to change it
   * takes less than to add it unless it is there.
   */
  async save(tx: Transaction<Schema>, object: ShownObject, isNamed: boolean): Promise<void> {
    const { groupId, upstreamId, repository, kind, reference, now } = object;
    const said = saidOf(object);
    const key = [upstreamId, repository, kind, reference];
    if (isNamed && (await this.#change.change(tx, [...said, ...key])) > 0) return;
    await this.#save.run(tx, [groupId, ...key, now, ...said]);
  }
}

/** In the order of `columns`. Somebody has just pulled it; the count of that comes later. */
const saidOf = ({ digest, etag, contentType, size, now }: ShownObject) => [
  digest,
  "shown",
  etag ?? null,
  contentType,
  size,
  now,
  now,
  "default",
  now,
];

const columns = {
  digest: someDigest,
  proof: "shown",
  upstream_etag: null,
  content_type: "",
  size: 0,
  upstream_checked_at: 0,
  downloaded_at: 0,
  status: "default",
  updated_at: 0,
} as const;

function changeQuery(db: Db) {
  return db
    .updateTable("cache_entries")
    .set(columns)
    .where("upstream_id", "=", 0)
    .where("repository", "=", "")
    .where("kind", "=", "manifest")
    .where("reference", "=", "");
}

function saveQuery(db: Db) {
  const key = { upstream_id: 0, repository: "", kind: "manifest", reference: "" } as const;
  return db
    .insertInto("cache_entries")
    .values({ group_id: 0, ...key, created_at: 0, ...columns })
    .onConflict((conflict) =>
      conflict.columns(["upstream_id", "repository", "kind", "reference"]).doUpdateSet((eb) => ({
        digest: eb.ref("excluded.digest"),
        proof: eb.ref("excluded.proof"),
        upstream_etag: eb.ref("excluded.upstream_etag"),
        content_type: eb.ref("excluded.content_type"),
        size: eb.ref("excluded.size"),
        upstream_checked_at: eb.ref("excluded.upstream_checked_at"),
        downloaded_at: eb.ref("excluded.downloaded_at"),
        status: eb.ref("excluded.status"),
        updated_at: eb.ref("excluded.updated_at"),
      })),
    );
}
