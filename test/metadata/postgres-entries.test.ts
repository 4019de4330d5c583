import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Kysely } from "kysely";
import type { Metadata, PageOptions, Upstream } from "../../src/metadata/contract.ts";
import { postgresDialect } from "../../src/metadata/postgres/dialect.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { bucketSize } from "../../src/metadata/search/buckets.ts";
import { EntryIndex } from "../../src/metadata/search/entry-index.ts";
import { postgresDatabase } from "../fakes/new-database.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { fetched, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { pool } from "../fakes/metadata-postgres.ts";
import { OtherTransaction, waits } from "../fakes/postgres-lock.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
import {
  countedBytes,
  countedRepositories,
  presentBytes,
  presentRepositories,
} from "../fakes/repository-truth.ts";
import { until } from "../fakes/until.ts";

const lack = lackOfPostgres();
const count = 3 * bucketSize;
const always = { unmodifiedSince: undefined };

describe.skipIf(lack !== undefined)(`entries in PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  let database: Awaited<ReturnType<typeof postgresDatabase>>;
  let metadata: Metadata;
  let upstream: Upstream;

  beforeEach(async () => {
    database = await postgresDatabase();
    // On a busy machine many who do much at once take their time.
    metadata = await database.open({ statementMs: 20_000 });
    ({ upstream } = await sampleRegistry(metadata));
  });
  afterEach(async () => {
    await metadata.close();
    await database.remove();
  });

  /** Of eight in a row, one manifest by tag, one by digest and six blobs. */
  const fill = () =>
    database.query(`insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof,
      upstream_etag, content_type, size, upstream_checked_at, downloaded_at, created_at, updated_at)
    select ${upstream.groupId}, ${upstream.id}, 'team-' || (n / 8 % 97) || '/image-' || (n / 8 % 20011),
      case when n % 8 < 2 then 'manifest' else 'blob' end, case when n % 8 = 0 then 'v' || n else digest end,
      digest, 'shown', digest, 'application/octet-stream', 1000 + n % 7, 1, n, n, n
    from (
      select n, 'sha256:' || md5(n::text) || md5((n + 1)::text) as digest from generate_series(0, ${count - 1}) as n
    ) as made order by n`);
  const list = (options: Partial<PageOptions>) =>
    metadata.management.entries.list(upstream.id, { words: [], page: 1, perPage: 20, ...options });
  const counts = () =>
    database.query(
      `select upstream_id::float8, bucket::int, entries::int, size::int from entry_counts order by upstream_id, bucket`,
    );
  const truth = () =>
    database.query(
      `select upstream_id::float8, (id >> 12)::int as bucket, count(*)::int as entries, sum(size)::int as size
      from cache_entries where proof = 'shown' and status = 'default' group by 1, 2 order by 1, 2`,
    );
  const right = async () => {
    const counted = await counts();
    expect(counted).toEqual(await truth());
    expect(await database.query(countedRepositories)).toEqual(
      await database.query(presentRepositories),
    );
    expect(await database.query(countedBytes)).toEqual(await database.query(presentBytes));
    expect(await database.query("select * from cache_changes")).toEqual([]);
    return counted;
  };

  test("they are counted as they come, change and go", async () => {
    await fill();
    expect(await right()).toHaveLength(4);
    await metadata.cache.storeManifest(fetched(upstream, "one"));
    await metadata.cache.storeManifest(fetched(upstream, "two"));
    await metadata.cache.storeBlob(shownBlob(upstream, "layer"));
    await right();
    await database.query(
      "update cache_entries set status = 'pending_destruction' where id % 5 = 0",
    );
    await database.query("update cache_entries set size = size + 7 where id % 7 = 0");
    await database.query(
      "update cache_entries set proof = 'named', upstream_checked_at = 0 where id % 11 = 0",
    );
    await right();
    // The rest is brought over in steps, which need no thousands to be right.
    await database.query("delete from cache_entries where id % 16 > 0");
    await right();
    await metadata.management.upstreams.change(upstream.id, { username: "other", password: "x" });
    await right();
    expect(await list({})).toEqual({ items: [], total: 0 });
    await metadata.cache.storeBlob(
      shownBlob({ ...upstream, version: upstream.version + 1 }, "layer"),
    );
    await right();
    expect(await list({})).toMatchObject({ total: 1 });
    while ((await metadata.management.sweep()) > 0);
    expect(await right()).toHaveLength(1);
    await metadata.management.upstreams.change(upstream.id, { url: "https://other.example.com" });
    await metadata.cache.storeBlob(
      shownBlob({ ...upstream, version: upstream.version + 2 }, "layer"),
    );
    expect(await right()).toHaveLength(2);
    while ((await metadata.management.sweep()) > 0);
    expect(await right()).toHaveLength(1);
    await metadata.management.upstreams.purge(upstream.id, always);
    expect(await right()).toEqual([]);
  });

  test("one content in many places counts once in bytes and in each of its repositories", async () => {
    const places = Array.from({ length: 9 }, (_, n) => ({ repository: `team/image-${n}` }));
    for (const place of places) {
      await metadata.cache.storeManifest(fetched(upstream, "one", place));
      await metadata.cache.storeBlob(shownBlob(upstream, "layer", place));
    }
    expect(await right()).toMatchObject([{ entries: 27 }]);
    // Once more: `n` of each in one statement, with what else its transaction does.
    const other = await OtherTransaction.begin(database.url);
    await other.run("delete from cache_entries where repository < 'team/image-4'");
    await other.run("update cache_entries set size = size where repository = 'team/image-5'");
    await other.run("delete from cache_entries where repository = 'team/image-4'");
    await other.end("commit");
    expect(await right()).toMatchObject([{ entries: 12 }]);
    const changed = await metadata.management.upstreams.change(upstream.id, { username: "other" });
    // Brought over, and shown, in the transaction that stores it.
    const version = upstream.version + 1;
    await metadata.cache.storeManifest(
      fetched({ ...upstream, version }, "one", { repository: "team/image-8" }),
    );
    await right();
    while ((await metadata.management.sweep()) > 0) await right();
    expect(await right()).toMatchObject([{ entries: 2 }]);
    expect(changed?.id).toBe(upstream.id);
    await database.query("delete from cache_entries");
    expect(await right()).toEqual([]);
    expect(await metadata.space.bytesOf({ scope: "upstream", id: upstream.id })).toBe(0);
  });

  test("what is given up with the transaction is not counted", async () => {
    await fill();
    const before = await right();
    const other = await OtherTransaction.begin(database.url);
    await other.run("delete from cache_entries where id % 2 = 0");
    await other.end("rollback");
    expect(await right()).toEqual(before);
  });

  test("nobody who stores waits for another who stores something else", async () => {
    await metadata.cache.storeBlob(shownBlob(upstream, "first"));
    const other = await OtherTransaction.begin(database.url);
    await other.run("update cache_entries set size = size + 1");
    await metadata.cache.storeManifest(fetched(upstream, "one"));
    expect((await list({ words: ["latest"] })).total).toBe(1);
    await other.end("commit");
    await right();
  });

  test("servers that store and give up at once lose no count, and none gives up for another's sake", async () => {
    const second = await database.open({ statementMs: 20_000 });
    await fill();
    const [before] = await database.query(deadlocks);
    const storing = Array.from({ length: 60 }, async (_, n) => {
      const { cache } = n % 2 === 0 ? metadata : second;
      await cache.storeManifest(fetched(upstream, `manifest ${n % 30}`));
      await cache.storeBlob(shownBlob(upstream, `blob ${n % 20}`));
      await cache.deleteEntry(1 + n * 200);
    });
    const pulling = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? metadata : second).cache.countDownloads(
        ["library/alpine", "team-5/image-5", "team-6/image-6"].map((repository) => {
          const key = { upstreamId: upstream.id, repository, kind: "manifest" } as const;
          return { ...key, reference: "latest", count: 1, lastAt: 1000 + n };
        }),
      ),
    );
    const purging = metadata.management.upstreams.purge(upstream.id, always, {
      pattern: "team-1*/**",
      includePinned: true,
    });
    await Promise.all([...storing, ...pulling, purging]);
    await second.close();
    await metadata.close();
    // What a connection has to tell is told by its end.
    await until(async () => (await database.query(others)).length === 0);
    await right();
    const [after] = await database.query(deadlocks);
    expect(after).toEqual(before as Record<string, unknown>);
    metadata = await database.open();
  });
  const others =
    "select 1 from pg_stat_activity where datname = current_database() and application_name = 'weir'";
  const deadlocks =
    "select deadlocks::int from pg_stat_database where datname = current_database()";

  test("the same is found with the index and without, and pages are those of the whole list", async () => {
    await fill();
    await database.query("delete from cache_entries where id % 3 = 0 and id < 5000");
    const rows = (await database.query(
      "select id::int, relative_path as path from cache_entries order by id desc",
    )) as { id: number; path: string }[];
    for (const page of [1, 2, 37, 410, 100_000]) {
      const found = await list({ page });
      const wanted = rows.slice((page - 1) * 20, page * 20).map(({ id }) => id);
      expect(found.items.map(({ id }) => id)).toEqual(wanted);
      expect(found.total).toBe(rows.length);
    }
    const questions = [["team-5"], ["IMAGE-1", "manifests"], ["v16"], ["q"], ["zz"], ["f0", "0f"]];
    const others = [["%"], ["_"], ["\\"], ["ünknown"], ["İ"]];
    const answers = () =>
      Promise.all(
        [...questions, ...others].map(async (words) => {
          const { items } = await list({ words, perPage: 100 });
          return items.map(({ id }) => id);
        }),
      );
    const wanted = [...questions, ...others].map((words) =>
      rows
        .filter(({ path }) => words.every((word) => path.includes(word.toLowerCase())))
        .slice(0, 100)
        .map(({ id }) => id),
    );
    expect(await answers()).toEqual(wanted);
    while ((await metadata.searchIndex.step()) !== undefined);
    expect(await noted()).toBe(2);
    expect(await answers()).toEqual(wanted);
  });

  const noted = async () =>
    (await database.query("select count(*)::int as n from indexed_buckets"))[0]?.["n"];

  test("of several servers one writes the index", async () => {
    await fill();
    const other = await OtherTransaction.begin(database.url);
    await other.run(
      "select pg_advisory_xact_lock(hashtextextended(current_schema() || ' weir entry index', 0))",
    );
    expect(await metadata.searchIndex.step()).toBeUndefined();
    expect(await noted()).toBe(0);
    await other.end("commit");
    expect(await metadata.searchIndex.step()).toBe(bucketSize);
    expect(await noted()).toBe(1);
  });

  test("what a run that is given up had on record goes", async () => {
    await fill();
    const db = new Kysely<Schema>({
      dialect: postgresDialect({ ...pool, max: 4, url: database.url }),
    });
    const own = new EntryIndex(db, (work) => work(), new SteppedClock());
    const index = async () => {
      while ((await own.step()) !== undefined);
    };
    await index();
    expect(await noted()).toBe(2);
    await database.query(`delete from cache_entries where id < ${2 * bucketSize}`);
    await index();
    expect(await noted()).toBe(0);
    expect(await database.query("select id from entry_grams")).toEqual([]);
    await db.destroy();
  });

  test("who gives up an entry that is changed meanwhile is told", async () => {
    await metadata.cache.storeManifest(fetched(upstream, "one"));
    const [entry] = (await list({ words: ["latest"] })).items;
    const id = entry?.id ?? 0;
    const updatedAt = entry?.updatedAt ?? 0;
    const other = await OtherTransaction.begin(database.url);
    await other.run(`update cache_entries set updated_at = ${updatedAt + 60_000} where id = ${id}`);
    const removing = metadata.management.entries.remove(id, { unmodifiedSince: updatedAt });
    await waits(database);
    await other.end("commit");
    expect(removing).rejects.toMatchObject({ problem: "changed" });
  });
});
