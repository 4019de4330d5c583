import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { hashSecret, isWellFormedSecret } from "../../src/lib/secret.ts";
import type { Metadata } from "../../src/metadata/contract.ts";
import { type Declaration, readDeclaration } from "../../src/work/contract.ts";
import { declare } from "../../src/work/declare.ts";
import { prepare } from "../../src/work/first-start.ts";
import { dockerHub } from "../fakes/docker-hub.ts";
import { registrySettings, usersToken } from "../fakes/metadata-samples.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

const firstUpstream = { ...dockerHub, username: "robot", password: "hub password" };
const given = "0123456789abcdef0123456789abcdef";
const ciToken = "fedcba9876543210fedcba9876543210";

function declaration(file: Record<string, unknown>): Declaration {
  const { declared, problems } = readDeclaration(file, {}, () => "");
  expect(problems).toEqual([]);
  return declared;
}
const nothing = declaration({});
const team = declaration({
  groups: [{ path: "team", name: "Team" }],
  upstreams: [
    { group: "team", name: "a", url: "https://a.example.com" },
    { group: "team", name: "b", url: "https://b.example.com", username: "u", password: "p" },
  ],
  registries: [{ group: "team", name: "main", upstreams: ["b", "a"] }],
  users: [
    {
      username: "ci",
      memberships: [{ group: "team", role: "developer" }],
      tokens: [{ name: "t", token: ciToken, expires_at: "2030-01-01" }],
    },
  ],
});

let folder: ReturnType<typeof sqliteFolder>;
let metadata: Metadata;
beforeEach(async () => {
  folder = sqliteFolder();
  metadata = await folder.open();
});
afterEach(async () => {
  await metadata.close();
  folder.remove();
});

/** As at a start of the server: `prepare` on whatever the last start left. */
const start = (settings: { adminToken?: string; declared?: Declaration; url?: string } = {}) => {
  const { adminToken, declared = nothing, url = firstUpstream.url } = settings;
  return prepare(metadata, { firstUpstream: { ...firstUpstream, url }, adminToken, declared });
};
/** Why it did not succeed; undefined if it did. */
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const credential = (secret: string) => usersToken(metadata.credentials, hashSecret(secret));

describe("the first start", () => {
  test("makes a group, a registry and an administrator, and tells the token once", async () => {
    const { first, adminToken = "", registry } = await start();
    expect(first).toBe(true);
    expect(isWellFormedSecret(adminToken, "weir_pat_")).toBe(true);
    expect(registry).toMatchObject({ id: 1, name: "default", upstreams: [firstUpstream] });
    expect(await metadata.directory.groups()).toMatchObject([{ path: "default" }]);
    expect(await credential(adminToken)).toMatchObject({
      scopes: ["api"],
      expiresAt: undefined,
      user: { username: "admin", admin: true },
    });

    const generation = await metadata.generation();
    expect(await start()).toEqual({ first: false, adminToken: undefined, registry });
    expect(await metadata.generation()).toBe(generation);
    expect(await credential(adminToken)).toBeDefined();
  });

  test("the first upstream counts at the first start alone", async () => {
    await start({ url: "https://first.example.com" });
    const { registry } = await start({ url: "https://second.example.com" });
    expect(registry?.upstreams.map(({ url }) => url)).toEqual(["https://first.example.com"]);
  });

  test("one that was interrupted is begun again, and changes nothing that is there", async () => {
    const group = await metadata.directory.saveGroup({ path: "default", name: "default" });
    await metadata.directory.saveUpstream(group.id, { ...firstUpstream, name: "mine" });
    const settings = registrySettings({ id: 1, name: "default", upstreams: ["mine"] });
    await metadata.directory.saveRegistry(group.id, settings);
    const { adminToken, registry } = await start();
    expect(adminToken).toBeDefined();
    expect(registry?.upstreams.map(({ name }) => name)).toEqual(["mine"]);
  });

  test("one that fails on its declaration gives away no token", async () => {
    const group = await metadata.directory.saveGroup({ path: "other", name: "other" });
    await metadata.directory.saveUpstream(group.id, firstUpstream);
    const taken = registrySettings({ id: 1, name: "taken", upstreams: ["docker-hub"] });
    await metadata.directory.saveRegistry(group.id, taken);
    const declared = { ...team, registries: team.registries.map((one) => ({ ...one, id: 1 })) };
    expect(await failure(start({ declared }))).toMatchObject({ problem: "refused" });
    expect(await metadata.credentials.hasToken("admin", "admin")).toBe(false);
    expect((await start({ declared: team })).adminToken).toBeDefined();
  });
});

