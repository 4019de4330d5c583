import { afterEach, beforeEach, expect, test } from "bun:test";
import { Kysely, type KyselyPlugin } from "kysely";
import type { Metadata, Upstream } from "../../src/metadata/contract.ts";
import type { EntryRows } from "../../src/metadata/entry-rows.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { entryHash } from "../../src/metadata/sqlite/entry-hash.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { rowsByHash } from "../../src/metadata/sqlite/rows-by-hash.ts";
import { fetched, sampleRegistry, upstreamSettings } from "../fakes/metadata-samples.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

const repository = "library/alpine";
/** Names of one hash. */
const alike = (i: number) => `${"long".repeat(6)}.${i}.${"name".repeat(6)}`;

let folder: ReturnType<typeof sqliteFolder>;
let metadata: Metadata;
let upstream: Upstream;
let db: Kysely<Schema>;
let rows: EntryRows;
/** What each query found. */
const found: Record<string, unknown>[][] = [];

const watching: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  async transformResult({ result }) {
    found.push(result.rows);
    return result;
  },
};

beforeEach(async () => {
  folder = sqliteFolder();
  metadata = await folder.open();
  ({ upstream } = await sampleRegistry(metadata));
  db = new Kysely<Schema>({ dialect: sqliteDialect(openDatabase(folder.file)) });
  rows = rowsByHash(db.withPlugin(watching));
  found.length = 0;
});
afterEach(async () => {
  await db.destroy();
  await metadata.close();
  folder.remove();
});

/** Of the first so many names, each as its tag. */
async function store(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await metadata.cache.storeManifest(fetched(upstream, `number ${i}`, { tag: alike(i) }));
  }
}

/** Looks all these up, and one that is not there; in how many queries each. */
async function lookUpAll(count: number): Promise<Set<number>> {
  const queries = new Set<number>();
  for (let i = 0; i <= count; i++) {
    const before = found.length;
    const name = { repository, kind: "manifest", reference: alike(i) } as const;
    const manifests = await rows.manifests([upstream.id, 7, 8], name);
    queries.add(found.length - before);
    const payloads = manifests.map(({ payload }) => new TextDecoder().decode(payload ?? undefined));
    expect(payloads).toEqual(i < count ? [`number ${i}`] : []);
    const entries = await rows.entries([upstream.id, 7, 8], name);
    expect(entries.map(({ digest }) => digest)).toEqual(manifests.map(({ digest }) => digest));
  }
  return queries;
}

test("of entries that collide the right one is found, and no payload of the others is read", async () => {
  expect(entryHash(repository, alike(0))).toBe(entryHash(repository, alike(1)));
  await store(11);
  expect(await lookUpAll(11)).toEqual(new Set([1]));
  const withPayload = found.filter((some) => some.some((row) => row["payload"]));
  expect(withPayload).toHaveLength(11);
  for (const some of withPayload) {
    expect(some).toHaveLength(11);
    expect(some.filter((row) => row["payload"])).toHaveLength(1);
  }
});

test("where too many collide the key is asked", async () => {
  await store(12);
  expect(await lookUpAll(12)).toEqual(new Set([2]));
  expect(Math.max(...found.map((some) => some.length))).toBe(12);
});

test("repositories can collide too; what many upstreams have of one name does not", async () => {
  const others: Upstream[] = [];
  for (let i = 0; i < 20; i++) {
    const settings = upstreamSettings({ name: `other ${i}` });
    others.push(await metadata.directory.saveUpstream(upstream.groupId, settings));
  }
  for (const one of others) {
    const names = one === others[0] ? [alike(0), alike(1)] : [alike(0)];
    for (const name of names) {
      await metadata.cache.storeManifest(fetched(one, `of ${one.name}`, { repository: name }));
    }
  }
  const ids = others.map(({ id }) => id);
  for (const [i, count] of [20, 1, 0].entries()) {
    const name = { repository: alike(i), kind: "manifest", reference: "latest" } as const;
    expect(await rows.entries(ids, name)).toHaveLength(count);
  }
  expect(found).toHaveLength(3);
});
