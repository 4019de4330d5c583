import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { localManifest } from "../../../src/oci/archive.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { dockerSave, layout, tarOf } from "../../fakes/archive.ts";
import { buildImage, buildIndex, sampleBytes } from "../../fakes/image.ts";
import { bring, bytesOf, forEachTest, image, large, name, upstream, weir } from "./archives.ts";

forEachTest();

describe("an archive that is imported", () => {
  test("is pulled without the upstream being asked, and is on record", async () => {
    const archive = tarOf(layout(image));
    const reply = await bring(archive, `?repository=${name}&tag=3.20`);
    expect(reply).toMatchObject({
      status: 201,
      body: {
        images: [{ repository: name, tag: "3.20", digest: image.digest }],
        blobs: 3,
        bytes: [...image.blobs.values()].reduce((sum, { length }) => sum + length, 0),
        absent: 0,
      },
    });
    const manifest = await weir.manifest(name, "3.20");
    expect(manifest.headers.get("x-weir-cache")).toStartWith("hit");
    expect(await bytesOf(manifest)).toEqual(image.payload);
    for (const [digest, bytes] of image.blobs) {
      const blob = await weir.blob(name, digest);
      expect(blob.headers.get("x-weir-cache")).toStartWith("hit");
      expect(digestOf(await bytesOf(blob))).toBe(digestOf(bytes));
    }
    expect(upstream.count()).toBe(0);
    expect(await weir.api("GET", "/audit_events?action=upstream.import")).toMatchObject([
      {
        subject: { kind: "upstream", id: 1 },
        details: { images: [`${name}:3.20@${image.digest}`] },
      },
    ]);
  });

  test("is fresh from now on, then checked, and served stale while the upstream is away", async () => {
    await bring(tarOf(layout(image)), `?repository=${name}&tag=3.20`);
    weir.clock.step(23 * 3_600_000);
    expect((await weir.manifest(name, "3.20")).headers.get("x-weir-cache")).toStartWith("hit");
    expect(upstream.count()).toBe(0);
    weir.clock.step(2 * 3_600_000);
    upstream.fault("* /v2/*", { reset: true });
    const stale = await weir.manifest(name, "3.20");
    expect(stale.headers.get("x-weir-cache")).toStartWith("stale");
    expect(await bytesOf(stale)).toEqual(image.payload);
    upstream.heal();
    upstream.image(name, "3.20", buildImage({ label: "newer" }));
    weir.clock.step(61_000);
    const newer = await weir.manifest(name, "3.20");
    expect(newer.headers.get("docker-content-digest")).not.toBe(image.digest);
  });

  for (const [how, pack] of [
    ["gzip", (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))],
    ["zstd", (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes))],
  ] as const) {
    test(`may be compressed with ${how}`, async () => {
      const reply = await bring(new Uint8Array(pack(tarOf(layout(image)))), `?repository=${name}`);
      expect(reply).toMatchObject({ status: 201, body: { images: [{ tag: null }] } });
      expect((await weir.manifest(name, image.digest)).status).toBe(200);
    });
  }

  test("says itself how its images are called", async () => {
    const annotations = { "io.containerd.image.name": "docker.io/library/alpine:3.20" };
    const reply = await bring(tarOf(layout(image, annotations)));
    expect(reply.body).toMatchObject({
      images: [{ repository: name, tag: "3.20", digest: image.digest }],
    });
    const short = { "org.opencontainers.image.ref.name": "edge" };
    expect((await bring(tarOf(layout(image, short)), "?repository=other")).body).toMatchObject({
      images: [{ repository: "other", tag: "edge", digest: image.digest }],
    });
  });

  test("of docker save's old form gets a manifest of its own, the same each time", async () => {
    const layers = [sampleBytes(2000, 3), large];
    const files = dockerSave(layers, ["alpine:3.19", "docker.io/library/alpine:old"]);
    const first = await bring(tarOf(files));
    const config = [...files.values()][0] ?? new Uint8Array();
    const descriptor = (bytes: Uint8Array) => ({ digest: digestOf(bytes), size: bytes.length });
    const digest = digestOf(localManifest(descriptor(config), layers.map(descriptor)));
    expect(first).toMatchObject({
      status: 201,
      body: {
        images: [
          { repository: "alpine", tag: "3.19", digest },
          { repository: name, tag: "old", digest },
        ],
      },
    });
    expect((await bring(new Uint8Array(gzipSync(tarOf(files))))).body).toEqual(first.body);
    const manifest = await weir.manifest(name, "old");
    expect(manifest.headers.get("content-type")).toContain("docker.distribution.manifest.v2");
    expect((await weir.blob(name, digestOf(large))).status).toBe(200);
  });

  test("with an index may lack images for other platforms, which are asked for when they are wanted", async () => {
    const arm = buildImage({ architecture: "arm64" });
    const index = buildIndex({ amd64: image, arm64: arm });
    const files = layout(index);
    files.delete(`blobs/${arm.digest.replace(":", "/")}`);
    const reply = await bring(tarOf(files), `?repository=${name}&tag=all`);
    expect(reply).toMatchObject({ status: 201, body: { absent: 1 } });
    expect((await weir.manifest(name, "all")).status).toBe(200);
    expect((await weir.manifest(name, image.digest)).status).toBe(200);
    expect(upstream.count()).toBe(0);
    upstream.image(name, "arm", arm);
    expect((await weir.manifest(name, arm.digest)).headers.get("x-weir-cache")).toStartWith("miss");
  });

  test("opens nothing to another group, and nothing that was not in it", async () => {
    // The other group has a layer that the archive names and has not got.
    const secret = buildImage({ layers: [sampleBytes(5000, 99)] });
    upstream.image("theirs", "1", secret);
    const layer = secret.layers[0] as Digest;
    await weir.other("theirs", "manifests", "1");
    await (await weir.other("theirs", "blobs", layer)).arrayBuffer();
    upstream.fault("* /v2/*", { status: 404 });
    const files = layout(secret);
    files.delete(`blobs/${layer.replace(":", "/")}`);
    const reply = await bring(tarOf(files), `?repository=${name}`);
    expect(reply.status).toBe(422);
    expect(reply.message).toContain("the archive lacks a blob of");
    expect((await weir.blob(name, layer)).status).toBe(404);
    await bring(tarOf(layout(image)), `?repository=${name}&tag=1`);
    expect((await weir.other(name, "manifests", image.digest)).status).toBe(404);
    expect((await weir.other(name, "blobs", image.layers[1] as Digest)).status).toBe(404);
  });
});
