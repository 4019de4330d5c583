import { describe, expect, test } from "bun:test";
import type { Upstream, UpstreamSettings } from "../../src/metadata/contract.ts";
import {
  blobChild,
  digestOfText,
  fetched,
  noon,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const repository = "library/alpine";
const layer = digestOfText("layer");
const tags = { kind: "tags" } as const;
const everything = { pattern: undefined, includePinned: false };
const pageOf = (words: string[] = []) => ({ words, page: 1, perPage: 20 });
const always = { unmodifiedSince: undefined };

/** Another URL and other credentials: the next cache, and what becomes of the former one. */
export function renewalSuite(bench: MetadataBench): void {
  /** An image with its layer, and a list of tags. */
  const image = async () => {
    const { cache, lists } = bench.metadata;
    const sample = await sampleRegistry(bench.metadata);
    const { id: upstreamId, version: upstreamVersion, groupId } = sample.upstream;
    const manifest = fetched(sample.upstream, "one", { children: [blobChild("layer")] });
    await cache.storeManifest(manifest);
    await cache.storeBlob(shownBlob(sample.upstream, "layer", { etag: "of the layer" }));
    const owner = { groupId, upstreamId, upstreamVersion, repository };
    await lists.store({ ...owner, key: tags, content: "[]", now: noon });
    return { ...sample, manifest, bytes: manifest.payload.length + "layer".length };
  };
  const change = async ({ id }: Upstream, settings: Partial<UpstreamSettings>) => {
    const { management, directory } = bench.metadata;
    await management.upstreams.change(id, settings);
    return (await directory.upstreams()).find((one) => one.id === id)!;
  };
  const login = (username: string) => ({ username, password: `that of ${username}` });
  const sweep = async () => {
    let count = 0;
    for (let some; (some = await bench.metadata.management.sweep()) > 0;) count += some;
    return count;
  };
  /** Whatever tells of what an upstream has. */
  const told = async ({ id, groupId }: Upstream) => {
    const { cache, lists, management, statistics, space, holdings } = bench.metadata;
    const proofs = (found: readonly { id: number; proof: string; checkedAt: number }[]) =>
      found.map(({ id, proof, checkedAt }) => ({ id, proof, checkedAt }));
    const { entries, size } = await statistics.summary(groupId);
    const place = { upstreamId: id, repository };
    const ofRepository = async (words: string[] = []) => {
      const options = { ...pageOf(words), isDescending: false };
      const { items, total } = await management.entries.ofRepository(place, options);
      return { ids: items.map((entry) => entry.id).toSorted((a, b) => b - a), total };
    };
    const present = await management.entries.present({ ...place, kind: "blob" }, [layer]);
    return {
      tag: proofs(await cache.manifests([id], repository, "latest")),
      digest: proofs(await cache.manifests([id], repository, digestOfText("one"))),
      layer: proofs(await cache.entries([id], repository, "blob", layer)),
      hasSeen: await cache.hasSeen(groupId, layer),
      tags: (await lists.find([id], repository, tags)).length,
      shownTags: await lists.shownTags(id, repository, 0),
      listed: (await management.entries.list(id, pageOf())).items.map((entry) => entry.id),
      found: (await management.entries.list(id, pageOf(["alpine"]))).total,
      newest: (await management.entries.newestManifest(id))?.id,
      repositories: (await management.entries.repositories(id, pageOf())).items,
      ofRepository: await ofRepository(),
      foundThere: (await ofRepository(["alpine"])).total,
      present: [...present.keys()],
      tagsOf: await management.entries.tagsOf({ ...place, digest: digestOfText("one") }, 5),
      preview: (await management.upstreams.preview(id, everything))?.entries,
      summary: { entries, size },
      holders: await holdings.holders("blob", layer, 5),
      bytes: await space.bytesOf({ scope: "upstream", id }),
      bounded: (await space.bounded()).map(({ bytes }) => bytes),
    };
  };
  const nothing = {
    tag: [],
    digest: [],
    layer: [],
    hasSeen: false,
    tags: 0,
    shownTags: undefined,
    listed: [],
    found: 0,
    newest: undefined,
    repositories: [],
    ofRepository: { ids: [], total: 0 },
    foundThere: 0,
    present: [],
    tagsOf: [],
    preview: 0,
    summary: { entries: 0, size: 0 },
    holders: [],
    bytes: 0,
    bounded: [0],
  };

  describe("another URL, other credentials", () => {
    test("what another URL had is gone at once, to whoever asks, and swept later", async () => {
      const { upstream } = await image();
      await change(upstream, { cacheMaxBytes: 1000 });
      const before = await told(upstream);
      expect(before).toMatchObject({ tags: 1, found: 3, preview: 3, hasSeen: true });
      const whole = { entries: 3, tags: 1, digests: 1, size: 2 * "one".length + "layer".length };
      expect(before).toMatchObject({ repositories: [whole], present: [layer], tagsOf: ["latest"] });
      expect(before.ofRepository).toEqual({ ids: before.listed, total: 3 });
      const moved = await change(upstream, { url: "https://elsewhere.example" });
      expect(await told(upstream)).toEqual(nothing);
      for (const id of before.listed) {
        expect(await bench.metadata.management.entries.get(id)).toBeUndefined();
      }
      expect((await bench.metadata.holdings.lacking(0, 100)).entries).toEqual([]);

      // The same names are others' now: what is stored anew stays, the other goes.
      await bench.metadata.cache.storeManifest(fetched(moved, "one"));
      const anew = await told(upstream);
      expect(anew).toMatchObject({ found: 2, layer: [{ proof: "named" }], hasSeen: false });
      const shown = { entries: 2, tags: 1, digests: 1, size: 2 * "one".length };
      expect(anew).toMatchObject({ repositories: [shown], present: [], tagsOf: ["latest"] });
      expect(anew.ofRepository).toEqual({ ids: anew.listed, total: 2 });
      expect(anew.foundThere).toBe(2);
      expect(anew.listed.some((id) => before.listed.includes(id))).toBe(false);
      expect(await sweep()).toBe(4);
      expect(await told(upstream)).toEqual(anew);
      const { space } = bench.metadata;
      const { bytes } = anew;
      expect(await space.group(upstream.groupId)).toMatchObject({ bytes });
    });

    test("a change back finds nothing either", async () => {
      const { upstream } = await image();
      await change(upstream, { cacheMaxBytes: 1000 });
      await change(upstream, { url: "https://elsewhere.example" });
      await change(upstream, { url: upstream.url });
      expect(await told(upstream)).toEqual(nothing);
      await sweep();
      expect(await told(upstream)).toEqual(nothing);
      const reopened = await bench.reopen();
      expect(await reopened.cache.manifests([upstream.id], repository, "latest")).toEqual([]);
    });

    test("under other credentials all is named at once, before and after it has come over", async () => {
      const { upstream, bytes } = await image();
      await change(upstream, { cacheMaxBytes: 1000 });
      const before = await told(upstream);
      const doubted = (found: { id: number }[]) => [
        { id: found[0]!.id, proof: "named", checkedAt: 0 },
      ];
      const after = {
        ...nothing,
        tag: doubted(before.tag),
        digest: doubted(before.digest),
        layer: doubted(before.layer),
        hasSeen: true,
        holders: before.holders,
        bytes,
        bounded: [bytes],
      };
      await change(upstream, login("another"));
      expect(await told(upstream)).toEqual(after);
      expect((await bench.metadata.holdings.lacking(0, 100)).entries).toEqual([]);
      expect(await sweep()).toBe(4);
      expect(await told(upstream)).toEqual(after);
      expect(await sweep()).toBe(0);
      // And back: these have to be shown again too.
      await change(upstream, { username: upstream.username, password: upstream.password });
      expect(await told(upstream)).toEqual(after);
    });

    test("what is shown again is the same entry, pinned and counted as it was", async () => {
      const { upstream, bytes, manifest } = await image();
      const { cache, management, space } = bench.metadata;
      const [tag] = await cache.manifests([upstream.id], repository, "latest");
      await management.entries.pin(tag?.id ?? 0);
      const { id: _, ...key } = tag!;
      await cache.countDownloads([{ ...key, count: 3, lastAt: noon + 1 }]);
      const pinned = await management.entries.get(tag?.id ?? 0);
      const changed = await change(upstream, login("another"));
      await cache.countDownloads([{ ...key, count: 2, lastAt: noon + 2 }]);
      const now = noon + 5;
      const children = manifest.children;
      await cache.storeManifest(fetched(changed, "one", { children, now }));
      expect(await management.entries.get(tag?.id ?? 0)).toEqual({
        ...pinned!,
        downloads: 5,
        checkedAt: now,
        downloadedAt: now,
        updatedAt: now,
      });
      expect(await space.bytesOf({ scope: "upstream", id: upstream.id })).toBe(bytes);
      const shown = await told(upstream);
      expect(shown).toMatchObject({ found: 2, layer: [{ proof: "named" }], hasSeen: true });
      const counted = { entries: 2, tags: 1, digests: 1, size: 2 * "one".length };
      const repositories = [{ ...counted, repository, lastDownloadedAt: now }];
      expect(shown).toMatchObject({ repositories, present: [], tagsOf: ["latest"] });
      expect(shown.ofRepository).toEqual({ ids: shown.listed, total: 2 });
      await sweep();
      expect(await told(upstream)).toEqual(shown);
      await cache.show(shownBlob(changed, "layer"));
      const whole = { entries: 3, tags: 1, digests: 1, size: 2 * "one".length + "layer".length };
      expect(await told(upstream)).toMatchObject({
        found: 3,
        layer: [{ proof: "shown" }],
        bytes,
        repositories: [whole],
        present: [layer],
        foundThere: 3,
      });
    });

    test("a pull says when its repository was pulled, whichever cache that is in", async () => {
      const { upstream } = await image();
      const { cache, management } = bench.metadata;
      const key = { upstreamId: upstream.id, repository, kind: "manifest" } as const;
      const pull = (lastAt: number) =>
        cache.countDownloads([{ ...key, reference: "latest", count: 1, lastAt }]);
      const pulled = async () => {
        const { items } = await management.entries.repositories(upstream.id, pageOf());
        return items.map(({ lastDownloadedAt }) => lastDownloadedAt);
      };
      for (const settings of [login("another"), { url: "https://elsewhere.example" }]) {
        const changed = await change(upstream, settings);
        await pull(noon + 9000);
        expect(await pulled()).toEqual([]);
        await cache.storeManifest(fetched(changed, "one"));
        await pull(noon + 5000);
        expect(await pulled()).toEqual([noon + 5000]);
        await sweep();
        expect(await pulled()).toEqual([noon + 5000]);
        await pull(noon + 6000);
        expect(await pulled()).toEqual([noon + 6000]);
      }
    });

    test("of several doubts each entry is the newest, however they come over", async () => {
      const { upstream } = await image();
      const { cache } = bench.metadata;
      let changed = upstream;
      for (const [i, text] of ["two", "three"].entries()) {
        changed = await change(upstream, login(text));
        const children = [blobChild("layer")];
        await cache.storeManifest(fetched(changed, text, { children, now: noon + i }));
      }
      await change(upstream, login("four"));
      const found = async () =>
        (await cache.manifests([upstream.id], repository, "latest")).map((entry) => entry.digest);
      const before = await told(upstream);
      expect(await found()).toEqual([digestOfText("three")]);
      expect(before.layer).toHaveLength(1);
      expect(before.bytes).toBe("one".length + "two".length + "three".length + "layer".length);
      while ((await bench.metadata.management.sweep()) > 0) {
        expect(await found()).toEqual([digestOfText("three")]);
      }
      expect(await told(upstream)).toEqual(before);
    });

    test("a purge takes what is doubted too, but for what is pinned", async () => {
      const { upstream, manifest } = await image();
      const { cache, management, purges } = bench.metadata;
      await cache.storeBlob(shownBlob(upstream, "beside"));
      const [tag] = await cache.manifests([upstream.id], repository, "latest");
      await management.entries.pin(tag?.id ?? 0);
      const changed = await change(upstream, login("another"));
      // In the cache of now, kept by a pin in the former one.
      await cache.show(shownBlob(changed, "layer", { now: noon + 1 }));
      expect(await management.upstreams.purge(upstream.id, always)).toBe("removed");
      expect(await purges.pending()).toBe(0);
      const left = () => told(upstream);
      expect(await left()).toMatchObject({ tag: [{ id: tag?.id }], layer: [{ proof: "shown" }] });
      expect(await left()).toMatchObject({ digest: [{ proof: "named" }] });
      const beside = digestOfText("beside");
      expect(await cache.entries([upstream.id], repository, "blob", beside)).toEqual([]);
      await sweep();
      expect(await left()).toMatchObject({ tag: [{ id: tag?.id }], layer: [{ proof: "shown" }] });
      const all = { pattern: undefined, includePinned: true };
      await change(upstream, login("a third"));
      await management.upstreams.purge(upstream.id, always, all);
      expect(await cache.manifests([upstream.id], repository, manifest.digest)).toEqual([]);
      await sweep();
      expect(await left()).toMatchObject({ tag: [], digest: [], layer: [], bytes: 0 });
    });

    test("what is doubted can be evicted, and goes with its upstream", async () => {
      const { upstream, group } = await image();
      const { cache, management, space } = bench.metadata;
      await change(upstream, login("another"));
      const caches = await space.cachesOf({ scope: "upstream", id: upstream.id });
      expect(caches).toHaveLength(2);
      expect(await space.cachesOf({ scope: "group", id: group.id })).toEqual([upstream.id]);
      const most = Number.MAX_SAFE_INTEGER;
      const wish = { cacheId: upstream.id, after: undefined, before: most, bytes: 1, isDry: false };
      const evicted = await space.evict(wish);
      expect(evicted.entries).toMatchObject([{ upstreamId: upstream.id }]);
      await management.upstreams.remove(upstream.id, always);
      expect(await cache.hasSeen(group.id, layer)).toBe(false);
      expect(await sweep()).toBeGreaterThan(0);
      expect(await space.group(group.id)).toMatchObject({ bytes: 0 });
      expect(await space.cachesOf({ scope: "instance", id: 0 })).toEqual([]);
    });

    test("what a change overtakes is pinned with a record, or not at all", async () => {
      const { upstream } = await image();
      const { cache, management, audit } = bench.metadata;
      const [tag] = await cache.manifests([upstream.id], repository, "latest");
      const pinning = management.entries.pin(tag!.id);
      const [pinned, changed] = await Promise.all([pinning, change(upstream, login("another"))]);
      await cache.storeManifest(fetched(changed, "one", { now: noon + 1 }));
      const { total } = await audit.list({ action: "cache_entry.pin" }, { page: 1, perPage: 10 });
      const isPinned = (await management.entries.get(tag!.id))?.pinned;
      expect([isPinned, total]).toEqual(pinned ? [true, 1] : [false, 0]);
    });

    test("a change is one step of the generation, and on record", async () => {
      const { upstream } = await image();
      const { audit } = bench.metadata;
      for (const settings of [{ url: "https://elsewhere.example" }, login("another")]) {
        expect(await bench.raised(() => change(upstream, settings))).toBe(1);
      }
      const { items } = await audit.list({ action: "upstream.update" }, { page: 1, perPage: 10 });
      expect(items).toHaveLength(2);
      expect(await bench.raised(() => change(upstream, upstreamSettings(login("another"))))).toBe(
        1,
      );
    });
  });
}
