import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Kysely, sql } from "kysely";
import { SqlCache } from "../../src/metadata/cache.ts";
import type { Changes } from "../../src/metadata/changes.ts";
import type { Upstream } from "../../src/metadata/contract.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { rowsByHash } from "../../src/metadata/sqlite/rows-by-hash.ts";
import {
  blobChild,
  fetched,
  manifestChild,
  noon,
  sampleRegistry,
} from "../fakes/metadata-samples.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

const hourMs = 3_600_000;
const repository = "library/alpine";

describe("what a manifest leads to is noted as used", () => {
  let folder: ReturnType<typeof sqliteFolder>;
  let db: Kysely<Schema>;
  let cache: SqlCache;
  let upstream: Upstream;
  /** How often it was asked what a manifest leads to. */
  let asked = 0;

  beforeEach(async () => {
    folder = sqliteFolder();
    const metadata = await folder.open();
    ({ upstream } = await sampleRegistry(metadata));
    await metadata.close();
    db = new Kysely<Schema>({
      dialect: sqliteDialect(openDatabase(folder.file)),
      log: ({ query }) => void (asked += Number(query.sql.includes("recursive needed"))),
    });
    const changes: Changes = {
      generation: async () => 0,
      run: (work) => db.transaction().execute((tx) => work(tx, () => {})),
    };
    cache = new SqlCache(db, changes, async () => 0, rowsByHash(db));
  });
  afterEach(async () => {
    await db.destroy();
    folder.remove();
  });

  const image = (text: string) =>
    fetched(upstream, text, { children: [blobChild(`${text} layer`)] });

  /** How often it was asked for these pulls. */
  async function pull(lastAt: number, ...references: string[]): Promise<number> {
    const key = { upstreamId: upstream.id, repository, kind: "manifest" } as const;
    const before = asked;
    const downloads = references.map((reference) => ({ ...key, reference, count: 1, lastAt }));
    await cache.countDownloads(downloads);
    return asked - before;
  }

  async function usedAt(text: string): Promise<number | undefined> {
    const { digest } = blobChild(`${text} layer`);
    const [entry] = await cache.entries([upstream.id], repository, "blob", digest);
    return entry?.downloadedAt;
  }

  test("once an hour, by whichever name it is pulled", async () => {
    const manifest = image("one");
    await cache.storeManifest(manifest);
    const [first, second] = [noon + hourMs, noon + 2 * hourMs];
    expect(await pull(first + 1, manifest.digest, "latest")).toBe(1);
    expect(await pull(first + 2, "latest")).toBe(0);
    expect(await pull(first + 3, manifest.digest)).toBe(0);
    expect(await usedAt("one")).toBe(first + 1);
    expect(await pull(second, "latest")).toBe(1);
    expect(await usedAt("one")).toBe(second);
    // What was pulled before the hour was over, and is written behind it.
    expect(await pull(second - 1, manifest.digest)).toBe(0);
    expect(await pull(second + 1, "latest")).toBe(0);
  });

  test("of a tag that has moved within the hour, what it leads to now", async () => {
    const first = noon + hourMs;
    await cache.storeManifest(image("one"));
    await cache.storeManifest(image("two"));
    await cache.storeManifest(image("one"));
    expect(await pull(first + 1, "latest")).toBe(1);
    await cache.storeManifest(image("two"));
    expect(await usedAt("two")).toBe(noon);
    expect(await pull(first + 2, "latest")).toBe(1);
    expect([await usedAt("one"), await usedAt("two")]).toEqual([first + 1, first + 2]);
  });

  test("but for what another manifest has been noted for within the hour", async () => {
    const first = noon + hourMs;
    const manifest = image("one");
    await cache.storeManifest({ ...manifest, tag: undefined });
    await cache.storeManifest(fetched(upstream, "index", { children: [manifestChild("one")] }));
    await pull(first + 1, "latest");
    expect(await usedAt("one")).toBe(first + 1);
    expect(await pull(first + 2, manifest.digest)).toBe(1);
    expect(await usedAt("one")).toBe(first + 1);
    await pull(first + hourMs, manifest.digest);
    expect(await usedAt("one")).toBe(first + hourMs);
  });

  test("again, where it could not be written", async () => {
    const first = noon + hourMs;
    await cache.storeManifest(image("one"));
    await sql`create trigger refuse before update on repository_counts begin select raise(abort, 'no'); end`.execute(
      db,
    );
    expect(pull(first, "latest")).rejects.toThrow("no");
    expect(await usedAt("one")).toBe(noon);
    await sql`drop trigger refuse`.execute(db);
    expect(await pull(first, "latest")).toBe(1);
    expect(await usedAt("one")).toBe(first);
  });
});