test("what is declared in the group `default` brings it back after it was deleted", async () => {
  await start();
  await metadata.management.groups.remove(1);
  expect((await start()).registry).toBeUndefined();
  expect(await metadata.directory.groups()).toEqual([]);
  const declared = {
    ...team,
    groups: [],
    upstreams: team.upstreams.map((one) => ({ ...one, group: "default" })),
    registries: team.registries.map((one) => ({ ...one, group: "default" })),
    users: [],
  };
  expect((await start({ declared })).registry).toBeDefined();
  expect(await metadata.directory.groups()).toMatchObject([{ path: "default" }]);
});

describe("a given administrator's token", () => {
  test("is taken as it is, told nowhere, and set again at each start", async () => {
    const { first, adminToken } = await start({ adminToken: given });
    expect({ first, adminToken }).toEqual({ first: true, adminToken: undefined });
    expect(await credential(given)).toMatchObject({ user: { admin: true } });
    const generation = await metadata.generation();
    await start({ adminToken: given });
    expect(await metadata.generation()).toBe(generation);
  });

  test("replaces the one that was made, and stays when it is given no more", async () => {
    const { adminToken: made = "" } = await start();
    await start({ adminToken: given });
    expect(await credential(made)).toBeUndefined();
    expect(await start()).toMatchObject({ first: false, adminToken: undefined });
    expect(await credential(given)).toBeDefined();
  });
});

test("another administrator's token ends what the former one was rotated into", async () => {
  await start({ adminToken: given });
  const { tokenId = 0 } = (await credential(given)) ?? {};
  const fields = { hash: hashSecret("rotated"), expiresAt: undefined, createdBy: 1 };
  await metadata.identity.tokens.rotate(tokenId, fields);
  await start({ adminToken: given });
  expect(await credential("rotated")).toBeDefined();
  await start({ adminToken: ciToken });
  expect([await credential(given), await credential("rotated")]).toEqual([undefined, undefined]);
  expect(await credential(ciToken)).toBeDefined();
});

