import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/manifest.ts";
import { buildIndex, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const empty = new TextEncoder().encode("{}");
const layer = sampleBytes(1000);
let upstream: FakeUpstream;
let weir: TestWeir;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const named = (mediaType: string, bytes: Uint8Array, more: object = {}) => {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...more };
};

/** Puts a manifest at the upstream, by tag and by digests, as it stands in the document. */
function publish(tag: string, document: object, mediaType: string = mediaTypes.ociManifest) {
  const payload = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, ...document }));
  const digests = [digestOf(payload), digestOf(payload, "sha512")] as const;
  for (const reference of [tag, ...digests]) {
    upstream.file(`/v2/${name}/manifests/${reference}`, payload, mediaType);
  }
  return { payload, digest: digests[0], sha512: digests[1], mediaType };
}

async function pulls(reference: string, { payload, mediaType }: ReturnType<typeof publish>) {
  const answer = await weir.manifest(name, reference);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, mediaType]);
  expect(Buffer.compare(await answer.bytes(), payload)).toBe(0);
}

const config = named("application/vnd.oci.empty.v1+json", empty);

describe("kinds of content", () => {
  test("an artifact with a subject, annotations and an empty configuration", async () => {
    const artifact = publish("sbom", {
      artifactType: "application/spdx+json",
      config,
      layers: [named("application/spdx+json", layer)],
      subject: named(mediaTypes.ociManifest, sampleBytes(5)),
      annotations: { created: "today" },
    });
    for (const bytes of [empty, layer]) upstream.blob(name, bytes);
    for (const reference of ["sbom", artifact.digest]) await pulls(reference, artifact);
    const answer = await weir.blob(name, digestOf(layer));
    expect(digestOf(await answer.bytes())).toBe(digestOf(layer));
  });

  test("layers of zstd, of a type of their own, named twice, and none at all", async () => {
    const zstd = named("application/vnd.oci.image.layer.v1.tar+zstd", layer);
    upstream.blob(name, layer);
    await pulls("zstd", publish("zstd", { config, layers: [zstd, zstd] }));
    const own = publish("own", { config, layers: [named("application/x.own", layer)] });
    await pulls("own", own);
    await pulls("none", publish("none", { config, layers: [] }));
    const answer = await weir.blob(name, zstd.digest);
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(digestOf(await answer.bytes())).toBe(zstd.digest);
  });

  test("a foreign layer: the manifest as it is, its URLs untouched and not asked", async () => {
    const elsewhere = await FakeUpstream.start();
    elsewhere.file("/layer", layer);
    const type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const foreign = named(type, layer, { urls: [`${elsewhere.url}/layer`] });
    const windows = publish(
      "windows",
      { mediaType: mediaTypes.dockerManifest, config, layers: [foreign] },
      mediaTypes.dockerManifest,
    );
    await pulls("windows", windows);
    expect((await weir.blob(name, foreign.digest)).status).toBe(404);
    expect(elsewhere.count()).toBe(0);
    await elsewhere.stop();
  });

  test("an index in an index, and an index that names itself", async () => {
    const image = publish("image", { config, layers: [] });
    const inner = publish(
      "inner",
      { manifests: [named(mediaTypes.ociManifest, image.payload)] },
      mediaTypes.ociIndex,
    );
    const outer = publish(
      "outer",
      { manifests: [named(mediaTypes.ociIndex, inner.payload)] },
      mediaTypes.ociIndex,
    );
    await pulls("outer", outer);
    await pulls(inner.digest, inner);
    await pulls(image.digest, image);
    // No document can name its own digest; the next best thing is to name one that says it is the other.
    const { digest } = buildIndex({});
    const self = { mediaType: mediaTypes.ociIndex, digest, size: 10 };
    await pulls("self", publish("self", { manifests: [self] }, mediaTypes.ociIndex));
    expect((await weir.manifest(name, digest)).status).toBe(404);
  });

  test("sha512: a manifest and a layer by that digest, verified as such", async () => {
    const digest = digestOf(layer, "sha512");
    upstream.file(`/v2/${name}/blobs/${digest}`, layer);
    const image = publish("latest", {
      config,
      layers: [{ ...named("application/x.own", layer), digest }],
    });
    upstream.fault("*", { headers: { "docker-content-digest": null, etag: null } });
    for (const reference of ["latest", image.sha512, image.sha512, image.digest]) {
      await pulls(reference, image);
    }
    const answer = await weir.blob(name, digest);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    expect(digestOf(await answer.bytes(), "sha512")).toBe(digest);
  });
});

describe("HEAD and GET of a blob agree", () => {
  /** Status and length, by HEAD and by GET. */
  async function both(digest: string) {
    const head = await weir.blob(name, digest, { method: "HEAD" });
    const get = await weir.blob(name, digest);
    const told = [head, get].map(({ status, headers }) => [status, headers.get("content-length")]);
    return { told, bytes: await get.bytes() };
  }

  test("where nobody says its size", async () => {
    const bytes = sampleBytes(3 << 20, 5);
    const digest = upstream.blob(name, bytes);
    upstream.fault("*", { framing: "chunked", ignoreRange: true });
    const { told, bytes: got } = await both(digest);
    expect(told).toEqual([
      [200, null],
      [200, null],
    ]);
    expect(digestOf(got)).toBe(digest);
  });

  test("where it is empty, and the upstream knows no HEAD", async () => {
    const digest = upstream.blob(name, new Uint8Array());
    upstream.fault("HEAD *", { status: 405 });
    const { told } = await both(digest);
    expect(told).toEqual([
      [200, "0"],
      [200, "0"],
    ]);
    await weir.settled(name, digest);
    const answer = await weir.blob(name, digest, { headers: { Range: "bytes=5-4" } });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });
});

test("ranges with many digits are the same cold and cached", async () => {
  const bytes = sampleBytes(2 << 20, 6);
  const digest = upstream.blob(name, bytes);
  const Range = `bytes=0-${"0".repeat(80)}9`;
  for (const step of ["cold", "cached"]) {
    const answer = await weir.blob(name, digest, { headers: { Range } });
    expect([step, answer.status, await answer.bytes()]).toEqual([step, 206, bytes.slice(0, 10)]);
    expect(weir.logLines.findLast(({ message }) => message === "request")).toMatchObject({
      status: 206,
    });
    await weir.settled(name, digest);
  }
});
