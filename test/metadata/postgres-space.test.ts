import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Kysely } from "kysely";
import type { Metadata, Upstream } from "../../src/metadata/contract.ts";
import { migratorOf } from "../../src/metadata/migrations/index.ts";
import { postgresDialect } from "../../src/metadata/postgres/dialect.ts";
import { postgresWords } from "../../src/metadata/postgres/words.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { pool, postgresOpener } from "../fakes/metadata-postgres.ts";
import { digestOfText, fetched, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { postgresDatabase } from "../fakes/new-database.ts";
import { OtherTransaction, waits } from "../fakes/postgres-lock.ts";
import { emptyDatabase, lackOfPostgres } from "../fakes/postgres.ts";
import {
  countedBytes,
  countedRepositories,
  presentBytes,
  presentRepositories,
} from "../fakes/repository-truth.ts";
import { until } from "../fakes/until.ts";

const lack = lackOfPostgres();
const all = Number.MAX_SAFE_INTEGER;

describe.skipIf(lack !== undefined)(`space in PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  let database: Awaited<ReturnType<typeof postgresDatabase>>;
  let metadata: Metadata;
  let one: Upstream;
  let two: Upstream;

  beforeEach(async () => {
    database = await postgresDatabase();
    metadata = await database.open();
    one = (await sampleRegistry(metadata, "one")).upstream;
    two = (await sampleRegistry(metadata, "two")).upstream;
  });
  afterEach(async () => {
    await metadata.close();
    await database.remove();
  });

  const evict = ({ id: cacheId }: Upstream) =>
    metadata.space.evict({ cacheId, after: undefined, before: all, bytes: all, isDry: false });
  const bytesOf = ({ id }: Upstream) => metadata.space.bytesOf({ scope: "upstream", id });
  const waiting = async () => {
    const rows = await database.query(
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length > 0;
  };
  /** This is done beside another transaction that has done `sql` and is about to commit. */
  const beside = async (sql: string, work: () => Promise<unknown>) => {
    const other = await OtherTransaction.begin(database.url);
    await other.run(sql);
    let isOver = false;
    const done = work().finally(() => (isOver = true));
    await until(async () => isOver || (await waiting()));
    await other.end("commit");
    await done;
  };

  test("what was stored before the update that counts together is counted on", async () => {
    const former = await emptyDatabase();
    const db = new Kysely<Schema>({ dialect: postgresDialect({ ...pool, url: former.url }) });
    const { error } = await migratorOf(db, postgresWords).migrateTo("0029_names");
    expect(error).toBeUndefined();
    await db.destroy();
    const truth = async () => [
      await former.query(presentRepositories),
      await former.query(presentBytes),
    ];
    const counted = async () => [
      await former.query(countedRepositories),
      await former.query(countedBytes),
    ];
    const entry = (repository: string) => `
      insert into blobs (digest, size, stored_at, verified_at) values ('${layer}', 5, 1, 1) on conflict do nothing;
      insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
        upstream_checked_at, downloaded_at, created_at, updated_at)
      values (1, 1, '${repository}', 'blob', '${layer}', '${layer}', 'shown', 'x', 5, 1, 1, 1, 1)`;
    const layer = digestOfText("layer");
    await former.query(entry("library/one"));
    // One of the version before is in the middle of it, and another comes.
    const storing = await OtherTransaction.begin(former.url);
    await storing.run(entry("library/two"));
    const opening = postgresOpener(former.url).open();
    await waits(former, 1);
    const late = former.query(entry("library/three"));
    await waits(former, 2);
    await storing.end("commit");
    const opened = await opening;
    await late;
    expect(await counted()).toEqual(await truth());
    expect(await opened.space.bytesOf({ scope: "upstream", id: 1 })).toBe(5);
    await former.query("delete from cache_entries where repository <> 'library/two'");
    expect(await counted()).toEqual(await truth());
    await former.query("update cache_entries set proof = 'named', upstream_checked_at = 0");
    expect(await counted()).toEqual([[], []]);
    expect(await opened.space.usage()).toEqual({ stored: 5, leaving: 5 });
    await opened.close();
    await former.remove();
  });

  test("a manifest that comes to two repositories at once, both by tag, counts once", async () => {
    const manifest = fetched(one, "new");
    const { digest, payload, mediaType } = manifest;
    const { length } = payload;
    const coming = `insert into manifests (digest, media_type, payload)
        values ('${digest}', '${mediaType}', '\\x${Buffer.from(payload).toString("hex")}');
      insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
        upstream_checked_at, downloaded_at, created_at, updated_at)
      values (${one.groupId}, ${one.id}, 'library/other', 'manifest', 'latest', '${digest}', 'shown', 'x', ${length}, 1, 1, 1, 1)`;
    await beside(coming, () => metadata.cache.storeManifest(manifest));
    expect(await bytesOf(one)).toBe(length);
    expect(await metadata.space.group(one.groupId)).toMatchObject({ bytes: length });
  });

  for (const kind of ["blob", "manifest"] as const) {
    const give = (upstream: Upstream) =>
      kind === "blob"
        ? metadata.cache.storeBlob(shownBlob(upstream, "layer"))
        : metadata.cache.storeManifest(fetched(upstream, "layer", { tag: undefined }));
    const goneFrom = ({ id }: Upstream) => `delete from cache_entries where upstream_id = ${id}`;

    test(`a ${kind} that its last two entries leave at once is unneeded`, async () => {
      await give(one);
      await give(two);
      const { stored } = await metadata.space.usage();
      await beside(goneFrom(one), () => evict(two));
      expect(await metadata.space.usage()).toEqual({ stored, leaving: stored });
      expect([await bytesOf(one), await bytesOf(two)]).toEqual([0, 0]);
    });

    test(`a ${kind} that one entry leaves while another comes is needed, and counted once`, async () => {
      await give(one);
      const { stored } = await metadata.space.usage();
      await beside(goneFrom(one), () => give(two));
      expect(await metadata.space.usage()).toEqual({ stored, leaving: 0 });
      expect([await bytesOf(one), await bytesOf(two)]).toEqual([0, stored]);
    });

    test(`a ${kind} in two repositories counts once, whoever leaves while another comes`, async () => {
      await give(one);
      const { stored } = await metadata.space.usage();
      const other = { ...one };
      const again = () =>
        kind === "blob"
          ? metadata.cache.storeBlob(shownBlob(other, "layer", { repository: "library/other" }))
          : metadata.cache.storeManifest(
              fetched(other, "layer", { tag: undefined, repository: "library/other" }),
            );
      await beside(goneFrom(one), again);
      expect(await bytesOf(one)).toBe(stored);
      expect(await metadata.space.group(one.groupId)).toMatchObject({ bytes: stored });
    });
  }
});