describe("a declaration", () => {
  test("with registries leaves no room for registry 1 of the first start", async () => {
    const { registry } = await start({ declared: team });
    expect(registry).toMatchObject({ id: 1, name: "main" });
    expect(registry?.upstreams.map(({ name, password }) => [name, password])).toEqual([
      ["b", "p"],
      ["a", undefined],
    ]);
    expect(await metadata.directory.registries()).toHaveLength(1);
    const [, group] = await metadata.directory.groups();
    expect(group).toMatchObject({ path: "team", name: "Team" });
    expect(await credential(ciToken)).toMatchObject({
      scopes: ["read_virtual_registry"],
      expiresAt: Date.UTC(2030, 0, 1),
      user: { username: "ci", admin: false },
      memberships: new Map([[group?.id, "developer"]]),
    });
  });

  test("without registries adds to what the first start makes", async () => {
    const upstreams = [{ name: "extra", url: "https://extra.example.com" }];
    const { registry } = await start({ declared: declaration({ upstreams }) });
    expect(registry).toMatchObject({ id: 1, name: "default", upstreams: [firstUpstream] });
  });

  test("limits what a group may cache, and leaves the limit where nothing is said", async () => {
    const limited = declaration({
      groups: [{ path: "team", name: "Team", cache_max_bytes: "2GiB" }],
    });
    await start({ declared: limited });
    const id = (await metadata.management.group({ path: "team" }))?.id ?? 0;
    const limit = async () => (await metadata.space.group(id))?.maxBytes;
    expect(await limit()).toBe(2 * 2 ** 30);
    const generation = await metadata.generation();
    await start({ declared: limited });
    expect(await metadata.generation()).toBe(generation);
    await start({ declared: declaration({ groups: [{ path: "team", name: "Team" }] }) });
    expect(await limit()).toBe(2 * 2 ** 30);
  });

  test("said twice changes nothing", async () => {
    await start({ declared: team });
    const generation = await metadata.generation();
    await start({ declared: team });
    expect(await metadata.generation()).toBe(generation);
  });

  test("changes what it names and removes nothing that it leaves out", async () => {
    await start({ declared: team });
    const changed = declaration({
      groups: [{ path: "team", name: "Renamed" }],
      upstreams: [{ group: "team", name: "a", url: "https://new.example.com" }],
      registries: [{ group: "team", name: "main", upstreams: ["a"] }],
    });
    await start({ declared: changed });
    const registry = await metadata.directory.registry(1);
    expect(registry?.upstreams.map(({ url }) => url)).toEqual(["https://new.example.com"]);
    expect(await metadata.directory.groups()).toContainEqual(
      expect.objectContaining({ path: "team", name: "Renamed" }),
    );
    expect(await credential(ciToken)).toBeDefined();
  });

  test("has subgroups in any order, and members of them", async () => {
    const groups = ["b/c", "a/b/c", "b", "a", "a/b"].map((path) => ({ path, name: path }));
    const memberships = [{ group: "A/b", role: "guest" as const }];
    const tokens = [{ name: "t", secret: ciToken, scopes: ["api"], expiresAt: undefined }];
    const users = [{ username: "u", admin: false, memberships, tokens }];
    const declared = { ...declaration({}), groups, users };
    await start({ declared });
    const saved = await metadata.directory.groups();
    expect(saved.map(({ path }) => path).toSorted()).toEqual([
      "a",
      "a/b",
      "a/b/c",
      "b",
      "b/c",
      "default",
    ]);
    const member = saved.find(({ path }) => path === "a/b")?.id;
    expect((await credential(ciToken))?.memberships).toEqual(new Map([[member, "guest"]]) as never);
    const generation = await metadata.generation();
    await start({ declared });
    expect(await metadata.generation()).toBe(generation);
  });

  test("sets a renamed group back, unless its new path is declared too", async () => {
    const { management, directory } = metadata;
    const declared = (...paths: string[]) => ({
      ...team,
      groups: paths.map((path) => ({ path, name: path })),
    });
    await start({ declared: declared("team", "team/sub") });
    const group = await management.group({ path: "team" });
    const sub = await management.group({ path: "team/sub" });
    const ids = async (...paths: string[]) =>
      Promise.all(paths.map(async (path) => (await management.group({ path }))?.id));

    await management.groups.change(group?.id ?? 0, { path: "crew" });
    await start({ declared: declared("team", "team/sub") });
    expect(await ids("team", "team/sub", "crew")).toEqual([group?.id, sub?.id, undefined]);

    await management.groups.change(group?.id ?? 0, { path: "crew" });
    const both = { ...declaration({}), groups: declared("team", "crew").groups };
    await start({ declared: both });
    expect(await ids("crew", "crew/sub")).toEqual([group?.id, sub?.id]);
    const [second] = await ids("team");
    expect(second).toBeGreaterThan(sub?.id ?? 0);
    expect((await directory.registry(1))?.groupId).toBe(group?.id ?? 0);
    const generation = await metadata.generation();
    await start({ declared: both });
    expect(await metadata.generation()).toBe(generation);
  });

  test("means the group default by that name, whatever it is called now", async () => {
    await start();
    await metadata.management.groups.change(1, { path: "main" });
    const upstreams = [{ name: "extra", url: "https://extra.example.com" }];
    await start({ declared: declaration({ upstreams }) });
    expect((await metadata.directory.groups()).map(({ path }) => path)).toEqual(["main"]);
    expect((await metadata.directory.upstreams()).map(({ name }) => name)).toContain("extra");
  });

  test("that names a group which is nowhere is a fault of the caller", async () => {
    const groupless = { ...team, groups: [] };
    const error = await failure(declare(metadata, groupless));
    expect(error).toMatchObject({ message: 'the declaration names an unknown group "team"' });
  });
});
