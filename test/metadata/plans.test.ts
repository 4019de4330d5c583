import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Kysely } from "kysely";
import { SqlCache } from "../../src/metadata/cache.ts";
import { SqlCleanupRuns } from "../../src/metadata/cleanup/runs.ts";
import type { Changes } from "../../src/metadata/changes.ts";
import type { Upstream } from "../../src/metadata/contract.ts";
import { rowsByKey } from "../../src/metadata/entry-rows.ts";
import { SqlSpace } from "../../src/metadata/space/space.ts";
import { SqlPurges } from "../../src/metadata/purges/purges.ts";
import { requestPurge } from "../../src/metadata/purges/requests.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { rowsByHash } from "../../src/metadata/sqlite/rows-by-hash.ts";
import { blobChild, fetched, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

const folder = sqliteFolder();
let db: Kysely<Schema>;
let upstream: Upstream;
let changes: Changes;
/** What was asked of the database. */
const asked = new Set<string>();

beforeAll(async () => {
  const metadata = await folder.open();
  ({ upstream } = await sampleRegistry(metadata));
  const notify = { notifyOnSuccess: false, notifyOnFailure: false };
  const policy = { enabled: true, keepDays: 1, cadence: 1, ...notify } as const;
  await metadata.management.cleanupPolicies.create(upstream.groupId, policy);
  await metadata.close();
  const dialect = sqliteDialect(openDatabase(folder.file));
  db = new Kysely<Schema>({ dialect, log: ({ query }) => void asked.add(query.sql) });
  changes = {
    generation: async () => 0,
    run: (work) => db.transaction().execute((tx) => work(tx, () => {})),
  };
});
afterAll(async () => {
  await db.destroy();
  folder.remove();
});

/** How the statements that `work` asks go through cache entries. */
async function plans(work: () => Promise<unknown>): Promise<string[]> {
  asked.clear();
  await work();
  return steps().filter((detail) => /\b(?:cache_entries|e) /.test(detail));
}

/** How the database goes about what was asked of it, each step once. */
function steps(): string[] {
  // On a connection of its own, which asks nothing else.
  const beside = new Database(folder.file);
  const statements = [...asked].filter((sql) => /^\s*(?:select|with|update|delete)/.test(sql));
  const details = statements.flatMap((sql) => {
    const rows = beside.query<{ detail: string }, []>(`explain query plan ${sql}`).all();
    return rows.map(({ detail }) => detail);
  });
  beside.close();
  return [...new Set(details)];
}

/** By id, by the whole key, or from a place in the order of keys. */
const good = [
  /INTEGER PRIMARY KEY \(rowid=\?\)/,
  /\(upstream_id=\? AND repository=\? AND kind=\? AND reference=\?\)/,
  /sqlite_autoindex_cache_entries_1 \(upstream_id=\?(?: AND \(repository,kind,reference\)>\(\?,\?,\?\))?(?: AND repository<\?)?\)/,
  /sqlite_autoindex_cache_entries_1 \(upstream_id=\? AND repository>\? AND repository<\?\)/,
  /cache_entries_pinned \(upstream_id=\? AND repository=\?\)/,
];
const bad = (found: readonly string[]) =>
  found.filter((detail) => !good.some((pattern) => pattern.test(detail)));

test("storing and counting a manifest looks at its own entries and what they lead to, nothing else", async () => {
  const cache = new SqlCache(db, changes, async () => 0, rowsByHash(db));
  const manifest = fetched(upstream, "one", { children: [blobChild("layer")] });
  const key = { upstreamId: upstream.id, repository: "library/alpine", reference: "latest" };
  // In another hour it is noted anew with what it leads to.
  const later = manifest.now + 3_600_000;
  const found = await plans(async () => {
    await cache.storeManifest(manifest);
    await cache.storeBlob(shownBlob(upstream, "layer"));
    await cache.countDownloads([{ ...key, kind: "manifest", count: 1, lastAt: later }]);
  });
  expect(found.length).toBeGreaterThan(1);
  expect(bad(found)).toEqual([]);
});

test("a look-up goes by the hash of its name and each cache that is asked", async () => {
  const cache = new SqlCache(db, changes, async () => 0, rowsByHash(db));
  const { repository, tag = "", digest } = fetched(upstream, "one");
  const found = await plans(async () => {
    expect(await cache.manifests([upstream.id, 7, 8], repository, tag)).toHaveLength(1);
    expect(await cache.entries([upstream.id], repository, "manifest", digest)).toHaveLength(1);
  });
  expect(found).toEqual([
    expect.stringMatching(/cache_entries_hash \(<expr>=\? AND upstream_id=\?\)/),
  ]);
});

test("where many names have one hash it goes by the whole key", async () => {
  const name = { repository: "library/alpine", kind: "manifest", reference: "latest" } as const;
  const found = await plans(async () => {
    expect(await rowsByKey(db).manifests([upstream.id, 7, 8], name)).toHaveLength(1);
  });
  expect(found).toEqual([expect.stringMatching(good[1] ?? "")]);
});

test("a step of a purge goes on in the order of keys", async () => {
  const purges = new SqlPurges(db, changes, folder.clock, 2);
  for (const pattern of [undefined, "library/*"]) {
    const selection = { pattern, includePinned: false };
    await changes.run((tx) => requestPurge(tx, upstream.id, selection, 1));
  }
  const found = await plans(async () => {
    while ((await purges.step()) !== undefined);
  });
  expect(found.length).toBeGreaterThan(1);
  expect(bad(found)).toEqual([]);
});

test("a step of a cleanup policy does as well", async () => {
  folder.clock.step(3 * 86_400_000);
  const runs = new SqlCleanupRuns(db, changes, folder.clock);
  const found = await plans(async () => {
    while ((await runs.step()) !== undefined);
  });
  expect(found.length).toBeGreaterThan(0);
  expect(bad(found)).toEqual([]);
});

test("evicting looks at its own entries, what leads to them and what they lead to, nothing else", async () => {
  const cache = new SqlCache(db, changes, async () => 0, rowsByHash(db));
  await cache.storeManifest(fetched(upstream, "two", { children: [blobChild("layer two")] }));
  await cache.storeBlob(shownBlob(upstream, "layer two"));
  const space = new SqlSpace(db, changes);
  const [cacheId = 0] = await space.cachesOf({ scope: "upstream", id: upstream.id });
  const wish = {
    cacheId,
    after: undefined,
    before: Number.MAX_SAFE_INTEGER,
    bytes: Number.MAX_SAFE_INTEGER,
    isDry: false,
  };
  const entries: unknown[] = [];
  const found = await plans(async () => {
    for (let round = 0; round < 3; round++) entries.push(...(await space.evict(wish)).entries);
  });
  expect(entries.length).toBeGreaterThan(2);
  expect(found.length).toBeGreaterThan(3);
  const alsoGood = /cache_entries_(?:digest \(digest=\?|downloaded \(upstream_id=\?)/;
  expect(bad(found).filter((detail) => !alsoGood.test(detail))).toEqual([]);
  // Two of what made an entry half as dear again: rows that are merged in an order, and deletions of what a question finds.
  expect(steps().filter((detail) => detail.startsWith("MERGE"))).toEqual([]);
  expect([...asked].filter((sql) => /^\s*delete\b[^]*\bselect\b/.test(sql))).toEqual([]);
});
