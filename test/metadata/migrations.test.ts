import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { firstLight } from "../../src/metadata/migrations/0001_first_light.ts";
import { choosing } from "../../src/metadata/migrations/0002_choosing.ts";
import { sqliteWords } from "../../src/metadata/sqlite/open.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

const digest = `sha256:${"a".repeat(64)}`;

/** A database as the first release left it, with a registry of two upstreams and an entry. */
function firstRelease(file: string): void {
  const database = new Database(file, { create: true, strict: true });
  database.run("pragma foreign_keys = on");
  for (const statement of firstLight(sqliteWords)) database.run(statement);
  const columns =
    "group_id, name, url, cache_validity_hours, denied_means, library_prefix, created_at, updated_at";
  for (const statement of [
    `create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null)`,
    `insert into kysely_migration values ('0001_first_light', '2026-01-01')`,
    `insert into groups (path, name) values ('default', 'Default')`,
    `insert into users (username, admin, created_at) values ('ann', 0, 7)`,
    `insert into memberships values (1, 1, 'guest')`,
    `insert into tokens (id, user_id, name, hash, scopes, created_at) values (5, 1, 'laptop', '${"b".repeat(64)}', '["api"]', 8)`,
    `insert into registries (id, group_id, name, created_at, updated_at) values (7, 1, 'r', 1, 2)`,
    `insert into upstreams (${columns}) values (1, 'a', 'https://a.example', 24, 'absent', 1, 1, 2)`,
    `insert into upstreams (${columns}) values (1, 'b', 'https://b.example', 1, 'unsure', 0, 1, 2)`,
    `insert into registry_upstreams (group_id, registry_id, upstream_id, position) values (1, 7, 2, 1), (1, 7, 1, 2)`,
    `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
      upstream_checked_at, downloaded_at) values (1, 2, 'x/y', 'manifest', 'latest', '${digest}', 'shown', 't', 3, 4, 5)`,
  ]) {
    database.run(statement);
  }
  database.close(true);
}

test("what the first release stored is there after the update, lists and entries included", async () => {
  const folder = sqliteFolder();
  firstRelease(folder.file);
  const metadata = await folder.open();
  try {
    const registry = await metadata.directory.registry(7);
    expect(registry).toMatchObject({ name: "r", onUnsure: "stop", ask: "in_order" });
    expect(registry?.upstreams).toMatchObject([
      { id: 2, name: "b", staleIfAbsentHours: 168, rules: [], ca: undefined },
      { id: 1, name: "a", libraryPrefix: true, staleWhileRevalidate: false },
    ]);
    const options = { words: [], page: 1, perPage: 10 };
    expect((await metadata.management.entries.list(2, options)).items).toMatchObject([
      { relativePath: "/x/y/manifests/latest", digest, checkedAt: 4, createdAt: 5 },
    ]);
    expect(await metadata.management.entries.repositories(2, options)).toEqual({
      items: [{ repository: "x/y", entries: 1, tags: 1, digests: 0, size: 3, lastDownloadedAt: 5 }],
      total: 1,
    });
    const { credentials, identity } = metadata;
    expect(await credentials.byHash("b".repeat(64))).toMatchObject({
      tokenId: 5,
      kind: "personal",
      scopes: ["api"],
      user: { username: "ann" },
      memberships: new Map([[1, "guest"]]),
    });
    expect(await credentials.hasToken("ann", "laptop")).toBe(true);
    expect(await identity.users.get({ username: "ann" })).toMatchObject({
      name: "ann",
      kind: "human",
      email: undefined,
    });
    await metadata.management.upstreams.remove(2, { unmodifiedSince: undefined });
    expect((await metadata.directory.registry(7))?.upstreams).toMatchObject([{ id: 1 }]);
    expect(await metadata.management.sweep()).toBe(1);
    expect((await metadata.management.entries.list(2, options)).total).toBe(0);
  } finally {
    await metadata.close();
    folder.remove();
  }
});

test("groups that differ in case only stay two, and the path is the older one's", async () => {
  const folder = sqliteFolder();
  const database = new Database(folder.file, { create: true, strict: true });
  for (const statement of [
    ...firstLight(sqliteWords),
    ...choosing(sqliteWords),
    `create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null)`,
    `insert into kysely_migration values ('0001_first_light', '2026-01-01'), ('0002_choosing', '2026-01-02')`,
    `insert into groups (path, name) values ('Acme', 'A'), ('acme', 'a'), ('other', 'o')`,
  ]) {
    database.run(statement);
  }
  database.close(true);
  const metadata = await folder.open();
  try {
    const { directory, management } = metadata;
    const ids = async (...paths: string[]) =>
      Promise.all(paths.map(async (path) => (await management.group({ path }))?.id));
    expect(await ids("Acme", "acme", "ACME", "other")).toEqual([1, 2, 1, 3]);
    expect((await directory.groups()).map(({ lineage }) => lineage)).toEqual([[1], [2], [3]]);
    expect(await directory.saveGroup({ path: "acme", name: "a" })).toMatchObject({ id: 2 });
    expect(await directory.dependencyProxy("acme")).toMatchObject({ groupId: 1 });
    await management.groups.change(2, { path: "acme-2" });
    expect(await ids("acme", "acme-2")).toEqual([1, 2]);
    expect(await directory.dependencyProxy("acme-2")).toMatchObject({ groupId: 2 });
  } finally {
    await metadata.close();
    folder.remove();
  }
});
