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

/** From *named* to *shown* and back. */
export function proofSuite(bench: MetadataBench): void {
  const layerOf = async (upstream: Upstream) => {
    const { cache } = bench.metadata;
    const [entry] = await cache.entries([upstream.id], repository, "blob", layer);
    return entry && { id: entry.id, proof: entry.proof, checkedAt: entry.checkedAt };
  };
  /** An upstream with `latest` shown, whose layer is named. */
  const named = async () => {
    const sample = await sampleRegistry(bench.metadata);
    const manifest = fetched(sample.upstream, "one", { children: [blobChild("layer")] });
    await bench.metadata.cache.storeManifest(manifest);
    return { ...sample, ...bench.metadata, manifest };
  };

  describe("proof", () => {
    test("storing or a HEAD turns named into shown, and a later manifest does not turn it back", async () => {
      const { cache, upstream, manifest } = await named();
      const first = await layerOf(upstream);
      expect(first?.proof).toBe("named");
      const shown = shownBlob(upstream, "layer", { now: noon + 1 });
      await cache.keepBlob(shown);
      expect(await cache.show(shown)).toBe(true);
      expect(await layerOf(upstream)).toEqual({
        ...first,
        proof: "shown",
        checkedAt: noon + 1,
      } as never);
      await cache.storeManifest(manifest);
      expect((await layerOf(upstream))?.proof).toBe("shown");
      await cache.storeBlob(shownBlob(upstream, "layer", { now: noon + 2 }));
      expect((await layerOf(upstream))?.checkedAt).toBe(noon + 2);
    });

    test("show makes the entry where there was none, of what is stored", async () => {
      const { cache } = bench.metadata;
      const { upstream } = await sampleRegistry(bench.metadata);
      const shown = shownBlob(upstream, "layer");
      expect(await cache.show(shown)).toBe(false);
      expect(await layerOf(upstream)).toBeUndefined();
      await cache.keepBlob(shown);
      expect(await cache.show(shown)).toBe(true);
      expect((await layerOf(upstream))?.proof).toBe("shown");
    });

    test("a confirmation sets the time, never back and never of a named entry", async () => {
      const { cache, upstream } = await named();
      const [tag] = await cache.manifests([upstream.id], repository, "latest");
      const id = tag?.id ?? -1;
      for (const [now, kept] of [
        [noon + 10, noon + 10],
        [noon + 5, noon + 10],
        [noon + 11, noon + 11],
      ] as const) {
        await cache.confirm(id, now);
        const [entry] = await cache.manifests([upstream.id], repository, "latest");
        expect(entry).toEqual({ ...tag, checkedAt: kept } as never);
      }
      const first = await layerOf(upstream);
      await cache.confirm(first?.id ?? -1, noon + 10);
      expect(await layerOf(upstream)).toEqual(first);
      await cache.confirm(9_999, noon);
    });

    const logins: [what: string, login: Partial<UpstreamSettings>][] = [
      ["password", { password: "another" }],
      ["user name", { username: "another" }],
      ["none at all", { username: undefined, password: undefined }],
    ];
    for (const [what, login] of logins) {
      test(`another login has to be shown everything again: ${what}`, async () => {
        const { cache, directory, group, upstream, manifest } = await named();
        await cache.storeBlob(shownBlob(upstream, "layer"));
        const changed = await directory.saveUpstream(group.id, upstreamSettings(login));
        expect(await layerOf(upstream)).toMatchObject({ proof: "named", checkedAt: 0 });
        for (const reference of ["latest", manifest.digest]) {
          const found = await cache.manifests([upstream.id], repository, reference);
          expect(found).toMatchObject([
            { proof: "named", checkedAt: 0, payload: manifest.payload },
          ]);
        }
        await cache.show(shownBlob(changed, "layer"));
        expect((await layerOf(upstream))?.proof).toBe("shown");
      });
    }

    for (const url of ["https://elsewhere.example", "https://registry-1.docker.io/elsewhere"]) {
      test(`another URL has its own entries: ${url}`, async () => {
        const { cache, directory, group, upstream, manifest } = await named();
        await cache.storeBlob(shownBlob(upstream, "layer"));
        await directory.saveUpstream(group.id, upstreamSettings({ url }));
        expect(await layerOf(upstream)).toBeUndefined();
        expect(await cache.manifests([upstream.id], repository, "latest")).toEqual([]);
        expect(await cache.manifests([upstream.id], repository, manifest.digest)).toEqual([]);
        expect(await cache.blob(layer)).toBeDefined(); // content has no owner
      });
    }

    test("a change of one upstream leaves the entries of others alone", async () => {
      const { cache, directory, group } = await named();
      const settings = upstreamSettings({ name: "beside" });
      const beside = await directory.saveUpstream(group.id, settings);
      await cache.storeManifest(fetched(beside, "one"));
      const before = await cache.manifests([beside.id], repository, "latest");
      for (const change of [{ password: "another" }, { url: "https://elsewhere.example" }]) {
        await directory.saveUpstream(group.id, upstreamSettings(change));
        expect(await cache.manifests([beside.id], repository, "latest")).toEqual(before);
      }
      expect(before).toMatchObject([{ proof: "shown" }]);
    });

    test("other settings leave the entries alone", async () => {
      const { cache, directory, group, upstream } = await named();
      const before = await cache.manifests([upstream.id], repository, "latest");
      const others = {
        cacheValidityHours: 1,
        deniedMeans: "unsure",
        libraryPrefix: false,
      } as const;
      await directory.saveUpstream(group.id, upstreamSettings(others));
      expect(await cache.manifests([upstream.id], repository, "latest")).toEqual(before);
    });

    test("what was fetched or shown under an older version is not stored", async () => {
      const { cache, directory } = bench.metadata;
      const { group, upstream } = await sampleRegistry(bench.metadata);
      await directory.saveUpstream(group.id, upstreamSettings({ password: "another" }));
      await cache.storeManifest(fetched(upstream, "one"));
      await cache.storeBlob(shownBlob(upstream, "layer"));
      await cache.show(shownBlob(upstream, "layer"));
      expect(await cache.manifests([upstream.id], repository, "latest")).toEqual([]);
      expect(await layerOf(upstream)).toBeUndefined();
      expect(await cache.blob(layer)).toBeUndefined();
    });
  });
}
