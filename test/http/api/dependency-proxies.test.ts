import { afterEach, beforeEach, expect, test } from "bun:test";
import { fetched } from "../../fakes/metadata-samples.ts";
import { ApiWorld, base } from "./world.ts";

const group = "/api/v4/groups/default";
const settings = `${group}/dependency_proxy/settings`;
const policy = `${group}/dependency_proxy/ttl_policy`;

let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
});
afterEach(() => world.close());

const call = async (method: string, path: string, body?: object) =>
  (await world.call("owner", method, path, { ...(body && { body }) })).body;
const upstream = async (path = "default") => {
  const proxy = await world.metadata.directory.openDependencyProxy(path);
  const [only] = proxy?.upstreams ?? [];
  if (!only) throw new Error(`there is a Dependency Proxy of ${path}`);
  return only;
};

test("settings: what is given changes, the rest stays, and the secret is never told", async () => {
  expect(await call("GET", settings)).toEqual({ enabled: true, identity: null });
  const login = { identity: "ann", secret: "a secret" };
  expect(await call("PUT", settings, login)).toEqual({ enabled: true, identity: "ann" });
  expect(await call("PUT", settings, { enabled: false })).toEqual({
    enabled: false,
    identity: "ann",
  });
  expect(await world.metadata.directory.dependencyProxy("default")).toBeUndefined();
  await call("PUT", settings, { enabled: true });
  expect(await upstream()).toMatchObject({ username: "ann", password: "a secret" });
  const none = { identity: null, secret: "" };
  expect(await call("PUT", settings, none)).toEqual({ enabled: true, identity: null });
  expect(await upstream()).toMatchObject({ username: undefined, password: undefined });
});

test("a form says what JSON says", async () => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const body = "enabled=false&identity=true&secret=7";
  const reply = await world.call("owner", "PUT", settings, { body, headers });
  expect([reply.status, reply.body]).toEqual([200, { enabled: false, identity: "true" }]);
});

test("a TTL policy", async () => {
  expect(await call("GET", policy)).toEqual({ enabled: false, ttl: 90 });
  expect(await call("PUT", policy, { enabled: true })).toEqual({ enabled: true, ttl: 90 });
  expect(await call("PUT", policy, { ttl: 1 })).toEqual({ enabled: true, ttl: 1 });
  expect((await upstream()).ttlDays).toBe(1);
});

test("a group above owns what is below, each with settings and a cache of its own", async () => {
  const { directory, cache } = world.metadata;
  await directory.saveGroup({ path: "default/tools", name: "Tools" });
  const below = "/api/v4/groups/Default%2FTools/dependency_proxy";
  await call("PUT", `${below}/settings`, { enabled: false });
  expect(await call("GET", settings)).toMatchObject({ enabled: true });
  expect(await call("PUT", `${below}/settings`, { enabled: true })).toMatchObject({
    enabled: true,
  });
  for (const path of ["default", "default/tools"]) {
    await cache.storeManifest(fetched(await upstream(path), "one"));
  }
  await call("DELETE", `${below}/cache`);
  const left = async (path: string) =>
    cache.manifests([(await upstream(path)).id], "library/alpine", "latest");
  expect([await left("default/tools"), await left("default")]).toMatchObject([[], [{}]]);
});

test("the hidden upstream looks like one that is not there", async () => {
  const { id } = await upstream();
  await world.metadata.cache.storeManifest(fetched(await upstream(), "one"));
  const unknown = await call("GET", `${base}/upstreams/999`);
  for (const [method, path, body] of [
    ["GET", `${base}/upstreams/${id}`],
    ["PATCH", `${base}/upstreams/${id}`, { name: "mine" }],
    ["DELETE", `${base}/upstreams/${id}`],
    ["DELETE", `${base}/upstreams/${id}/cache`],
    ["POST", `${base}/upstreams/${id}/test`, {}],
    ["GET", `${base}/upstreams/${id}/cache_entries`],
    ["GET", `${base}/upstreams/${id}/repositories`],
    ["GET", `${base}/cache_entries/${btoa("1 1")}`],
    ["DELETE", `${base}/cache_entries/${btoa("1 1")}`],
  ] as const) {
    expect(await call(method, path, body)).toEqual(unknown);
  }
  const add = { registry_id: 1, upstream_id: id };
  expect(await call("POST", `${base}/registry_upstreams`, add)).toEqual({
    message: "404 Upstream Not Found",
  });
  const list = await call("GET", `${group}/-/virtual_registries/container/upstreams`);
  expect(list).toMatchObject([{ id: 1 }, { id: 2 }]);
  expect(world.tested).toEqual([]);
});

test("a renamed group: its path is another, what is below has moved, and the API knows only the new one", async () => {
  const { id } = await world.metadata.directory.saveGroup({ path: "default/tools", name: "t" });
  const renamed = { id: 1, name: "default", path: "Main", full_path: "Main", parent_id: null };
  expect(await call("PUT", group, { path: "Main" })).toEqual(renamed);
  const tools = { id, name: "T", path: "tools", full_path: "Main/tools", parent_id: 1 };
  expect(await call("PUT", "/api/v4/groups/main%2Ftools", { name: "T" })).toEqual(tools);
  expect(await world.call("owner", "PUT", group, { body: { name: "x" } })).toMatchObject({
    status: 404,
  });
});
