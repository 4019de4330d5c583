import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createSealer } from "../../src/lib/seal.ts";
import { hashSecret } from "../../src/lib/secret.ts";
import type { Metadata, UpstreamSettings } from "../../src/metadata/contract.ts";
import {
  digestOfText,
  fetched,
  noon,
  proxySettings,
  registrySettings,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import { openDatabase } from "../../src/metadata/sqlite/open.ts";
import { migratedFolder, sqliteFolder } from "../fakes/metadata-sqlite.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { metadataSuite } from "../suites/metadata.ts";

const always = { unmodifiedSince: undefined };
const entriesPage = { words: [], page: 1, perPage: 10 };
type Sample = Awaited<ReturnType<typeof sampleRegistry>>;
type Removing = (management: Metadata["management"], sample: Sample) => Promise<unknown>;

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
  let folder: ReturnType<typeof sqliteFolder>;
  let metadata: Metadata | undefined;
  beforeEach(() => {
    folder = sqliteFolder();
  });
  afterEach(async () => {
    await metadata?.close();
    metadata = undefined;
    folder.remove();
  });
  const open = async (...sealer: Parameters<typeof folder.open>) => {
    metadata = await folder.open(...sealer);
    return metadata;
  };
  const close = async () => {
    await metadata?.close();
    metadata = undefined;
  };
  /** Runs SQL behind the server's back, or reads what it does not give out. */
  const raw = <Row>(sql: string): Row[] => {
    const database = new Database(folder.file, { strict: true });
    try {
      return database.query<Row, []>(sql).all();
    } finally {
      database.close(true);
    }
  };

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

  const removals: [what: string, action: string, remove: Removing][] = [
    [
      "an upstream",
      "upstream.delete",
      ({ upstreams }, { upstream }) => upstreams.remove(upstream.id, always),
    ],
    [
      "a registry",
      "registry.delete",
      ({ registries }, { registry }) => registries.remove(registry.id, always),
    ],
    ["a group", "group.delete", ({ groups }, { group }) => groups.remove(group.id)],
  ];
  for (const [what, action, remove] of removals) {
    test(`${what} that is removed is gone and on record, if the process is killed before its entries are`, async () => {
      const before = await open();
      const { management, cache } = before;
      const sample = await sampleRegistry(before);
      const { group, registry, upstream } = sample;
      await cache.storeManifest(fetched(upstream, "one"));
      const entries = { words: [], page: 1, perPage: 10 };
      const [entry] = (await management.entries.list(upstream.id, entries)).items;
      raw(
        "create trigger killed before delete on cache_entries begin select raise(abort, 'killed'); end",
      );
      expect(await remove(management, sample)).toBe("removed");
      expect(management.sweep()).rejects.toThrow("killed");
      await close();
      raw("drop trigger killed");
      expect(raw("select count(*) as n from cache_entries")).not.toEqual([{ n: 0 }]);

      const again = await open();
      const recorded = await again.audit.list({ action }, { page: 1, perPage: 10 });
      expect(recorded.items).toHaveLength(1);
      expect(await again.management.upstreams.get(upstream.id)).toBeUndefined();
      expect(await again.management.entries.get(entry?.id ?? 0)).toBeUndefined();
      expect(
        await again.cache.hasSeen(group.id, entry?.digest ?? fetched(upstream, "two").digest),
      ).toBe(false);
      expect(await again.management.registries.get(registry.id)).toEqual(
        what === "an upstream" ? expect.objectContaining({ associations: [] }) : undefined,
      );
      expect(await again.management.sweep()).toBeGreaterThan(0);
      expect(raw("select count(*) as n from cache_entries")).toEqual([{ n: 0 }]);
      expect(raw("select count(*) as n from lists")).toEqual([{ n: 0 }]);
      expect(await again.management.sweep()).toBe(0);
    });
  }

  const renewals: [what: string, settings: Partial<UpstreamSettings>, found: object[]][] = [
    ["URL", { url: "https://elsewhere.example" }, []],
    ["credentials", { username: "another", password: "another" }, [{ proof: "named" }]],
  ];
  for (const [what, settings, found] of renewals) {
    test(`a change of ${what} touches no entry, and is whole if the process is killed at any step after it`, async () => {
      const before = await open();
      const { upstream } = await sampleRegistry(before);
      const entries = 120;
      for (let i = 0; i < entries; i++) {
        const blob = shownBlob(upstream, `layer ${i}`, { etag: "an etag" });
        await before.cache.storeBlob(blob);
      }
      const blobOf = (metadata: Metadata, i: number) =>
        metadata.cache.entries([upstream.id], "library/alpine", "blob", digestOfText(`layer ${i}`));
      const kill = (left: number) =>
        raw(`create trigger killed before delete on cache_entries
          when (select count(*) from cache_entries where upstream_id = ${upstream.id}) <= ${left}
          begin select raise(abort, 'killed'); end`);
      kill(entries);
      await before.management.upstreams.change(upstream.id, settings);
      let last = before;
      for (const left of [entries, 80, 10, 1]) {
        raw("drop trigger killed");
        kill(left);
        const sweeping = async () => {
          while ((await last.management.sweep()) > 0);
        };
        expect(sweeping()).rejects.toThrow("killed");
        await close();
        last = await open();
        expect(await blobOf(last, 3)).toMatchObject(found);
        expect(await blobOf(last, entries - 1)).toMatchObject(found);
        expect((await last.management.entries.list(upstream.id, entriesPage)).total).toBe(0);
      }
      raw("drop trigger killed");
      while ((await last.management.sweep()) > 0);
      for (let i = 0; i < entries; i++) expect(await blobOf(last, i)).toMatchObject(found);
      const n = found.length * entries;
      expect(raw("select count(*) as n from cache_entries")).toEqual([{ n }]);
      expect(raw("select count(*) as n from upstreams where doubted_epoch < cache_epoch")).toEqual([
        { n: 0 },
      ]);
      const size = Array.from({ length: entries }, (_, i) => `layer ${i}`).join("").length;
      const bytes = await last.space.bytesOf({ scope: "upstream", id: upstream.id });
      expect(bytes).toBe(found.length * size);
    });
  }

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
    folder = sqliteFolder();
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

  test("passwords are not in the file", async () => {
    await sampleRegistry(await open());
    await close();
    const { password = "" } = upstreamSettings();
    expect(readFileSync(folder.file).includes(password)).toBe(false);
  });

  test("with another key the login is closed, said so, and nothing else", async () => {
    const { registry, upstream, group } = await sampleRegistry(await open());
    await metadata?.cache.storeManifest(fetched(upstream, "one"));
    await close();
    const { directory, cache } = await open(createSealer(new Uint8Array(32).fill(2)));
    const found = await directory.registry(registry.id);
    expect(found?.upstreams).toEqual([{ ...upstream, password: undefined }]);
    const shown = await cache.manifests([upstream.id], "library/alpine", "latest");
    expect(shown).toMatchObject([{ proof: "shown" }]);
    const lines = folder.lines.join("");
    expect(lines).toContain('"level":"warn"');
    expect(lines).toContain('"upstream":"Docker Hub"');
    expect(lines).not.toContain(upstreamSettings().password ?? "");
    await directory.saveUpstream(group.id, upstreamSettings());
    expect((await directory.registry(registry.id))?.upstreams[0]?.password).toBe(
      upstreamSettings().password,
    );
  });

  test("with the former key given too, logins go on, and are sealed anew with the present one", async () => {
    const [old, key] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const { registry, upstream } = await sampleRegistry(await open());
    await metadata?.cache.storeManifest(fetched(upstream, "one"));
    await close();
    const { directory } = await open(createSealer(key, old));
    expect((await directory.registry(registry.id))?.upstreams).toEqual([upstream]);
    await close();
    const after = await open(createSealer(key));
    expect((await after.directory.registry(registry.id))?.upstreams).toEqual([upstream]);
    const entries = await after.cache.manifests([upstream.id], "library/alpine", "latest");
    expect(entries).toMatchObject([{ proof: "shown" }]);
    const said = folder.lines.filter((line) => line.includes("sealed anew"));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('"upstreams":1');
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

  test("a sealed password moved to another upstream or origin does not open", async () => {
    const { group, registry } = await sampleRegistry(await open());
    const settings = upstreamSettings({ name: "second", password: "of the second" });
    await metadata?.directory.saveUpstream(group.id, settings);
    await close();
    raw(`update upstreams set sealed_password = (select sealed_password from upstreams where name = 'second')
      where name = 'Docker Hub'`);
    const moved = await open();
    expect((await moved.directory.registry(registry.id))?.upstreams[0]?.password).toBeUndefined();
  });

  test("upstreams of Dependency Proxies follow the settings; a login stays at its URL", async () => {
    const { group } = await sampleRegistry(await open());
    const { id } = group;
    await metadata?.management.dependencyProxies.change(id, { identity: "ann", secret: "s" });
    const proxy = () => metadata?.directory.openDependencyProxy("default");
    const before = (await proxy())?.upstreams[0];
    if (!before) throw new Error("there is an upstream");
    await metadata?.cache.storeManifest(fetched(before, "one"));
    const entries = () => metadata?.cache.manifests([before.id], "library/alpine", "latest");
    const reopen = async (changes: object, key = 1) => {
      await close();
      const sealer = createSealer(new Uint8Array(32).fill(key));
      await open(sealer, proxySettings(changes));
      return (await proxy())?.upstreams[0];
    };

    const trusting = { tokenRealm: "https://auth.example.com/token", deniedMeans: "unsure" };
    expect(await reopen(trusting)).toEqual({ ...before, ...trusting } as never);
    expect(await reopen(trusting, 2)).toMatchObject({ username: "ann", password: undefined });
    expect(await reopen({})).toEqual(before);
    expect(await entries()).toHaveLength(1);

    const moved = await reopen({ url: "https://mirror.example.com/v2/" });
    const wanted = { url: "https://mirror.example.com", username: undefined, password: undefined };
    expect(moved).toEqual({ ...before, ...wanted, version: before.version + 1 });
    expect(await entries()).toEqual([]);
    const gone = folder.lines.filter((line) =>
      line.includes("the login of a Dependency Proxy is gone"),
    );
    expect(gone).toHaveLength(1);
    expect(gone[0]).toContain(`"group":${id}`);
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
