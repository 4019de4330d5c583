import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Metadata, Upstream } from "../../src/metadata/contract.ts";
import { leftAtOnce } from "../../src/metadata/postgres/left-at-once.ts";
import { fetched, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { postgresDatabase } from "../fakes/new-database.ts";
import { OtherTransaction } from "../fakes/postgres-lock.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
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

  test("what is pulled goes on while the update counts bytes anew", async () => {
    const manifest = fetched(one, "one");
    await metadata.cache.storeManifest(manifest);
    const other = await OtherTransaction.begin(database.url);
    for (const statement of leftAtOnce) await other.run(statement);
    const { repository, digest } = manifest;
    const [found] = await metadata.cache.manifests([one.id], repository, digest);
    expect(found?.digest).toBe(digest);
    await other.end("commit");
    expect(await bytesOf(one)).toBe(manifest.payload.length);
    expect((await evict(one)).entries).toHaveLength(2);
    expect(await bytesOf(one)).toBe(0);
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
