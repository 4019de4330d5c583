import { sql, type Transaction } from "kysely";
import type { FetchedManifest, NamedObjects } from "./contract.ts";
import { Kept, someDigest } from "./kept.ts";
import type { Db, Schema } from "./schema.ts";

type Tx = Transaction<Schema>;

/** So many values fit into one statement on every engine, at most thirteen a row. */
const rowsPerInsert = 500;

/** An image has seldom more layers; what inserts more children at once is compiled each time. */
const maxKept = 64;

/** Manifests as they are stored, and what they name. */
export class ManifestRecords {
  readonly #add: Kept<unknown>;
  readonly #hold: Kept<unknown>;
  readonly #name: Kept<unknown>;
  /** By how many they are. */
  readonly #children = new Map<number, Kept<unknown>>();

  constructor(readonly db: Db) {
    this.#add = new Kept(addQuery(db));
    this.#hold = new Kept(holdQuery(db));
    this.#name = Kept.of(db, nameQuery);
  }

  /**
   * The payload, where nobody has stored it; whether nobody had. Who counts what needs a manifest takes turns with others by its
   * row: it must be there before the first entry, and whoever waits here for another who brings it has nothing that he could wait
   * for.
   */
  async add(tx: Tx, { digest, mediaType, payload }: FetchedManifest): Promise<boolean> {
    return (await this.#add.change(tx, [digest, mediaType, payload])) > 0;
  }

  /**
   * The payload as well as the list of its children; both follow from the digest, so what is there already stays. Unless
   * this transaction has added it, it is written all the same: who sweeps manifests waits for the row, and finds the entry that
   * follows.
   */
  async store(tx: Tx, manifest: FetchedManifest, isAdded: boolean): Promise<void> {
    const { digest, mediaType, payload } = manifest;
    if (!isAdded) await this.#hold.run(tx, [digest, mediaType, payload]);
    const rows = manifest.children.map((child) => {
      const { kind, mediaType, size, platform = null } = child;
      return [digest, child.digest, kind, mediaType, size, platform];
    });
    for (let start = 0; start < rows.length; start += rowsPerInsert) {
      const some = rows.slice(start, start + rowsPerInsert);
      await this.#childrenQuery(some.length).run(tx, some.flat());
    }
  }

  #childrenQuery(count: number): Kept<unknown> {
    const kept = this.#children.get(count);
    if (kept) return kept;
    const query = new Kept(childrenQuery(this.db, count));
    if (count <= maxKept) this.#children.set(count, query);
    return query;
  }

  /**
   * A *named* entry for each child that has none in this upstream and repository; in one statement, however many. How many
   * these are. One that is there is not tried: that would wait for whoever counts it.
   */
  async nameChildren(tx: Tx, manifest: FetchedManifest): Promise<number> {
    const { groupId, upstreamId, repository, digest, now } = manifest;
    const entry = [groupId, upstreamId, repository, now, now, now];
    return this.#name.change(tx, [...entry, digest, upstreamId, repository]);
  }
}

function addQuery(db: Db) {
  return db
    .insertInto("manifests")
    .values({ digest: someDigest, media_type: "", payload: new Uint8Array() })
    .onConflict((conflict) => conflict.doNothing());
}

function holdQuery(db: Db) {
  return db
    .insertInto("manifests")
    .values({ digest: someDigest, media_type: "", payload: new Uint8Array() })
    .onConflict((conflict) =>
      conflict
        .column("digest")
        .doUpdateSet((eb) => ({ media_type: eb.ref("manifests.media_type") })),
    );
}

function childrenQuery(db: Db, count: number) {
  const child = { parent_digest: someDigest, child_digest: someDigest, kind: "blob" } as const;
  const row = { ...child, media_type: "", size: 0, platform: "" };
  return db
    .insertInto("manifest_children")
    .values(Array.from({ length: count }, () => row))
    .onConflict((conflict) => conflict.doNothing());
}

/** Where it is asked whether there is none, PostgreSQL may go through the repository instead of asking for each (`nested.ts`). */
const nameQuery = sql`
  insert into cache_entries (
    group_id, upstream_id, repository, kind, reference, digest,
    proof, content_type, size, upstream_checked_at, downloaded_at, created_at, updated_at
  )
  select cast(${0} as bigint), cast(${0} as bigint), ${""}, kind,
    child_digest, child_digest, 'named', media_type, size, 0, cast(${0} as bigint),
    cast(${0} as bigint), cast(${0} as bigint)
  from manifest_children as c
  where parent_digest = ${""} and (
    select e.id from cache_entries as e
    where e.upstream_id = ${0} and e.repository = ${""}
      and e.kind = c.kind and e.reference = c.child_digest
  ) is null
  order by kind, child_digest
  on conflict do nothing`;

/** A *named* entry for each of these that has none, in one order for all. Whether there was such a one. */
export async function nameObjects(tx: Tx, named: NamedObjects): Promise<boolean> {
  const { groupId, upstreamId, repository, now } = named;
  const objects = named.objects.toSorted((a, b) =>
    `${a.kind} ${a.digest}` < `${b.kind} ${b.digest}` ? -1 : 1,
  );
  const rows = objects.map(({ kind, digest, mediaType, size }) => ({
    group_id: groupId,
    upstream_id: upstreamId,
    repository,
    kind,
    reference: digest,
    digest,
    proof: "named" as const,
    content_type: mediaType,
    size,
    upstream_checked_at: 0,
    downloaded_at: now,
    created_at: now,
    updated_at: now,
  }));
  let hasNew = false;
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    const { numInsertedOrUpdatedRows = 0n } = await tx
      .insertInto("cache_entries")
      .values(rows.slice(start, start + rowsPerInsert))
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    hasNew ||= numInsertedOrUpdatedRows > 0n;
  }
  return hasNew;
}
