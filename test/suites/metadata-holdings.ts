import { describe, expect, test } from "bun:test";
import {
  digestOfText,
  fetched,
  noon,
  sampleRegistry,
  shownBlob,
} from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const repository = "library/alpine";

export function holdingsSuite(bench: MetadataBench): void {
  describe("holdings", () => {
    test("content is gone through in order, a part at a time", async () => {
      const { cache, holdings } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      for (const text of ["a", "b", "c"]) {
        await cache.storeManifest(fetched(upstream, text));
        await cache.storeBlob(shownBlob(upstream, text));
      }
      const digests = ["a", "b", "c"].map(digestOfText).sort();
      const first = await holdings.blobs("", 2);
      const rest = await holdings.blobs(first.at(-1)?.digest ?? "", 2);
      expect([...first, ...rest].map(({ digest }) => digest)).toEqual(digests);
      const manifests = await holdings.manifests("", 10);
      expect(manifests).toHaveLength(3);
      expect(await holdings.manifests(manifests.at(-1)?.digest ?? "", 10)).toEqual([]);
      await holdings.verified(digests, noon + 5);
      await holdings.verified([], noon + 5);
    });

    test("kept bytes are known, and nobody's", async () => {
      const { cache, holdings } = bench.metadata;
      const { upstream, registry } = await sampleRegistry(bench.metadata);
      const digest = digestOfText("kept");
      await cache.keepBlob({ digest, size: 4, now: noon });
      await cache.keepBlob({ digest, size: 4, now: noon });
      expect(await cache.blob(digest)).toEqual({ size: 4, storedAt: noon, verifiedAt: noon });
      expect(await holdings.holders("blob", digest, 5)).toEqual([]);
      expect(await cache.entries([upstream.id], repository, "blob", digest)).toEqual([]);
      expect(await cache.hasSeen(registry.groupId, digest)).toBe(false);
    });

    test("entries that are shown, and whose content is not there, are found", async () => {
      const { cache, holdings } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const manifest = fetched(upstream, "one");
      await cache.storeManifest(manifest);
      await cache.storeBlob(shownBlob(upstream, "there"));
      await cache.storeBlob(shownBlob(upstream, "lost"));
      expect((await holdings.lacking(0, 100)).entries).toEqual([]);
      const { digest } = shownBlob(upstream, "lost");
      await cache.forgetBlob(digest);
      const place = { upstreamId: upstream.id, repository };
      const { last = 0, count, entries } = await holdings.lacking(0, 100);
      expect(entries).toEqual([
        { id: expect.any(Number), place: expect.any(Number), kind: "blob", digest, ...place },
      ]);
      const [lost] = entries;
      expect(await holdings.lacking((lost?.id ?? 0) - 1, 1)).toMatchObject({
        last: lost?.id,
        entries: [{ id: lost?.id, place: 1 }],
      });
      expect(count).toBeGreaterThan(2);
      expect(await holdings.lacking(last, 100)).toEqual({ last: undefined, count: 0, entries: [] });
      expect(await holdings.holders("blob", digest, 5)).toEqual([
        { kind: "blob", digest, ...place },
      ]);
    });

    test("a manifest that is forgotten is served no more, whatever was remembered of it", async () => {
      const { cache, holdings } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const manifest = fetched(upstream, "one");
      await cache.storeManifest(manifest);
      const read = async () =>
        (await cache.manifests([upstream.id], repository, manifest.digest))[0];
      expect((await read())?.payload).toEqual(manifest.payload);
      await holdings.forgetManifest(manifest.digest);
      expect(await read()).toMatchObject({ proof: "shown", payload: undefined });
      const { entries } = await holdings.lacking(0, 100);
      expect(entries.map(({ digest }) => digest)).toContain(manifest.digest);
      await cache.storeManifest(manifest);
      expect((await read())?.payload).toEqual(manifest.payload);
    });
  });
}
