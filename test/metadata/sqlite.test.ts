import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { hashSecret } from "../../src/lib/secret.ts";
import {
  fetched,
  noon,
  registrySettings,
  sampleRegistry,
  shownBlob,
} from "../fakes/metadata-samples.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { migratedFolder } from "../fakes/metadata-sqlite.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { metadataSuite } from "../suites/metadata.ts";
import { close, folder, forEachTest, metadata, newFolder, open, raw } from "./sqlite-file.ts";

metadataSuite("SQLite", async () => {
  const clock = new SteppedClock();
  const folder = await migratedFolder(clock);
  const bed = {
    clock,
    metadata: await folder.open(),
    async reopen() {
      await bed.metadata.close();
      bed.metadata = await folder.open();
      return bed.metadata;
    },
    async close() {
      await bed.metadata.close();
      folder.remove();
    },
  };
  return bed;
});

describe("SQLite", () => {
  forEachTest();

  /** A second process that tries to open the same file; `said` is its first line. */
  const spawnHolder = async () => {
    const script = path.join(import.meta.dir, "../fakes/metadata-holder.ts");
    const child = Bun.spawn([process.execPath, script, folder.file], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const reader = child.stdout.getReader();
    const said = new TextDecoder().decode((await reader.read()).value).trim();
    reader.releaseLock();
    return { said, child };
  };

  test("a second process is refused, and so is a second opening in this one", async () => {
    await open();
    const { said, child } = await spawnHolder();
    expect(said).toBe("in_use");
    expect(await child.exited).toBe(0);
    expect(folder.open()).rejects.toMatchObject({
      problem: "in_use",
      message: expect.stringContaining("stop that one"),
    });
    expect(await metadata?.unready()).toBeUndefined();
  });

  test("a holder that is killed leaves nothing locked and nothing lost", async () => {
    const { said, child } = await spawnHolder();
    expect(said).toBe("open");
    expect(folder.open()).rejects.toMatchObject({ problem: "in_use" });
    child.kill("SIGKILL");
    await child.exited;
    const { directory } = await open();
    expect(await directory.groups()).toMatchObject([{ path: "holder" }]);
  });

  test("closing gives the file up and leaves everything in it", async () => {
    const before = await sampleRegistry(await open());
    await close();
    expect(statSync(folder.file).mode & 0o777).toBe(0o600);
    expect(raw("select name from upstreams")).toEqual([{ name: before.upstream.name }]);
    expect(() => statSync(`${folder.file}-wal`)).toThrow("ENOENT");
  });

  test("the schema of a later release is refused", async () => {
    await open();
    await close();
    raw("insert into kysely_migration values ('9999_later', '2030-01-01T00:00:00.000Z')");
    const bytes = readFileSync(folder.file);
    expect(folder.open()).rejects.toMatchObject({
      problem: "newer",
      message: expect.stringContaining("9999_later"),
    });
    expect(readFileSync(folder.file)).toEqual(bytes);
  });

  const damaged: [what: string, bytes: (good: Buffer) => Uint8Array][] = [
    ["text", () => Buffer.from("not a database, but long enough to look at".repeat(50))],
    ["a database whose pages are overwritten", (good) => good.fill(0xff, 100)],
  ];
  for (const [what, bytes] of damaged) {
    test(`${what} instead of a database is refused and left as it is`, async () => {
      await sampleRegistry(await open());
      await close();
      const wrong = bytes(readFileSync(folder.file));
      writeFileSync(folder.file, wrong);
      expect(folder.open()).rejects.toMatchObject({
        problem: "damaged",
        message: expect.stringContaining("backup"),
      });
      expect(readFileSync(folder.file).equals(wrong)).toBe(true);
    });
  }

  test("a folder that is not there is said so", async () => {
    folder.remove();
    expect(folder.open()).rejects.toMatchObject({
      problem: "unusable",
      message: expect.stringContaining("see to it that the folder exists"),
    });
    newFolder();
  });

  test("a migration that fails half-way leaves nothing behind", async () => {
    raw("create table users (id integer)");
    expect(folder.open()).rejects.toMatchObject({ problem: "damaged" });
    const tables =
      "select name from sqlite_master where type = 'table' and name not like 'kysely%'";
    expect(raw(tables)).toEqual([{ name: "users" }]);
    raw("drop table users");
    expect(await (await open()).unready()).toBeUndefined();
  });

  test("while a tool holds the write lock, writes fail and reads go on; afterwards all is well", async () => {
    const { upstream, group } = await sampleRegistry(await open());
    const blob = shownBlob(upstream, "layer");
    const rename = () => metadata?.directory.saveGroup({ path: "default", name: "renamed" });
    const tool = new Database(folder.file);
    tool.run("begin immediate");
    expect(metadata?.cache.storeBlob(blob)).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    expect(rename()).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    expect(await metadata?.directory.groups()).toEqual([group]);
    expect(await metadata?.cache.blob(blob.digest)).toBeUndefined();
    tool.close(true);
    await metadata?.cache.storeBlob(blob);
    expect(await rename()).toEqual({ ...group, name: "renamed" });
  });

  test("an audit event is neither changed nor deleted, by whatever hand", async () => {
    const { group } = await sampleRegistry(await open());
    await metadata?.management.groups.change(group.id, { name: "other" });
    const { audit } = metadata ?? {};
    const before = await audit?.list({}, { page: 1, perPage: 10 });
    expect(before?.total).toBe(4);
    for (const statement of [
      "update audit_events set actor_name = 'nobody'",
      "delete from audit_events",
      "delete from audit_events where id = 1",
    ]) {
      expect(() => raw(statement)).toThrow(/audit_events are (?:not changed|kept)/);
    }
    expect(await audit?.list({}, { page: 1, perPage: 10 })).toEqual(before as never);
  });

  test("blocked owners and revoked tokens are not found, and saying them again revives neither", async () => {
    const tokens = ["ada", "eve"].map((username) => ({
      username,
      token: { name: "t", hash: hashSecret(username), scopes: ["api"], expiresAt: undefined },
    }));
    const declare = async () => {
      for (const { username, token } of tokens) {
        const user = await metadata?.credentials.saveUser({ username, admin: true }, new Map());
        await metadata?.credentials.saveToken(user?.id ?? -1, token);
      }
    };
    await open();
    await declare();
    await close();
    raw("update users set state = 'blocked' where username = 'ada'");
    raw(
      "update tokens set revoked_at = 1 where user_id = (select id from users where username = 'eve')",
    );
    const { credentials } = await open();
    await declare();
    for (const { username, token } of tokens) {
      expect(await credentials.byHash(token.hash)).toBeUndefined();
      expect(await credentials.hasToken(username, "t")).toBe(true);
    }
  });

  test("counters of downloads add up and keep the latest time", async () => {
    const { upstream } = await sampleRegistry(await open());
    const blob = shownBlob(upstream, "layer");
    await metadata?.cache.storeBlob(blob);
    await metadata?.cache.countDownloads([{ ...blob, count: 2, lastAt: noon + 7 }]);
    await metadata?.cache.countDownloads([{ ...blob, count: 3, lastAt: noon + 1 }]);
    expect(raw("select downloads_count, downloaded_at from cache_entries")).toEqual([
      { downloads_count: 5, downloaded_at: noon + 7 },
    ]);
  });

  test("entries that wait for their destruction are not found, and come back when stored anew", async () => {
    const { upstream } = await sampleRegistry(await open());
    const manifest = fetched(upstream, "one");
    await metadata?.cache.storeManifest(manifest);
    raw("update cache_entries set status = 'pending_destruction'");
    const found = () => metadata?.cache.manifests([upstream.id], "library/alpine", "latest");
    expect(await found()).toEqual([]);
    await metadata?.cache.storeManifest(manifest);
    expect(await found()).toHaveLength(1);
  });

  test("relative paths are as in the API", async () => {
    const { upstream } = await sampleRegistry(await open());
    const { digest } = shownBlob(upstream, "layer");
    await metadata?.cache.storeManifest(fetched(upstream, "one", { children: [] }));
    await metadata?.cache.storeBlob(shownBlob(upstream, "layer"));
    const paths = raw<{ relative_path: string }>(
      `select relative_path from cache_entries where reference in ('latest', '${digest}')`,
    );
    expect(paths.map((row) => row.relative_path).sort()).toEqual([
      `/library/alpine/blobs/${digest}`,
      "/library/alpine/manifests/latest",
    ]);
  });

  test("a registry's id is not given out again", async () => {
    const { group, registry } = await sampleRegistry(await open());
    await close();
    raw(`pragma foreign_keys = on`);
    raw(`delete from registries where id = ${registry.id}`);
    const { directory } = await open();
    const settings = registrySettings({ name: "next" });
    expect((await directory.saveRegistry(group.id, settings)).id).toBeGreaterThan(registry.id);
  });
});

test("what SQLite puts aside while it sorts goes to the folder of the database", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "weir-it's-"));
  const database = openDatabase(path.join(folder, "weir.db"));
  try {
    const asked = database.query<{ temp_store_directory: string }, []>(
      "pragma temp_store_directory",
    );
    expect(asked.get()).toEqual({ temp_store_directory: folder });
  } finally {
    database.close(true);
    rmSync(folder, { recursive: true });
  }
});
