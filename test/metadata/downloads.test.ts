import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Kysely, sql } from "kysely";
import { SqlCache } from "../../src/metadata/cache.ts";
import type { Changes } from "../../src/metadata/changes.ts";
import type { Upstream } from "../../src/metadata/contract.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { blobChild, fetched, noon, sampleRegistry } from "../fakes/metadata-samples.ts";
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
    cache = new SqlCache(db, changes, async () => 0);
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
    expect(await pull(noon + 1, manifest.digest, "latest")).toBe(1);
    expect(await pull(noon + 2, "latest")).toBe(0);
    expect(await pull(noon + 3, manifest.digest)).toBe(0);
    expect(await usedAt("one")).toBe(noon + 1);
    expect(await pull(noon + hourMs, "latest")).toBe(1);
    expect(await usedAt("one")).toBe(noon + hourMs);
    // What was pulled before the hour was over, and is written behind it.
    expect(await pull(noon + hourMs - 1, manifest.digest)).toBe(0);
    expect(await pull(noon + hourMs + 1, "latest")).toBe(0);
  });

  test("of a tag that has moved within the hour, what it leads to now", async () => {
    await cache.storeManifest(image("one"));
    expect(await pull(noon + 1, "latest")).toBe(1);
    await cache.storeManifest(image("two"));
    expect(await pull(noon + 2, "latest")).toBe(1);
    expect([await usedAt("one"), await usedAt("two")]).toEqual([noon + 1, noon + 2]);
  });

  test("again, where it could not be written", async () => {
    await cache.storeManifest(image("one"));
    await sql`create trigger refuse before update on repository_counts begin select raise(abort, 'no'); end`.execute(
      db,
    );
    await expect(pull(noon + 1, "latest")).rejects.toThrow("no");
    expect(await usedAt("one")).toBe(noon);
    await sql`drop trigger refuse`.execute(db);
    expect(await pull(noon + 1, "latest")).toBe(1);
    expect(await usedAt("one")).toBe(noon + 1);
  });
});
