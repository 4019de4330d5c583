import { describe, expect, test } from "bun:test";
import type { DependencyProxy, PageOptions } from "../../src/metadata/contract.ts";
import {
  fetched,
  noon,
  proxySettings,
  registrySettings,
  sampleRegistry,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const dayMs = 86_400_000;
const always = { unmodifiedSince: undefined };
const all: PageOptions = { words: [], page: 1, perPage: 100 };
const defaults = {
  enabled: true,
  identity: undefined,
  ttlEnabled: false,
  ttlDays: 90,
  version: expect.any(Number) as number,
};

export function proxySuite(bench: MetadataBench): void {
  describe("Dependency Proxies", () => {
    lookupTests(bench);
    settingTests(bench);
  });
  describe("upstreams of Dependency Proxies", () => hiddenTests(bench));
  describe("entries of Dependency Proxies", () => entryTests(bench));
}

async function proxyOf({ metadata }: MetadataBench, path: string): Promise<DependencyProxy> {
  const proxy = await metadata.directory.openDependencyProxy(path);
  if (!proxy) throw new Error(`there is a Dependency Proxy of ${path}`);
  return proxy;
}

/** The Dependency Proxy of the subgroup `acme/tools`, in a group that has a registry. */
async function sample(bench: MetadataBench) {
  const { group: acme, registry, upstream } = await sampleRegistry(bench.metadata, "acme");
  const tools = await bench.metadata.directory.saveGroup({ path: "acme/tools", name: "Tools" });
  return { acme, tools, registry, shared: upstream, proxy: await proxyOf(bench, "acme/tools") };
}

function onlyUpstream({ upstreams }: DependencyProxy) {
  const [upstream, ...more] = upstreams;
  if (!upstream || more.length > 0) throw new Error("a Dependency Proxy has one upstream");
  return upstream;
}

function lookupTests(bench: MetadataBench): void {
  test("to look for one makes no upstream, to open it does", async () => {
    const { directory } = bench.metadata;
    const { id: groupId } = await directory.saveGroup({ path: "acme", name: "Acme" });
    expect(await directory.dependencyProxy("acme")).toMatchObject({ groupId, upstreams: [] });
    expect(await directory.upstreams()).toEqual([]);
    const opened = await directory.openDependencyProxy("acme");
    expect(opened?.upstreams).toHaveLength(1);
    expect(await directory.dependencyProxy("acme")).toEqual(opened);
    expect(await directory.openDependencyProxy("nowhere")).toBeUndefined();
  });

  test("there is one for each group, made once and answered from memory", async () => {
    const { acme, tools, proxy } = await sample(bench);
    const { id, groupId, version, alwaysCheck, maxBytes, ttlDays, ...settings } =
      onlyUpstream(proxy);
    expect(settings).toEqual(proxySettings());
    expect({ groupId, version, alwaysCheck, maxBytes, ttlDays }).toEqual({
      groupId: tools.id,
      version: 1,
      alwaysCheck: true,
      maxBytes: undefined,
      ttlDays: undefined,
    });
    expect(proxy).toMatchObject({ id: -id, groupId: tools.id, readers: [tools.id, acme.id] });
    const again = async () => {
      const second = await proxyOf(bench, "acme/tools");
      expect(second).toEqual(proxy);
      expect(await proxyOf(bench, "acme/tools")).toBe(second);
    };
    expect(await bench.raised(again)).toBe(0);
    await bench.reopen();
    expect(await bench.raised(again)).toBe(0);
    const above = await proxyOf(bench, "acme");
    expect(above).toMatchObject({ groupId: acme.id, readers: [acme.id] });
    expect(above.id).not.toBe(proxy.id);
  });

  test("many asking first at once make one", async () => {
    await bench.metadata.directory.saveGroup({ path: "g", name: "g" });
    const asked = await Promise.all(Array.from({ length: 10 }, () => proxyOf(bench, "g")));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
  });

  test("it is found by every path that leads to its group, and by no other", async () => {
    const { acme, proxy } = await sample(bench);
    const { directory, management } = bench.metadata;
    expect((await proxyOf(bench, "ACME/Tools")).id).toBe(proxy.id);
    await management.groups.change(acme.id, { path: "umbrella" });
    expect((await proxyOf(bench, "acme/tools")).id).toBe(proxy.id);
    expect((await proxyOf(bench, "umbrella/tools")).id).toBe(proxy.id);
    for (const path of ["", "tools", "acme/tool_", "acme/%", "acme/tools/"]) {
      expect(await directory.dependencyProxy(path)).toBeUndefined();
    }
  });

  test("no caller can change what others get", async () => {
    const { proxy } = await sample(bench);
    for (const part of [proxy, proxy.upstreams, proxy.readers, proxy.upstreams[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
}

function settingTests(bench: MetadataBench): void {
  test("are the defaults until somebody changes them, and say the same twice without effect", async () => {
    const { tools } = await sample(bench);
    const { dependencyProxies: proxies } = bench.metadata.management;
    expect(await proxies.settings(tools.id)).toEqual(defaults);
    const change = () => proxies.change(tools.id, { ttlEnabled: true, ttlDays: 7 });
    expect(await bench.raised(change)).toBe(1);
    expect(await bench.raised(change)).toBe(0);
    expect(await change()).toEqual({ ...defaults, ttlEnabled: true, ttlDays: 7 });
    expect(onlyUpstream(await proxyOf(bench, "acme/tools")).ttlDays).toBe(7);
    await proxies.change(tools.id, { ttlEnabled: false });
    expect(onlyUpstream(await proxyOf(bench, "acme/tools")).ttlDays).toBeUndefined();
    const { management } = await bench.reopen();
    expect(await management.dependencyProxies.settings(tools.id)).toEqual({
      ...defaults,
      ttlDays: 7,
    });
  });

  test("one that is switched off is not there, and comes back as it was", async () => {
    const { tools, proxy } = await sample(bench);
    const { directory, management } = bench.metadata;
    await management.dependencyProxies.change(tools.id, { enabled: false });
    expect(await directory.dependencyProxy("acme/tools")).toBeUndefined();
    expect(await directory.dependencyProxy("acme")).toBeDefined();
    await management.dependencyProxies.change(tools.id, { enabled: true });
    expect(await proxyOf(bench, "acme/tools")).toEqual(proxy);
  });

  test("a login is the upstream's, before and after its first use, and counts as a change there", async () => {
    const { acme, tools } = await sample(bench);
    const { dependencyProxies: proxies } = bench.metadata.management;
    for (const [{ id, path }, version] of [
      [tools, 2],
      [acme, 1],
    ] as const) {
      const login = { identity: "ann", secret: "a secret" };
      const save = () => proxies.change(id, login);
      expect(await bench.raised(save)).toBe(1);
      expect(await bench.raised(save)).toBe(0);
      expect(await save()).toEqual({ ...defaults, identity: "ann" });
      const upstream = onlyUpstream(await proxyOf(bench, path));
      expect([upstream.username, upstream.password]).toEqual(["ann", "a secret"]);
      if (version === 2) expect(upstream.version).toBe(version);
    }
    const none = { identity: undefined, secret: undefined };
    expect(await proxies.change(tools.id, none)).toEqual(defaults);
    expect(onlyUpstream(await proxyOf(bench, "acme/tools")).password).toBeUndefined();
  });

  test("half a login is refused", async () => {
    const { tools } = await sample(bench);
    const { dependencyProxies: proxies } = bench.metadata.management;
    const half = async () => {
      for (const [changes, field] of [
        [{ identity: "ann", secret: undefined }, "secret"],
        [{ identity: undefined, secret: "s" }, "identity"],
      ] as const) {
        expect(proxies.change(tools.id, { enabled: false, ...changes })).rejects.toMatchObject({
          invalid: { field, text: "can't be blank" },
        });
      }
    };
    expect(await bench.raised(half)).toBe(0);
    expect(await proxies.settings(tools.id)).toEqual(defaults);
  });
}

function hiddenTests(bench: MetadataBench): void {
  test("cannot be seen, changed, added to a registry or removed", async () => {
    const { acme, registry, shared } = await sample(bench);
    const hidden = onlyUpstream(await proxyOf(bench, "acme"));
    const { management, directory } = bench.metadata;
    const { upstreams, associations } = management;
    const none = async () => {
      expect((await upstreams.list(acme.id, all)).items.map(({ id }) => id)).toEqual([shared.id]);
      expect(await upstreams.get(hidden.id)).toBeUndefined();
      expect(await upstreams.change(hidden.id, { name: "mine" })).toBeUndefined();
      expect(await upstreams.remove(hidden.id, always)).toBe("absent");
      expect(await upstreams.purge(hidden.id, always)).toBe("absent");
      expect(await associations.create(registry.id, hidden.id)).toBeUndefined();
    };
    expect(await bench.raised(none)).toBe(0);
    expect((await directory.upstreams()).map(({ id }) => id)).toContain(hidden.id);
    const named = registrySettings({ id: registry.id, upstreams: [hidden.name] });
    expect(directory.saveRegistry(acme.id, named)).rejects.toMatchObject({ problem: "refused" });
  });

  test("stand in nobody's way: neither by name nor by URL and login", async () => {
    const { acme, registry } = await sample(bench);
    const hidden = onlyUpstream(await proxyOf(bench, "acme"));
    const { management, directory } = bench.metadata;
    const same = proxySettings();
    const created = await management.upstreams.create(registry.id, same);
    expect(created).toMatchObject({ name: hidden.name, alwaysCheck: false });
    const saved = await directory.saveUpstream(acme.id, { ...same, cacheValidityHours: 7 });
    expect(saved.id).toBe(created?.id ?? 0);
    await management.dependencyProxies.change(acme.id, { identity: "someone", secret: "s" });
    const login = upstreamSettings({ name: "b", username: "someone", password: "s" });
    expect(await management.upstreams.create(registry.id, login)).toBeDefined();
    expect(onlyUpstream(await proxyOf(bench, "acme"))).toMatchObject({ cacheValidityHours: 24 });
    await management.registries.remove(registry.id, always);
    expect(onlyUpstream(await proxyOf(bench, "acme")).id).toBe(hidden.id);
  });
}

function entryTests(bench: MetadataBench): void {
  const stored = async (proxy: DependencyProxy, reference = "latest") => {
    const { cache } = bench.metadata;
    const upstream = onlyUpstream(proxy);
    return cache.manifests([upstream.id], "library/alpine", reference);
  };

  test("are not to be seen or removed one by one", async () => {
    const { proxy } = await sample(bench);
    const { management, cache } = bench.metadata;
    await cache.storeManifest(fetched(onlyUpstream(proxy), "one"));
    const [entry] = await stored(proxy);
    expect(await management.entries.get(entry?.id ?? 0)).toBeUndefined();
    expect(await management.entries.remove(entry?.id ?? 0, always)).toBe("absent");
    expect(await stored(proxy)).toHaveLength(1);
  });

  test("are purged group by group, under the condition that the login has stayed", async () => {
    const { tools, acme, proxy } = await sample(bench);
    const above = await proxyOf(bench, "acme");
    const { management, cache } = bench.metadata;
    const { dependencyProxies: proxies } = management;
    for (const one of [proxy, above]) await cache.storeManifest(fetched(onlyUpstream(one), "one"));
    const nobody = await bench.metadata.directory.saveGroup({ path: "unused", name: "unused" });
    expect(await proxies.purge(nobody.id, always)).toBe("removed");
    expect(await proxies.purge(tools.id, { unmodifiedSince: 0 })).toBe("changed");
    expect(await stored(proxy)).toHaveLength(1);
    expect(await proxies.purge(tools.id, always)).toBe("removed");
    expect(await stored(proxy)).toEqual([]);
    expect(await stored(above)).toHaveLength(1);
    expect(await proxies.purge(acme.id, always)).toBe("removed");
    expect(await stored(above)).toEqual([]);
  });

  test("expire by their last pull, where their group wants it; those of registries never", async () => {
    const { tools, proxy, shared } = await sample(bench);
    const above = await proxyOf(bench, "acme");
    const { management, cache } = bench.metadata;
    const { dependencyProxies: proxies } = management;
    // The clock of the bench stands at the beginning of 2026.
    const now = noon - dayMs / 2;
    for (const upstream of [onlyUpstream(proxy), onlyUpstream(above), shared]) {
      const long = { tag: "long", children: [], now: now - 2 * dayMs };
      await cache.storeManifest(fetched(upstream, "long ago", long));
      const recent = { tag: "recent", children: [], now: now - 2 * dayMs + 1 };
      await cache.storeManifest(fetched(upstream, "recently", recent));
    }
    expect(await proxies.expire()).toBe(0);
    await proxies.change(tools.id, { ttlEnabled: true, ttlDays: 3 });
    expect(await proxies.expire()).toBe(0);
    await proxies.change(tools.id, { ttlDays: 2 });
    // The tag and its digest.
    expect(await proxies.expire()).toBe(2);
    expect(await bench.raised(() => proxies.expire())).toBe(0);
    expect([await stored(proxy, "long"), await stored(above, "long")]).toMatchObject([[], [{}]]);
    expect(await stored(proxy, "recent")).toHaveLength(1);
    expect(await cache.manifests([shared.id], "library/alpine", "long")).toHaveLength(1);
  });

  test("count from the last pull on, stored anew or counted", async () => {
    const { proxy } = await sample(bench);
    const { cache } = bench.metadata;
    const upstream = onlyUpstream(proxy);
    await cache.storeManifest(fetched(upstream, "one"));
    expect(await stored(proxy)).toMatchObject([{ downloadedAt: noon }]);
    await cache.storeManifest(fetched(upstream, "one", { now: noon + 3 }));
    expect(await stored(proxy)).toMatchObject([{ downloadedAt: noon + 3 }]);
    const [entry] = await stored(proxy);
    if (!entry) throw new Error("it is there");
    await cache.countDownloads([{ ...entry, count: 1, lastAt: noon + 9 }]);
    expect(await stored(proxy)).toMatchObject([{ downloadedAt: noon + 9 }]);
  });
}
