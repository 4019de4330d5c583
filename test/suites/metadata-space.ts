import { describe, expect, test } from "bun:test";
import type { EvictionWish, Upstream } from "../../src/metadata/contract.ts";
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

const hour = 3_600_000;
const all = Number.MAX_SAFE_INTEGER;
const repository = "library/alpine";

export function spaceSuite(bench: MetadataBench): void {
  const wishes = { after: undefined, before: all, bytes: all };
  const wish = (upstream: Upstream, changes: Partial<EvictionWish> = {}): EvictionWish => {
    return { cacheId: upstream.id, isDry: false, ...wishes, ...changes };
  };
  /** `latest`, whose layer is stored. */
  const image = async (upstream: Upstream, text: string, tag: string, now = noon) => {
    const { cache } = bench.metadata;
    const layer = `layer of ${text}`;
    const manifest = fetched(upstream, text, { tag, children: [blobChild(layer)], now });
    await cache.storeManifest(manifest);
    await cache.storeBlob(shownBlob(upstream, layer, { now }));
    return { manifest, layer: digestOfText(layer), size: manifest.payload.length + layer.length };
  };
  const entryOf = async (upstream: Upstream, digest: ReturnType<typeof digestOfText>) =>
    (await bench.metadata.cache.entries([upstream.id], repository, "blob", digest))[0];
  const bytesOf = (upstream: Upstream) =>
    bench.metadata.space.bytesOf({ scope: "upstream", id: upstream.id });

  describe("space", () => {
    test("content is counted once, and for each upstream and group that needs it", async () => {
      const { space, cache } = bench.metadata;
      const one = (await sampleRegistry(bench.metadata, "one")).upstream;
      const two = (await sampleRegistry(bench.metadata, "two")).upstream;
      const { size } = await image(one, "a", "latest");
      await image(one, "a", "newest");
      await image(two, "a", "latest");
      expect(await space.usage()).toEqual({ stored: size, leaving: 0 });
      expect([await bytesOf(one), await bytesOf(two)]).toEqual([size, size]);
      expect(await space.group(one.groupId)).toEqual({ bytes: size, maxBytes: undefined });
      await cache.storeBlob(shownBlob(one, "alone"));
      expect(await bytesOf(one)).toBe(size + 5);
      expect(await bytesOf(two)).toBe(size);
      expect(await space.cachesOf({ scope: "group", id: one.groupId })).toEqual([one.id]);
      expect(await space.cachesOf({ scope: "instance", id: 0 })).toEqual([one.id, two.id]);
    });

    test("what goes at once with all its entries is taken off once", async () => {
      const { space, management } = bench.metadata;
      const { upstream, group } = await sampleRegistry(bench.metadata);
      await image(upstream, "a", "latest");
      const { size } = await image(upstream, "a", "newest");
      expect(await bytesOf(upstream)).toBe(size);
      await management.upstreams.purge(upstream.id, { unmodifiedSince: undefined });
      expect(await bytesOf(upstream)).toBe(0);
      expect(await space.group(group.id)).toMatchObject({ bytes: 0 });
    });

    test("what has a limit is told", async () => {
      const { space, management, directory } = bench.metadata;
      const { upstream, group } = await sampleRegistry(bench.metadata);
      expect(await space.bounded()).toEqual([]);
      await directory.saveUpstream(group.id, upstreamSettings({ cacheMaxBytes: 10 }));
      const limiting = () => management.groups.limit(group.id, 7);
      expect(await bench.raised(limiting)).toBe(1);
      const { size } = await image(upstream, "a", "latest");
      const bytes = size;
      expect(await space.bounded()).toEqual([
        { scope: "upstream", id: upstream.id, name: upstream.name, bytes, maxBytes: 10 },
        { scope: "group", id: group.id, name: group.path, bytes, maxBytes: 7 },
      ]);
      expect((await directory.upstreams())[0]).toMatchObject({ cacheMaxBytes: 10, maxBytes: 7 });
      await management.groups.limit(group.id, undefined);
      expect((await directory.upstreams())[0]).toMatchObject({ cacheMaxBytes: 10, maxBytes: 10 });
    });

    test("what was pulled first goes first, until there is enough, and a preview tells it", async () => {
      const { space } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const old = await image(upstream, "old", "old");
      const young = await image(upstream, "young", "young", noon + hour);
      const bytes = old.manifest.payload.length + 1;
      const preview = await space.evict(wish(upstream, { bytes, isDry: true }));
      expect(await bytesOf(upstream)).toBe(old.size + young.size);
      const evicted = await space.evict(wish(upstream, { bytes }));
      expect(evicted).toEqual(preview);
      expect(evicted.entries.every(({ downloadedAt }) => downloadedAt === noon)).toBe(true);
      expect(await space.evict(wish(upstream, { before: noon + hour }))).toMatchObject({
        next: noon + hour,
      });
      expect(await bytesOf(upstream)).toBe(young.size);
      expect(await space.usage()).toEqual({ stored: old.size + young.size, leaving: old.size });
      expect(await space.evict(wish(upstream))).toMatchObject({ next: undefined });
      expect(await bytesOf(upstream)).toBe(0);
      expect(await space.oldest(upstream.id)).toBeUndefined();
    });

    test("what a manifest leads to goes after it, however old it is itself, and is whole until then", async () => {
      const { space, cache } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const { manifest, layer } = await image(upstream, "old", "old");
      const children = [blobChild("layer of old")];
      // Of the same moment, or later; the layer has been there before them.
      const others = ["same", "later"].map((text, n) =>
        fetched(upstream, text, { tag: text, children, now: noon + n * hour }),
      );
      for (const other of others) await cache.storeManifest(other);
      const gone: string[] = [];
      for (;;) {
        const { entries, next } = await space.evict(wish(upstream, { bytes: 1 }));
        gone.push(...entries.map(({ digest }) => digest));
        const isCached = gone.filter((digest) => digest === others[1]?.digest).length < 2;
        if (isCached) expect(await entryOf(upstream, layer)).toMatchObject({ proof: "shown" });
        if (next === undefined) break;
      }
      const manifests = [manifest, ...others].flatMap(({ digest }) => [digest, digest]);
      expect(gone).toEqual([...manifests, layer]);
      // Until then what is remembered may be told.
      await space.settle();
      expect(await entryOf(upstream, layer)).toBeUndefined();
    });

    test("pinned entries stay, and what they need", async () => {
      const { space, management, cache } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const { size } = await image(upstream, "a", "latest");
      const [tag] = await cache.manifests([upstream.id], repository, "latest");
      await management.entries.pin(tag?.id ?? 0);
      expect(await space.evict(wish(upstream))).toMatchObject({ entries: [], next: undefined });
      expect(await bytesOf(upstream)).toBe(size);
    });

    test("other credentials do not make content unneeded", async () => {
      const { space, directory } = bench.metadata;
      const { upstream, group } = await sampleRegistry(bench.metadata);
      await bench.metadata.cache.storeBlob(shownBlob(upstream, "layer", { etag: "e" }));
      await directory.saveUpstream(group.id, upstreamSettings({ password: "another" }));
      expect((await entryOf(upstream, digestOfText("layer")))?.proof).toBe("named");
      expect(await space.usage()).toEqual({ stored: 5, leaving: 0 });
      expect(await bytesOf(upstream)).toBe(5);
    });
  });

  test("what two caches of an upstream have counts once against its limit", async () => {
    const { space, directory, cache, management } = bench.metadata;
    const { upstream, group } = await sampleRegistry(bench.metadata);
    const texts = ["a", "b", "c", "d"].map((text) => text.repeat(100));
    const show = async (place: string, text: string, version: number) =>
      cache.storeBlob(shownBlob({ ...upstream, version }, text, { repository: place, etag: "e" }));
    for (const text of texts) {
      await show("one", text, upstream.version);
      await show("two", text, upstream.version);
    }
    const settings = { password: "another", cacheMaxBytes: 300 };
    const { version } = await directory.saveUpstream(group.id, upstreamSettings(settings));
    const bytes = async () => (await space.bounded())[0]?.bytes;
    expect(await bytes()).toBe(400);
    for (const text of texts) {
      // Never more than there is: beside what comes over, the other repository's is still doubted.
      await show("one", text, version);
      expect(await bytes()).toBe(400);
    }
    const sizes: (number | undefined)[] = [];
    while ((await management.sweep()) > 0) sizes.push(await bytes());
    expect(sizes.length).toBeGreaterThan(0);
    expect(new Set(sizes)).toEqual(new Set([400]));
  });

  describe("sweep", () => {
    const unneeded = async () => {
      const { upstream } = await sampleRegistry(bench.metadata);
      const { layer, manifest } = await image(upstream, "a", "latest");
      await bench.metadata.space.evict(wish(upstream));
      return { upstream, layer, manifest };
    };

    test("content goes some time after it was noted that nothing needs it", async () => {
      const { sweep, space, cache } = bench.metadata;
      const { layer, manifest } = await unneeded();
      expect(await sweep.due(all, 10)).toEqual([]);
      expect(await sweep.note(noon, 10)).toBe(2);
      expect(await sweep.note(noon, 10)).toBe(0);
      expect(await sweep.due(noon - 1, 10)).toEqual([]);
      expect((await sweep.due(noon, 10)).map(({ kind }) => kind).sort()).toEqual([
        "blob",
        "manifest",
      ]);
      expect(await sweep.removeManifest(manifest.digest)).toBe(true);
      expect(await sweep.beginRemoval(layer, noon)).toBe(true);
      expect(await cache.blob(layer)).toBeUndefined();
      await sweep.endRemoval(layer, noon);
      expect(await cache.recorded(layer)).toBe("no");
      expect(await space.usage()).toEqual({ stored: 0, leaving: 0 });
      expect(await sweep.due(all, 10)).toEqual([]);
    });

    test("what is needed again stays, and its grace begins anew", async () => {
      const { sweep, space } = bench.metadata;
      const { upstream, layer, manifest } = await unneeded();
      await sweep.note(noon, 10);
      await image(upstream, "a", "latest");
      expect(await sweep.due(all, 10)).toEqual([]);
      expect(await sweep.beginRemoval(layer, noon)).toBe(false);
      expect(await sweep.removeManifest(manifest.digest)).toBe(false);
      await space.evict(wish(upstream));
      expect(await sweep.due(all, 10)).toEqual([]);
      expect(await sweep.note(noon, 10)).toBe(2);
    });

    test("what is just being deleted is not stored, and is stored anew when that is over, or given up", async () => {
      const { sweep, cache } = bench.metadata;
      const { upstream, layer } = await unneeded();
      const blob = shownBlob(upstream, "layer of a");
      const begun = await sweep.now();
      await sweep.beginRemoval(layer, begun);
      bench.clock.step(1);
      expect(await cache.recorded(layer)).toBe("leaving");
      expect(await cache.storeBlob(blob)).toBe(false);
      expect(await cache.keepBlob({ digest: layer, size: 10, now: noon + 1 })).toBe(false);
      expect(await cache.show(blob)).toBe(false);
      expect(await entryOf(upstream, layer)).toBeUndefined();
      // Whoever had begun it is gone.
      bench.clock.step(60_000 - 1);
      expect(await cache.recorded(layer)).toBe("doubtful");
      expect(await cache.storeBlob(blob)).toBe(true);
      await sweep.endRemoval(layer, begun);
      expect(await cache.blob(layer)).toBeDefined();
      await bench.metadata.space.evict(wish(upstream));
      const again = await sweep.now();
      await sweep.beginRemoval(layer, again);
      await sweep.abandonRemoval(layer, again);
      expect(await cache.storeBlob(blob)).toBe(true);
    });

    test("what was deleted, from beginning to end, while it was stored anew does not count as stored", async () => {
      const { sweep, cache } = bench.metadata;
      const { upstream, layer } = await unneeded();
      const blob = shownBlob(upstream, "layer of a");
      expect(await cache.recorded(layer)).toBe("yes");
      await sweep.beginRemoval(layer, noon);
      await sweep.endRemoval(layer, noon);
      expect(await cache.recorded(layer)).toBe("no");
      expect(await cache.storeBlob(blob, true)).toBe(false);
      expect(await cache.keepBlob({ digest: layer, size: 10, now: noon }, true)).toBe(false);
      expect(await entryOf(upstream, layer)).toBeUndefined();
      expect(await cache.blob(layer)).toBeUndefined();
      expect(await cache.storeBlob(blob, false)).toBe(true);
      expect(await cache.blob(layer)).toBeDefined();
    });

    test("what is stored without a record is swept like what nothing needs, unless somebody comes to need it", async () => {
      const { sweep, cache, space } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      await cache.storeBlob(shownBlob(upstream, "known"));
      const [known, layer] = ["known", "layer"].map((text) => ({
        digest: digestOfText(text),
        size: 5,
      }));
      expect(await sweep.adopt([known!, layer!], noon)).toEqual([layer!]);
      expect(await sweep.adopt([known!, layer!], noon + 1)).toEqual([]);
      expect(await space.usage()).toEqual({ stored: 10, leaving: 5 });
      // Nobody has verified it: it is not served, and whoever stores it anew waits for nothing.
      expect(await cache.blob(layer!.digest)).toBeUndefined();
      expect(await cache.recorded(layer!.digest)).toBe("doubtful");
      expect(await sweep.due(noon, 10)).toEqual([{ kind: "blob", ...layer! }]);
      expect(await cache.storeBlob(shownBlob(upstream, "layer"), true)).toBe(true);
      expect(await sweep.due(all, 10)).toEqual([]);
      expect(await sweep.beginRemoval(layer!.digest, noon)).toBe(false);
      expect(await cache.blob(layer!.digest)).toBeDefined();
    });

    test("what was found without a record is not stored because an entry needs it: nobody has verified it", async () => {
      const { sweep, cache } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      await cache.storeBlob(shownBlob(upstream, "layer"));
      const digest = digestOfText("layer");
      await cache.forgetBlob(digest);
      await sweep.adopt([{ digest, size: 5 }], noon);
      const begun = await sweep.now();
      expect(await sweep.beginRemoval(digest, begun)).toBe(true);
      await sweep.abandonRemoval(digest, begun);
      expect(await cache.blob(digest)).toBeUndefined();
      expect(await cache.recorded(digest)).toBe("doubtful");
      expect(await sweep.beginRemoval(digest, begun)).toBe(true);
      await sweep.endRemoval(digest, begun);
      expect(await cache.recorded(digest)).toBe("no");
      expect(await sweep.due(all, 10)).toEqual([]);
    });

    test("what an import has kept waits for its entries", async () => {
      const { sweep, cache, space } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const digest = digestOfText("layer");
      await cache.keepBlob({ digest, size: 5, now: noon });
      expect(await sweep.note(noon, 10)).toBe(0);
      const now = await sweep.now();
      expect(await sweep.due(now + 20 * hour, 10)).toEqual([]);
      expect(await sweep.due(now + 24 * hour, 10)).toHaveLength(1);
      await cache.storeBlob(shownBlob(upstream, "layer"));
      await cache.keepBlob({ digest, size: 5, now: noon });
      expect(await sweep.due(all, 10)).toEqual([]);
      expect(await space.usage()).toEqual({ stored: 5, leaving: 0 });
    });
  });
}
