import { describe, expect, test } from "bun:test";
import type { UpstreamSettings } from "../../src/metadata/contract.ts";
import { registrySettings, sampleRegistry, upstreamSettings } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const refused = expect.objectContaining({ name: "MetadataError", problem: "refused" });
const shown = (settings: object) => JSON.stringify(settings, (_, value: unknown) => value ?? null);

export function directorySuite(bench: MetadataBench): void {
  describe("groups", () => {
    test("are created, renamed, and said twice without effect", async () => {
      const { directory } = bench.metadata;
      const first = await directory.saveGroup({ path: "default", name: "Default" });
      const renamed = await directory.saveGroup({ path: "default", name: "Ours" });
      expect(renamed).toEqual({ ...first, name: "Ours" });
      const again = () => directory.saveGroup({ path: "default", name: "Ours" });
      expect(await bench.raised(again)).toBe(0);
      const second = await directory.saveGroup({ path: "other", name: "Ours" });
      expect(await directory.groups()).toEqual([renamed, second]);
    });
  });

  describe("upstreams", () => {
    upstreamTests(bench);
  });
  describe("registries", () => {
    registryTests(bench);
  });
}

/** What a change of one setting does to the upstream's version. */
const changes: [Partial<UpstreamSettings>, risen: number][] = [
  [{ url: "https://registry.example.com" }, 1],
  [{ url: "https://registry-1.docker.io/mirror" }, 1],
  [{ url: "http://registry-1.docker.io" }, 1],
  [{ username: "another" }, 1],
  [{ password: "another" }, 1],
  [{ password: undefined }, 1],
  [{ username: undefined, password: undefined }, 1],
  [{ url: "https://registry.example.com", password: undefined }, 1],
  [{ tokenRealm: undefined }, 0],
  [{ cacheValidityHours: 0 }, 0],
  [{ deniedMeans: "unsure" }, 0],
  [{ libraryPrefix: false }, 0],
  [{ ca: "another authority" }, 1],
  [{ description: "for people" }, 0],
  [{ staleIfAbsentHours: 0 }, 0],
  [{ staleWhileRevalidate: true }, 0],
  [{ rules: [{ target: "tag", effect: "deny", pattern: "latest" }] }, 0],
];

const spellings = [
  ["https://Registry.Example.com:443", "https://registry.example.com"],
  ["https://registry.example.com/", "https://registry.example.com"],
  ["https://registry.example.com/v2", "https://registry.example.com"],
  ["https://registry.example.com/v2/", "https://registry.example.com"],
  ["http://127.0.0.1:5001/path/v2/", "http://127.0.0.1:5001/path"],
  ["https://registry.example.com/v2/path", "https://registry.example.com/v2/path"],
] as const;

const unacceptable = [
  "registry.example.com",
  "ftp://registry.example.com",
  "https://someone:secret@registry.example.com",
  "https://registry.example.com/?a=b",
  "https://registry.example.com/#v2",
  "",
];

function upstreamTests(bench: MetadataBench): void {
  test("are given back as they were said", async () => {
    const { group, upstream } = await sampleRegistry(bench.metadata);
    const { id, groupId, version, alwaysCheck, maxBytes, ttlDays, ...settings } = upstream;
    expect(settings).toEqual(upstreamSettings());
    const rest = { groupId, version, alwaysCheck, maxBytes, ttlDays };
    const wanted = {
      groupId: group.id,
      version: 1,
      alwaysCheck: false,
      maxBytes: undefined,
      ttlDays: undefined,
    };
    expect(rest).toEqual(wanted);
    expect(id).toBeGreaterThan(0);
  });

  test("said twice: nothing changes, passwords included", async () => {
    const { group, upstream } = await sampleRegistry(bench.metadata);
    const again = async () => {
      const same = await bench.metadata.directory.saveUpstream(group.id, upstreamSettings());
      expect(same).toEqual(upstream);
    };
    expect(await bench.raised(again)).toBe(0);
    await bench.reopen();
    expect(await bench.raised(again)).toBe(0);
  });

  for (const [change, risen] of changes) {
    test(`version +${risen}, generation +1: ${shown(change)}`, async () => {
      const { group, upstream, registry } = await sampleRegistry(bench.metadata);
      const { directory } = bench.metadata;
      const settings = upstreamSettings(change);
      const save = () => directory.saveUpstream(group.id, settings);
      expect(await bench.raised(save)).toBe(1);
      expect(await bench.raised(save)).toBe(0);
      const wanted = { ...upstream, ...settings, version: upstream.version + risen };
      expect((await directory.registry(registry.id))?.upstreams).toEqual([wanted]);
    });
  }

  for (const [given, kept] of spellings) {
    test(`the URL ${given} is kept as ${kept}`, async () => {
      const { group } = await sampleRegistry(bench.metadata);
      const { directory } = bench.metadata;
      const settings = upstreamSettings({ name: "spelled", url: given });
      expect((await directory.saveUpstream(group.id, settings)).url).toBe(kept);
      const again = () => directory.saveUpstream(group.id, { ...settings, url: kept });
      expect(await bench.raised(again)).toBe(0);
    });
  }

  for (const url of unacceptable) {
    test(`the URL "${url}" is refused`, async () => {
      const { group } = await sampleRegistry(bench.metadata);
      const save = () => bench.metadata.directory.saveUpstream(group.id, upstreamSettings({ url }));
      expect(save()).rejects.toEqual(refused);
      await save().catch((error: Error) => expect(error.message).not.toContain("secret"));
    });
  }

  test("a group that is not there gets none, and no registry or member either", async () => {
    const { directory, credentials } = bench.metadata;
    const save = async () => {
      expect(directory.saveUpstream(9_999, upstreamSettings())).rejects.toThrow();
      const settings = registrySettings();
      expect(directory.saveRegistry(9_999, settings)).rejects.toThrow();
      const member = new Map([[9_999, "owner" as const]]);
      expect(credentials.saveUser({ username: "ada", admin: false }, member)).rejects.toThrow();
    };
    expect(await bench.raised(save)).toBe(0);
    expect(await directory.registries()).toEqual([]);
  });

  test("the same name in two groups is two upstreams", async () => {
    const one = await sampleRegistry(bench.metadata, "one");
    const two = await sampleRegistry(bench.metadata, "two");
    expect(two.upstream.id).not.toBe(one.upstream.id);
  });

  test("many saying the same at once create one", async () => {
    const group = await bench.metadata.directory.saveGroup({ path: "default", name: "Default" });
    const save = () => bench.metadata.directory.saveUpstream(group.id, upstreamSettings());
    let saved: { id: number }[] = [];
    const all = async () => {
      saved = await Promise.all(Array.from({ length: 10 }, save));
    };
    expect(await bench.raised(all)).toBe(1);
    expect(new Set(saved.map(({ id }) => id)).size).toBe(1);
  });
}

