import { describe, expect, test } from "bun:test";
import type { Upstream } from "../../src/metadata/contract.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/manifest.ts";
import {
  blobChild,
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

export function cacheSuite(bench: MetadataBench): void {
  describe("the cache", () => {
    manifestTests(bench);
    boundaryTests(bench);
    blobTests(bench);
  });
}

function manifestTests(bench: MetadataBench): void {
  test("a manifest fetched by tag is found by tag and by digest, byte for byte", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const manifest = fetched(upstream, "one", { payload: Uint8Array.from([0, 255, 10, 13]) });
    await cache.storeManifest(manifest);
    for (const reference of ["latest", manifest.digest]) {
      const [found, ...more] = await cache.manifests([upstream.id], repository, reference);
      const { id = 0, ...rest } = found ?? {};
      expect(rest).toEqual({
        upstreamId: upstream.id,
        repository,
        kind: "manifest",
        reference,
        digest: manifest.digest,
        proof: "shown",
        etag: "an etag",
        contentType: mediaTypes.ociManifest,
        size: 4,
        checkedAt: noon,
        downloadedAt: noon,
        payload: manifest.payload,
      });
      expect(more).toEqual([]);
      const entry = await cache.entries([upstream.id], repository, "manifest", reference);
      expect(entry).toEqual([{ id, ...rest, payload: undefined }] as never);
    }
  });

  test("a manifest fetched by digest has no entry for a tag", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const manifest = fetched(upstream, "one", { tag: undefined, etag: undefined });
    await cache.storeManifest(manifest);
    expect(await cache.manifests([upstream.id], repository, "latest")).toEqual([]);
    const [found] = await cache.manifests([upstream.id], repository, manifest.digest);
    expect(found).toMatchObject({ proof: "shown", etag: undefined });
  });

  test("a tag moves to the new digest, and the old digest stays", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const old = fetched(upstream, "old");
    const next = fetched(upstream, "new", { now: noon + 5, etag: undefined });
    await cache.storeManifest(old);
    const [before] = await cache.manifests([upstream.id], repository, "latest");
    await cache.storeManifest(next);
    const [after] = await cache.manifests([upstream.id], repository, "latest");
    const moved = {
      digest: next.digest,
      payload: next.payload,
      etag: undefined,
      checkedAt: noon + 5,
      downloadedAt: noon + 5,
    };
    expect(after).toEqual({ ...before, ...moved } as never);
    const [stays] = await cache.manifests([upstream.id], repository, old.digest);
    expect(stays).toMatchObject({ proof: "shown", payload: old.payload, checkedAt: noon });
  });

  test("children are named, manifests and blobs alike, with what the manifest says", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const children = [manifestChild("image"), blobChild("layer"), blobChild("layer")];
    await cache.storeManifest(fetched(upstream, "index", { children }));
    for (const child of children) {
      const found = await cache.entries([upstream.id], repository, child.kind, child.digest);
      expect(found).toMatchObject([
        { digest: child.digest, proof: "named", size: child.size, checkedAt: 0, etag: undefined },
      ]);
      expect(found[0]?.contentType).toBe(child.mediaType);
    }
    const [image] = await cache.manifests([upstream.id], repository, digestOfText("image"));
    expect(image).toMatchObject({ proof: "named", payload: undefined });
  });

  test("a manifest may name thousands of objects", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const children = Array.from({ length: 1_234 }, (_, i) => blobChild(`layer ${i}`));
    await cache.storeManifest(fetched(upstream, "large", { children }));
    for (const { digest } of [children[0], children.at(-1)].flatMap((child) => child ?? [])) {
      expect(await cache.entries([upstream.id], repository, "blob", digest)).toHaveLength(1);
    }
  });

  test("sizes beyond 32 bits and sha512 are kept exactly", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const digest = digestOf(new Uint8Array(1), "sha512");
    const child = { ...blobChild("large"), digest, size: Number.MAX_SAFE_INTEGER };
    await cache.storeManifest(fetched(upstream, "one", { children: [child] }));
    const [found] = await cache.entries([upstream.id], repository, "blob", digest);
    expect(found).toMatchObject({ digest, size: Number.MAX_SAFE_INTEGER });
  });
}

