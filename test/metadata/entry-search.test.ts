import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Kysely } from "kysely";
import { createLog } from "../../src/lib/log.ts";
import type { Metadata, PageOptions } from "../../src/metadata/contract.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { bucketSize } from "../../src/metadata/search/buckets.ts";
import { EntryIndex } from "../../src/metadata/search/entry-index.ts";
import { EntrySearch } from "../../src/metadata/search/entry-search.ts";
import {
  gramsOf,
  gramsOfWords,
  packOffsets,
  unpackOffsets,
} from "../../src/metadata/search/grams.ts";
import { LocalChanges } from "../../src/metadata/sqlite/changes.ts";
import { SqlEntries } from "../../src/metadata/management/entries.ts";
import { Writer } from "../../src/metadata/management/writer.ts";
import { Passwords } from "../../src/metadata/passwords.ts";
import { SqlStatistics } from "../../src/metadata/statistics/statistics.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { fillEntries } from "../fakes/many-entries.ts";
import { digestOfText, fetched, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { countedRepositories, presentRepositories } from "../fakes/repository-truth.ts";
import { sqliteFolder, testSealer } from "../fakes/metadata-sqlite.ts";

const noPasswords = new Passwords(
  testSealer,
  createLog(new SteppedClock(), "debug", { write() {}, async flush() {} }),
);
const noLimits = { registriesPerGroup: 5, upstreamsPerRegistry: 5 };

describe("grams", () => {
  const path = fc.string({ unit: fc.constantFrom(..."/abAB01-._:"), minLength: 1, maxLength: 60 });

  test("a path has those of each word that stands in it, and of short ones one that begins so", () => {
    fc.assert(
      fc.property(path, fc.nat(), fc.nat(), (text, start, length) => {
        const from = start % text.length;
        const word = text.slice(from, from + 1 + (length % 12)).toLowerCase();
        const own = [...gramsOf(text)];
        for (const range of gramsOfWords([word])) {
          expect(own.some((gram) => gram >= range.from && gram <= range.to)).toBe(true);
        }
      }),
    );
  });

  test("offsets come back as they were packed", () => {
    const offsets = fc.uniqueArray(fc.nat(bucketSize - 1)).map((all) => all.sort((a, b) => a - b));
    fc.assert(fc.property(offsets, (all) => expect(unpackOffsets(packOffsets(all))).toEqual(all)));
  });
});

describe("entries by the thousand", () => {
  const folder = () => sqliteFolder();
  let bed: ReturnType<typeof folder>;
  let metadata: Metadata;
  let raw: Database;
  let upstream: Awaited<ReturnType<typeof sampleRegistry>>["upstream"];
  /** Of the same database, with the SQL of all questions. */
  let db: Kysely<Schema>;
  let asked: string[];
  const count = 5 * bucketSize;

  beforeEach(async () => {
    bed = folder();
    metadata = await bed.open();
    ({ upstream } = await sampleRegistry(metadata));
    raw = new Database(bed.file);
    raw.run("pragma foreign_keys = on");
    fillEntries(raw, { groupId: upstream.groupId, upstreamId: upstream.id }, count);
    asked = [];
    const log = (event: { query: { sql: string } }) => void asked.push(event.query.sql);
    db = new Kysely<Schema>({ dialect: sqliteDialect(new Database(bed.file)), log });
  });
  afterEach(async () => {
    raw.close(true);
    await db.destroy();
    await metadata.close();
    bed.remove();
  });

  /** Everything that can be noted. */
  const index = async () => {
    const own = new EntryIndex(db, (work) => work(), new SteppedClock());
    while ((await own.step()) !== undefined);
  };
  const list = (options: Partial<PageOptions>) =>
    metadata.management.entries.list(upstream.id, { words: [], page: 1, perPage: 20, ...options });
  /** Paths that have all the words, the newest first, found the plain way. */
  const plain = (words: string[]) =>
    raw
      .query<{ path: string }, []>(
        `select relative_path as path from cache_entries where proof = 'shown' and status = 'default'
        and upstream_id = ${upstream.id} order by id desc`,
      )
      .all()
      .map(({ path }) => path)
      .filter((path) => words.every((word) => path.includes(word.toLowerCase())));

  /** The upstream had another URL before, and what there is was stored since. */
  const anotherCache = async () => {
    await metadata.management.upstreams.change(upstream.id, { url: "https://other.example.com" });
    for (const table of ["cache_entries", "entry_counts"]) {
      raw.run(`update ${table} set upstream_id = upstream_id + 4294967296`);
    }
  };
  /** What the database keeps count of, and what is there. */
  const counts = () => {
    expect(raw.query(countedRepositories).all()).toEqual(raw.query(presentRepositories).all());
    return raw
      .query(
        `select upstream_id, bucket, entries, size from entry_counts order by upstream_id, bucket`,
      )
      .all();
  };
  const truth = () =>
    raw
      .query<{ upstream_id: number }, []>(
        `select upstream_id, id >> 12 as bucket, count(*) as entries, sum(size) as size from cache_entries
        where proof = 'shown' and status = 'default' group by 1, 2 order by 1, 2`,
      )
      .all();

  const questions: string[][] = [
    ["team-5"],
    ["IMAGE-1", "manifests"],
    ["v16"],
    ["sha256:0"],
    ["q"],
    ["zz"],
    ["7"],
    ["f0", "0f"],
    ["no-such-thing"],
    ["%"],
    ["_"],
    ["ünknown"],
  ];

  test("the same is found with the index and without", async () => {
    const answers = async () =>
      Promise.all(
        questions.map(async (words) => {
          const { items } = await list({ words, perPage: 100 });
          return items.map(({ relativePath }) => relativePath);
        }),
      );
    const wanted = questions.map((words) => plain(words).slice(0, 100));
    expect(await answers()).toEqual(wanted);
    await index();
    expect(await answers()).toEqual(wanted);
    expect(raw.query("select count(*) as n from indexed_buckets").get()).toEqual({ n: 4 });
  });

  test("a middle part of a digest is found, in whatever case; what is gone is not", async () => {
    await index();
    const [found] = raw
      .query<{ id: number; digest: string }, []>(
        "select id, digest from cache_entries where id = 780",
      )
      .all();
    const words = [found?.digest.slice(20, 40).toUpperCase() ?? ""];
    expect((await list({ words })).items).toMatchObject([{ id: 780, digest: found?.digest }]);
    await metadata.management.entries.remove(780, { unmodifiedSince: undefined });
    expect(await list({ words })).toEqual({ items: [], total: 0 });
  });

  test("only what has all of a word's letters in a row is looked at, not what has some", async () => {
    await index();
    const { digest } = raw
      .query<{ digest: string }, []>("select digest from cache_entries where id = 780")
      .get() ?? { digest: "" };
    asked.length = 0;
    const wanted = { cacheId: upstream.id, words: [digest.slice(20, 40)], offset: 0, limit: 20 };
    expect(await new EntrySearch(db).find(wanted)).toMatchObject({ ids: [780] });
    expect(asked.filter((text) => text.includes('"e"."id" in (')).length).toBe(1);
  });

  test("pages are those of the whole list, however deep, and the total is right", async () => {
    raw.run("delete from cache_entries where id % 3 = 0 and id < 9000");
    const ids = raw
      .query<{ id: number }, []>("select id from cache_entries order by id desc")
      .all()
      .map(({ id }) => id);
    for (const page of [1, 2, 37, 410, Math.ceil(ids.length / 20), 100_000]) {
      const found = await list({ page });
      expect(found.items.map(({ id }) => id)).toEqual(ids.slice((page - 1) * 20, page * 20));
      expect(found.total).toBe(ids.length);
    }
  });

  test("entries are counted as they come, change and go", async () => {
    expect(counts()).toEqual(truth());
    await metadata.cache.storeManifest(fetched(upstream, "one"));
    await metadata.cache.storeManifest(fetched(upstream, "two"));
    await metadata.cache.storeBlob(shownBlob(upstream, "layer"));
    expect(counts()).toEqual(truth());
    raw.run("update cache_entries set status = 'pending_destruction' where id % 5 = 0");
    raw.run("update cache_entries set size = size + 7 where id % 7 = 0");
    raw.run("update cache_entries set proof = 'named', upstream_checked_at = 0 where id % 11 = 0");
    expect(counts()).toEqual(truth());
    await metadata.management.upstreams.purge(upstream.id, { unmodifiedSince: undefined });
    expect(counts()).toEqual(truth());
    raw.run("delete from cache_entries");
    expect(counts()).toEqual([]);
    await metadata.cache.storeBlob(shownBlob(upstream, "layer"));
    await metadata.management.upstreams.remove(upstream.id, { unmodifiedSince: undefined });
    expect(counts()).toEqual(truth());
  });

  test("entries of a former cache are counted as its own, until they have come over or gone", async () => {
    raw.run("delete from cache_entries where id > 400");
    await metadata.cache.storeBlob(shownBlob(upstream, "layer"));
    for (const settings of [
      { username: "other", password: "x" },
      { url: "https://other.example.com" },
    ]) {
      await metadata.management.upstreams.change(upstream.id, settings);
      const [changed] = await metadata.directory.upstreams();
      await metadata.cache.storeBlob(shownBlob(changed ?? upstream, "layer"));
      expect(counts()).toEqual(truth());
      expect(new Set(truth().map((row) => row.upstream_id)).size).toBe(2);
      while ((await metadata.management.sweep()) > 0) expect(counts()).toEqual(truth());
      expect(counts()).toMatchObject([{ entries: 1 }]);
    }
  });

  test("what was noted of runs without entries goes, and is noted anew when there are some again", async () => {
    await index();
    raw.run(`update cache_entries set status = 'error' where id < ${2 * bucketSize}`);
    await index();
    expect(raw.query("select bucket from indexed_buckets order by bucket").all()).toEqual([
      { bucket: 2 },
      { bucket: 3 },
    ]);
    expect(
      raw.query(`select count(*) as n from entry_grams where id < ${2 * 2 ** 21}`).get(),
    ).toEqual({ n: 0 });
    raw.run("update cache_entries set status = 'default' where id = 12");
    const digest = plain(["sha256:"]).at(-1)?.slice(-64) ?? "";
    expect((await list({ words: [digest] })).items).toMatchObject([{ id: 12 }]);
    await index();
    expect(raw.query("select count(*) as n from indexed_buckets").get()).toEqual({ n: 3 });
  });

  test("each step notes one run of entries, the newest first, and the last one that there is no more", async () => {
    const noted = () =>
      raw
        .query<{ bucket: number }, []>("select bucket from indexed_buckets order by bucket")
        .all()
        .map(({ bucket }) => bucket);
    const { searchIndex } = metadata;
    expect(await searchIndex.step()).toBe(bucketSize);
    expect(noted()).toEqual([3]);
    expect(await searchIndex.step()).toBe(bucketSize);
    expect(noted()).toEqual([2, 3]);
    while ((await searchIndex.step()) !== undefined);
    expect(noted()).toEqual([0, 1, 2, 3]);
    expect(await searchIndex.step()).toBeUndefined();
  });

  test("one repository with very many: each kind, page by page, and what has the words, the newest first", async () => {
    raw.run("update cache_entries set repository = 'one/large' where id > 100");
    raw.run("update cache_entries set proof = 'named', upstream_checked_at = 0 where id % 7 = 0");
    await anotherCache();
    raw.run("delete from repository_counts");
    raw.run(
      `insert into repository_counts select upstream_id, repository, count(*), sum(reference <> digest),
      sum(kind = 'manifest' and reference = digest), sum(size), max(downloaded_at)
      from cache_entries where proof = 'shown' group by upstream_id, repository`,
    );
    await index();
    const rows = raw
      .query<{ id: number; kind: string; reference: string; digest: string; path: string }, []>(
        `select id, kind, reference, digest, relative_path as path from cache_entries
        where repository = 'one/large' and proof = 'shown' order by reference`,
      )
      .all();
    const kinds = { tag: 0, digest: 1, blob: 2 };
    const kindOf = (row: (typeof rows)[number]): keyof typeof kinds => {
      if (row.kind === "blob") return "blob";
      return row.reference === row.digest ? "digest" : "tag";
    };
    const { entries } = metadata.management;
    for (const kind of [undefined, "tag", "digest", "blob"] as const) {
      const place = { upstreamId: upstream.id, repository: "one/large", kind };
      const those = rows
        .filter((row) => kind === undefined || kindOf(row) === kind)
        .sort((a, b) => kinds[kindOf(a)] - kinds[kindOf(b)]);
      for (const isDescending of [false, true]) {
        const wanted = isDescending ? those.toReversed() : those;
        for (const page of [1, 47, 150, 10_000]) {
          const options = { words: [], page, perPage: 100, isDescending };
          const found = await entries.ofRepository(place, options);
          expect(found.items.map(({ id }) => id)).toEqual(
            wanted.slice((page - 1) * 100, page * 100).map(({ id }) => id),
          );
          expect(found.total).toBe(those.length);
        }
      }
      const options = { words: ["E1"], page: 1, perPage: 50, isDescending: false };
      const found = await entries.ofRepository(place, options);
      const matching = those.filter(({ path }) => path.includes("e1")).map(({ id }) => id);
      const isWalked = those.length <= 10_000;
      const ordered = isWalked ? matching : matching.sort((a, b) => b - a);
      expect(found.items.map(({ id }) => id)).toEqual(ordered.slice(0, 50));
    }
  });

  test("very many repositories: a search ends with its page, and the total is told up to a bound", async () => {
    const add = (from: number, to: number) =>
      raw.run(
        `with recursive n (n) as (select ${from} union all select n + 1 from n where n < ${to})
        insert into repository_counts select ${upstream.id}, 'zz/' || printf('%06d', n), 1, 0, 0, 1, 1 from n`,
      );
    raw.run("delete from repository_counts");
    const { entries } = metadata.management;
    const ask = async (words: string[], page = 1, after?: string) => {
      const options = { words, page, perPage: 20, after };
      const { items, total } = await entries.repositories(upstream.id, options);
      return { first: items[0]?.repository, count: items.length, total };
    };
    add(1, 10_000);
    expect(await ask(["zz"], 500)).toEqual({ first: "zz/009981", count: 20, total: 10_000 });
    expect(await ask(["0001"])).toMatchObject({ first: "zz/000001", total: 111 });
    add(10_001, 100_000);
    expect(await ask([], 5000)).toEqual({ first: "zz/099981", count: 20, total: 100_000 });
    expect(await ask(["zz"])).toEqual({ first: "zz/000001", count: 20, total: undefined });
    expect(await ask(["no such"])).toEqual({ first: undefined, count: 0, total: 0 });
    add(100_001, 100_001);
    expect((await ask([])).total).toBeUndefined();
    expect(await ask([], 1, "zz/099999")).toEqual({ first: "zz/100000", count: 2, total: 2 });
  });

  test("no question looks through a whole table, or sorts more than a page", async () => {
    await index();
    const clock = bed.clock;
    const writer = new Writer(
      await LocalChanges.open(db, async () => {}),
      noPasswords,
      clock,
      noLimits,
    );
    const entries = new SqlEntries(db, writer);
    for (const page of [1, 500, 100_000]) {
      await entries.list(upstream.id, { words: [], page, perPage: 20 });
    }
    await entries.newestManifest(upstream.id);
    expect(await entries.remove(99, { unmodifiedSince: undefined })).toBe("removed");
    await new SqlStatistics(db, clock).summary(upstream.groupId);
    for (const words of [[], ["team-7/"]]) {
      const options = { words, page: 2, perPage: 20 };
      await entries.repositories(upstream.id, options);
      for (const kind of [undefined, "tag", "digest", "blob"] as const) {
        const place = { upstreamId: upstream.id, repository: "team-7/image-7", kind };
        for (const isDescending of [false, true]) {
          await entries.ofRepository(place, { ...options, page: 1, isDescending });
        }
      }
    }
    const within = { upstreamId: upstream.id, repository: "team-7/image-7" };
    await entries.present({ ...within, kind: "blob" }, ["a", "b"]);
    await entries.tagsOf({ ...within, digest: digestOfText("x") }, 5);
    await entries.payload(digestOfText("x"), 5);
    const search = new EntrySearch(db);
    for (const words of questions) {
      const wanted = { cacheId: upstream.id, words, offset: 40, limit: 20 };
      await search.find(wanted);
      for (const kind of ["tag", "digest", "blob"] as const) {
        await search.find({ ...wanted, only: { ...wanted, repository: within.repository, kind } });
      }
    }
    const distinct = [...new Set(asked)];
    expect(distinct.length).toBeGreaterThan(16);
    for (const text of distinct) {
      if (!/^(?:select|delete|update)/.test(text)) continue;
      const steps = raw.query<{ detail: string }, []>(`explain query plan ${text}`).all();
      for (const { detail } of steps) {
        // Small tables: one row for thousands of entries, or one in all.
        if (/^SCAN (?:[ci]|generation)(?: USING.*)?$/.test(detail)) continue;
        // Sorted are a few candidates, and what one digest is had by.
        const isFew = /"e"\."(?:id" in \(|reference" <> \?)/.test(text);
        if (isFew && detail === "USE TEMP B-TREE FOR ORDER BY") continue;
        if (/^SCAN some$/.test(detail)) continue;
        expect(detail).not.toMatch(/^SCAN|TEMP B-TREE FOR (?!DISTINCT)/);
        // By way of a repository only where that is all that is looked at.
        if (detail.endsWith("(upstream_id=? AND repository=?)")) {
          expect(detail).toMatch(/repository_counts/);
        }
      }
    }
  });
});
