import { describe, expect, test } from "bun:test";
import type { FetchedList, NamedObjects, Upstream } from "../../src/metadata/contract.ts";
import {
  digestOfText,
  fetched,
  manifestChild,
  noon,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const repository = "library/alpine";
const tags = { kind: "tags" } as const;
const referrers = { kind: "referrers", subject: digestOfText("image") } as const;
const always = { unmodifiedSince: undefined };

function ownerOf({ groupId, id, version }: Upstream) {
  return { groupId, upstreamId: id, upstreamVersion: version, repository, now: noon };
}

function listOf(upstream: Upstream, changes: Partial<FetchedList> = {}): FetchedList {
  return { ...ownerOf(upstream), key: tags, content: "a\nb", ...changes };
}

export function listsSuite(bench: MetadataBench): void {
  describe("lists", () => {
    keepingTests(bench);
    endingTests(bench);
    expiringTests(bench);
    shownTests(bench);
    namingTests(bench);
  });
}

function keepingTests(bench: MetadataBench): void {
  test("what is stored is found, after opening it again too, and replaced by what comes later", async () => {
    const { upstream } = await sampleRegistry(bench.metadata);
    await bench.metadata.lists.store(listOf(upstream));
    const { lists } = await bench.reopen();
    const [found] = await lists.find([upstream.id], repository, tags);
    const said = { upstreamId: upstream.id, repository, content: "a\nb", checkedAt: noon };
    expect(found).toEqual({ id: expect.any(Number), ...said } as never);
    await lists.store(listOf(upstream, { content: "c", now: noon + 5 }));
    expect(await lists.find([upstream.id], repository, tags)).toEqual([
      { ...found, content: "c", checkedAt: noon + 5 } as never,
    ]);
    await lists.delete(found?.id ?? -1);
    await lists.delete(found?.id ?? -1);
    expect(await lists.find([upstream.id], repository, tags)).toEqual([]);
  });

  test("it does not raise the generation", async () => {
    const { upstream } = await sampleRegistry(bench.metadata);
    expect(await bench.raised(() => bench.metadata.lists.store(listOf(upstream)))).toBe(0);
  });

  test("nothing is found under another upstream, repository, kind or subject", async () => {
    const { directory, lists } = bench.metadata;
    const { group, upstream } = await sampleRegistry(bench.metadata);
    const other = await sampleRegistry(bench.metadata, "other");
    const beside = await directory.saveUpstream(group.id, upstreamSettings({ name: "beside" }));
    await lists.store(listOf(upstream));
    await lists.store(listOf(upstream, { key: referrers, content: "[]" }));
    const unrelated = [beside.id, other.upstream.id];
    for (const key of [tags, referrers]) {
      expect(await lists.find(unrelated, repository, key)).toEqual([]);
      expect(await lists.find([], repository, key)).toEqual([]);
      expect(await lists.find([upstream.id], "library/%", key)).toEqual([]);
      expect(await lists.find([upstream.id, ...unrelated], repository, key)).toHaveLength(1);
    }
    const another = { kind: "referrers", subject: digestOfText("another") } as const;
    expect(await lists.find([upstream.id], repository, another)).toEqual([]);
  });

  test("an upstream stores into its own group, and as it was asked, only", async () => {
    const { lists } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const other = await sampleRegistry(bench.metadata, "other");
    for (const wrong of [
      { groupId: other.group.id },
      { upstreamVersion: upstream.version + 1 },
      { upstreamId: 4711 },
    ]) {
      await lists.store(listOf(upstream, wrong));
    }
    expect(await lists.find([upstream.id, 4711], repository, tags)).toEqual([]);
  });
}

function expiringTests(bench: MetadataBench): void {
  test("those that are old go, and of too many those that were given the longest time ago", async () => {
    const { lists } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    for (let n = 0; n < 60; n++) {
      await lists.store(listOf(upstream, { repository: `app/${n}`, now: noon + n }));
    }
    const left = async () => {
      const found: number[] = [];
      for (const n of [0, 1, 2, 3, 54, 55, 59]) {
        if ((await lists.find([upstream.id], `app/${n}`, tags)).length > 0) found.push(n);
      }
      return found;
    };
    expect(await lists.expire(noon, 60)).toBe(0);
    expect(await lists.expire(noon + 2, 60)).toBe(2);
    expect(await left()).toEqual([2, 3, 54, 55, 59]);
    expect([await lists.expire(noon, 5), await lists.expire(noon, 5)]).toEqual([50, 3]);
    expect(await lists.expire(noon, 5)).toBe(0);
    expect(await left()).toEqual([55, 59]);
  });
}

function endingTests(bench: MetadataBench): void {
  const left = async (id: number) =>
    (await bench.metadata.lists.find([id], repository, tags)).length;

  test("another URL, login or authority ends them; other settings do not", async () => {
    const { directory, lists } = bench.metadata;
    const { group, upstream } = await sampleRegistry(bench.metadata);
    let { version } = upstream;
    for (const [changes, stays] of [
      [{ cacheValidityHours: 3 }, 1],
      [{ cacheValidityHours: 3, password: "another one" }, 0],
      [{ cacheValidityHours: 3, ca: "authority" }, 0],
      [{ cacheValidityHours: 3, url: "https://elsewhere.test" }, 0],
    ] as const) {
      await lists.store(listOf({ ...upstream, version }));
      ({ version } = await directory.saveUpstream(group.id, upstreamSettings(changes)));
      expect([changes, await left(upstream.id)]).toEqual([changes, stays] as never);
    }
  });

  test("purges and ends of upstreams end them, those of others stay", async () => {
    const { lists, management } = bench.metadata;
    const { upstream, registry } = await sampleRegistry(bench.metadata);
    const other = await sampleRegistry(bench.metadata, "other");
    await lists.store(listOf(other.upstream));
    for (const end of [
      () => management.upstreams.purge(upstream.id, always),
      () => management.registries.purge(registry.id, always),
      () => lists.forget(upstream.id, repository),
      () => management.upstreams.remove(upstream.id, always),
    ]) {
      await lists.store(listOf(upstream));
      expect(await left(upstream.id)).toBe(1);
      await end();
      await management.sweep();
      expect(await left(upstream.id)).toBe(0);
    }
    expect(await left(other.upstream.id)).toBe(1);
  });

  test("more of them than are given up in one step", async () => {
    const { lists, management } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    for (let i = 0; i < 101; i++) await lists.store(listOf(upstream, { repository: `x/${i}` }));
    await management.upstreams.purge(upstream.id, always);
    for (const i of [0, 50, 100])
      expect(await lists.find([upstream.id], `x/${i}`, tags)).toEqual([]);
  });

  test("forgetting a repository leaves the others", async () => {
    const { lists } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    await lists.store(listOf(upstream, { key: referrers }));
    await lists.store(listOf(upstream, { repository: "library/alpine2" }));
    await lists.forget(upstream.id, repository);
    expect(await lists.find([upstream.id], repository, referrers)).toEqual([]);
    expect(await lists.find([upstream.id], "library/alpine2", tags)).toHaveLength(1);
  });
}

function shownTests(bench: MetadataBench): void {
  test("tags of what is cached: shown, confirmed since, of this upstream and repository", async () => {
    const { cache, lists } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const other = await sampleRegistry(bench.metadata, "other");
    const shown = (since: number) => lists.shownTags(upstream.id, repository, since);
    expect(await shown(0)).toBeUndefined();
    await cache.storeBlob(shownBlob(upstream, "layer"));
    await cache.storeManifest(fetched(other.upstream, "one"));
    expect(await shown(0)).toBeUndefined();
    await cache.storeManifest(fetched(upstream, "one", { tag: undefined, children: [] }));
    expect(await shown(0)).toEqual([]);
    for (const tag of ["b", "B", "_", "1"])
      await cache.storeManifest(fetched(upstream, tag, { tag }));
    await cache.storeManifest(fetched(upstream, "late", { tag: "late", now: noon + 10 }));
    expect(await shown(0)).toEqual(["1", "B", "_", "b", "late"]);
    expect(await shown(noon + 10)).toEqual(["late"]);
    expect(await shown(noon + 11)).toBeUndefined();
  });

  test("after a change of credentials there are none", async () => {
    const { cache, directory, lists } = bench.metadata;
    const { group, upstream } = await sampleRegistry(bench.metadata);
    await cache.storeManifest(fetched(upstream, "one"));
    await directory.saveUpstream(group.id, upstreamSettings({ password: "another one" }));
    expect(await lists.shownTags(upstream.id, repository, 0)).toBeUndefined();
  });
}

function namingTests(bench: MetadataBench): void {
  const named = (upstream: Upstream, ...texts: string[]): NamedObjects => ({
    ...ownerOf(upstream),
    objects: texts.map(manifestChild),
  });

  test("what a list names is named, and what is shown stays so", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    await cache.storeManifest(fetched(upstream, "shown"));
    const of = (text: string) => cache.manifests([upstream.id], repository, digestOfText(text));
    expect(await of("signature")).toEqual([]);
    expect(await cache.name(named(upstream, "shown", "signature", "signature"))).toBe(true);
    expect(await of("signature")).toMatchObject([
      { proof: "named", payload: undefined, size: "signature".length, checkedAt: 0 },
    ]);
    expect(await of("shown")).toMatchObject([{ proof: "shown" }]);
    expect(await cache.name(named(upstream, "shown", "signature"))).toBe(false);
    expect(await cache.name(named(upstream))).toBe(false);
  });

  test("what was found before is found anew once something is named", async () => {
    const { cache, directory } = bench.metadata;
    const { group, upstream } = await sampleRegistry(bench.metadata);
    const beside = await directory.saveUpstream(group.id, upstreamSettings({ name: "beside" }));
    await cache.storeManifest(fetched(upstream, "one"));
    const ids = [upstream.id, beside.id];
    expect(await cache.manifests(ids, repository, digestOfText("one"))).toHaveLength(1);
    await cache.name(named(beside, "one"));
    expect(await cache.manifests(ids, repository, digestOfText("one"))).toHaveLength(2);
  });

  test("thousands at once, and nothing of an upstream that is another by now", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const texts = Array.from({ length: 1_234 }, (_, i) => `signature ${i}`);
    expect(await cache.name({ ...named(upstream, ...texts), upstreamVersion: 99 })).toBe(false);
    expect(await cache.name(named(upstream, ...texts))).toBe(true);
    const last = digestOfText("signature 1233");
    expect(await cache.manifests([upstream.id], repository, last)).toHaveLength(1);
  });
}