function boundaryTests(bench: MetadataBench): void {
  test("nothing is found through another upstream, repository, kind or group", async () => {
    const { cache, directory } = bench.metadata;
    const one = await sampleRegistry(bench.metadata, "one");
    const two = await sampleRegistry(bench.metadata, "two");
    const beside = await directory.saveUpstream(one.group.id, upstreamSettings({ name: "beside" }));
    const manifest = fetched(one.upstream, "one");
    await cache.storeManifest(manifest);
    await cache.storeBlob(shownBlob(one.upstream, "layer"));
    for (const { id } of [beside, two.upstream]) {
      expect(await cache.manifests([id], repository, "latest")).toEqual([]);
      expect(await cache.manifests([id], repository, manifest.digest)).toEqual([]);
      expect(await cache.entries([id], repository, "blob", digestOfText("layer"))).toEqual([]);
    }
    const own = [one.upstream.id];
    expect(await cache.manifests(own, "library/alpine2", "latest")).toEqual([]);
    expect(await cache.manifests(own, repository, "Latest")).toEqual([]);
    expect(await cache.manifests(own, repository, "%")).toEqual([]);
    expect(await cache.entries(own, repository, "blob", manifest.digest)).toEqual([]);
    expect(await cache.entries(own, repository, "manifest", digestOfText("layer"))).toEqual([]);
  });

  test("among several upstreams each has its own entry", async () => {
    const { cache, directory } = bench.metadata;
    const { group } = await sampleRegistry(bench.metadata);
    const upstreams: Upstream[] = [];
    for (let i = 0; i < 40; i++) {
      upstreams.push(await directory.saveUpstream(group.id, upstreamSettings({ name: `${i}` })));
    }
    for (const upstream of upstreams) {
      await cache.storeManifest(fetched(upstream, `of ${upstream.name}`));
    }
    const found = async (some: Upstream[]) => {
      const ids = some.map(({ id }) => id);
      const entries = await cache.manifests(ids, repository, "latest");
      return new Map(entries.map((e) => [e.upstreamId, new TextDecoder().decode(e.payload)]));
    };
    for (const length of [0, 1, 2, 5, 40]) {
      const some = upstreams.slice(0, length);
      const wanted = new Map(some.map(({ id, name }) => [id, `of ${name}`]));
      expect(await found(some)).toEqual(wanted);
    }
  });

  test("an index of one group makes another group's bytes named, not shown", async () => {
    const { cache } = bench.metadata;
    const one = await sampleRegistry(bench.metadata, "one");
    const two = await sampleRegistry(bench.metadata, "two");
    const image = fetched(one.upstream, "image", { tag: undefined });
    await cache.storeManifest(image);
    const children = [manifestChild("image")];
    await cache.storeManifest(fetched(two.upstream, "index", { children }));
    const [found] = await cache.manifests([two.upstream.id], repository, image.digest);
    expect(found).toMatchObject({ proof: "named", payload: image.payload });
  });

  test("an upstream stores into its own group only", async () => {
    const { cache } = bench.metadata;
    const one = await sampleRegistry(bench.metadata, "one");
    const two = await sampleRegistry(bench.metadata, "two");
    const groupId = two.group.id;
    await cache.storeManifest(fetched(one.upstream, "one", { groupId }));
    expect(await cache.manifests([one.upstream.id], repository, "latest")).toEqual([]);
  });
}

function blobTests(bench: MetadataBench): void {
  test("a stored blob is known whoever brought it, until it is forgotten", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const blob = shownBlob(upstream, "layer", { size: 2 ** 40 });
    expect(await cache.blob(blob.digest)).toBeUndefined();
    await cache.storeBlob(blob);
    expect(await cache.blob(blob.digest)).toEqual({
      size: 2 ** 40,
      storedAt: noon,
      verifiedAt: noon,
    });
    await cache.forgetBlob(blob.digest);
    await cache.forgetBlob(blob.digest);
    expect(await cache.blob(blob.digest)).toBeUndefined();
    expect(await cache.entries([upstream.id], repository, "blob", blob.digest)).toHaveLength(1);
  });

  test("storing a blob is safe to repeat", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const blob = shownBlob(upstream, "layer");
    await Promise.all([cache.storeBlob(blob), cache.storeBlob(blob)]);
    await cache.storeBlob({ ...blob, now: noon + 9 });
    expect(await cache.blob(blob.digest)).toEqual({
      size: 5,
      storedAt: noon,
      verifiedAt: noon + 9,
    });
    const entries = await cache.entries([upstream.id], repository, "blob", blob.digest);
    expect(entries).toMatchObject([{ proof: "shown", checkedAt: noon + 9 }]);
  });

  test("an entry can be given up; others stay", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    const manifest = fetched(upstream, "one");
    await cache.storeManifest(manifest);
    const [tag] = await cache.manifests([upstream.id], repository, "latest");
    await cache.deleteEntry(tag?.id ?? -1);
    await cache.deleteEntry(tag?.id ?? -1);
    expect(await cache.manifests([upstream.id], repository, "latest")).toEqual([]);
    expect(await cache.manifests([upstream.id], repository, manifest.digest)).toHaveLength(1);
  });

  test("downloads are counted, those of entries that are gone passed over", async () => {
    const { cache } = bench.metadata;
    const { upstream } = await sampleRegistry(bench.metadata);
    await cache.storeManifest(fetched(upstream, "one"));
    const before = await cache.manifests([upstream.id], repository, "latest");
    const key = { upstreamId: upstream.id, repository, kind: "manifest" } as const;
    await cache.countDownloads([]);
    await cache.countDownloads([
      { ...key, reference: "none", count: 1, lastAt: noon },
      { ...key, reference: "latest", count: 3, lastAt: noon },
    ]);
    expect(await cache.manifests([upstream.id], repository, "latest")).toEqual(before);
  });
}