function registryTests(bench: MetadataBench): void {
  /** A group with upstreams `a`, `b` and `c`. */
  const threeUpstreams = async () => {
    const { directory } = bench.metadata;
    const group = await directory.saveGroup({ path: "default", name: "Default" });
    for (const name of ["a", "b", "c"]) {
      await directory.saveUpstream(group.id, upstreamSettings({ name }));
    }
    return { directory, group };
  };
  const names = (registry: { upstreams: { name: string }[] } | undefined) =>
    registry?.upstreams.map(({ name }) => name);

  test("keep their upstreams in order, through every change of the list", async () => {
    const { directory, group } = await threeUpstreams();
    const { id } = await directory.saveRegistry(group.id, registrySettings({ name: "r" }));
    for (const upstreams of [["a", "b", "c"], ["c", "a", "b"], ["b"], ["b", "c"], []]) {
      const save = () =>
        directory.saveRegistry(group.id, registrySettings({ id, name: "r", upstreams }));
      expect(await bench.raised(save)).toBe(1);
      expect(await bench.raised(save)).toBe(0);
      expect(names(await directory.registry(id))).toEqual(upstreams);
      expect((await directory.registries()).map(names)).toEqual([upstreams]);
    }
  });

  test("are found by id or by name, and take the id they are given", async () => {
    const { directory, group } = await threeUpstreams();
    const seven = await directory.saveRegistry(
      group.id,
      registrySettings({ id: 7, name: "x", upstreams: ["a"] }),
    );
    expect(seven.id).toBe(7);
    const byName = registrySettings({ name: "x", upstreams: ["b"] });
    expect((await directory.saveRegistry(group.id, byName)).id).toBe(7);
    const renamed = await directory.saveRegistry(
      group.id,
      registrySettings({ id: 7, name: "y", upstreams: ["b"] }),
    );
    expect(await directory.registries()).toEqual([renamed]);
    const next = await directory.saveRegistry(group.id, { ...byName, name: "next" });
    expect(next.id).toBeGreaterThan(7);
    expect(await directory.registry(8_888)).toBeUndefined();
  });

  test("contradictions are refused and change nothing", async () => {
    const { directory, group } = await threeUpstreams();
    const other = await sampleRegistry(bench.metadata, "other");
    await directory.saveRegistry(
      group.id,
      registrySettings({ id: 10, name: "ten", upstreams: ["a"] }),
    );
    await directory.saveRegistry(
      group.id,
      registrySettings({ id: 11, name: "eleven", upstreams: ["a"] }),
    );
    const before = await directory.registries();
    for (const settings of [
      { id: other.registry.id, name: "mine", upstreams: ["a"] },
      { id: 10, name: "eleven", upstreams: ["a"] },
      { id: 12, name: "ten", upstreams: ["a"] },
      { id: 10, name: "renamed", upstreams: ["a", "unknown"] },
      { id: 10, name: "renamed", upstreams: ["a", other.upstream.name] },
      { id: 10, name: "renamed", upstreams: ["a", "a"] },
    ]) {
      const save = async () => {
        expect(directory.saveRegistry(group.id, registrySettings(settings))).rejects.toEqual(
          refused,
        );
      };
      expect(await bench.raised(save)).toBe(0);
    }
    expect(await directory.registries()).toEqual(before);
  });

  test("no caller can change what others get", async () => {
    const { registry } = await sampleRegistry(bench.metadata);
    const { directory } = bench.metadata;
    const given = await directory.registry(registry.id);
    const spoil = (change: () => void) => {
      try {
        change();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError); // frozen
      }
    };
    spoil(() => given?.upstreams.pop());
    spoil(() => Object.assign(given ?? {}, { groupId: 99 }));
    spoil(() => Object.assign(given?.upstreams[0] ?? {}, { url: "https://elsewhere.example" }));
    expect(await directory.registry(registry.id)).toEqual(registry);
  });
}
