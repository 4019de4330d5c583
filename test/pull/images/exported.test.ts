import { describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { untar } from "../../fakes/archive.ts";
import { buildImage, buildIndex, sampleBytes } from "../../fakes/image.ts";
import { until } from "../../fakes/until.ts";
import { adminToken, TestWeir } from "../../fakes/weir.ts";
import {
  api,
  bytesOf,
  exported,
  forEachTest,
  image,
  large,
  name,
  upstream,
  weir,
} from "./archives.ts";

forEachTest();

describe("an export", () => {
  const arm = buildImage({ architecture: "arm64", layers: [sampleBytes(400, 5)] });
  const index = buildIndex({ amd64: image, arm64: arm });

  test("fetches what is not cached, and goes back in elsewhere", async () => {
    upstream.image(name, "3.20", index);
    const answer = await exported(`${name}:3.20`);
    expect(answer.headers.get("content-type")).toBe("application/x-tar");
    const archive = await bytesOf(answer);
    const files = await untar(archive);
    expect([...files.keys()].filter((file) => file.startsWith("blobs/"))).toHaveLength(3 + 5);
    const other = await TestWeir.start({ upstreams: [{ fake: upstream }] });
    const before = upstream.count();
    try {
      const there = `${other.url}/api/v4${api}/upstreams/1/import`;
      const headers = { "PRIVATE-TOKEN": adminToken };
      const reply = await fetch(there, { method: "POST", headers, body: new Uint8Array(archive) });
      expect(await reply.json()).toMatchObject({
        images: [{ repository: name, tag: "3.20", digest: index.digest }],
        absent: 0,
      });
      expect(await bytesOf(await other.manifest(name, "3.20"))).toEqual(index.payload);
      expect((await other.blob(name, image.layers[1] as Digest)).status).toBe(200);
      expect(upstream.count()).toBe(before);
    } finally {
      await other.stop();
    }
  });

  test("takes one platform", async () => {
    upstream.image(name, "3.20", index);
    const files = await untar(
      await bytesOf(await exported(`${name}:3.20`, { platform: "linux/arm64" })),
    );
    const { manifests } = JSON.parse(new TextDecoder().decode(files.get("index.json"))) as {
      manifests: unknown[];
    };
    expect(manifests).toEqual([
      {
        mediaType: arm.mediaType,
        digest: arm.digest,
        size: arm.payload.length,
        annotations: {
          "io.containerd.image.name": `weir.test:5000/virtual_registries/container/1/${name}:3.20`,
          "org.opencontainers.image.ref.name": `${name}:3.20`,
        },
      },
    ]);
    expect(files.has(`blobs/${image.digest.replace(":", "/")}`)).toBe(false);
    const missing = await exported(`${name}:3.20`, { platform: "linux/s390x" });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({ message: "the image is not there for this platform" });
  });

  test("for docker has both forms", async () => {
    upstream.image(name, "3.20", index);
    const files = await untar(await bytesOf(await exported(`${name}:3.20`, { format: "docker" })));
    expect(JSON.parse(new TextDecoder().decode(files.get("manifest.json")))).toEqual([
      {
        Config: `blobs/${image.config?.replace(":", "/")}`,
        RepoTags: [`weir.test:5000/virtual_registries/container/1/${name}:3.20`],
        Layers: image.layers.map((layer) => `blobs/${layer.replace(":", "/")}`),
      },
    ]);
    const artifact = buildImage({ artifactType: "application/vnd.a" });
    const payload = new TextDecoder()
      .decode(artifact.payload)
      .replace("application/vnd.oci.image.config.v1+json", "application/vnd.oci.empty.v1+json");
    upstream.image("artifact", "1", {
      ...artifact,
      payload: Buffer.from(payload),
      digest: digestOf(Buffer.from(payload)),
    });
    const refused = await exported("artifact:1", { format: "docker" });
    expect(await refused.json()).toEqual({ message: "this is no image that docker could load" });
  });

  test("is cut where a stored blob is not what it should be", async () => {
    upstream.image(name, "3.20", image);
    await bytesOf(await exported(`${name}:3.20`));
    const layer = image.layers[1] as Digest;
    await weir.settled(name, layer);
    const wrong = Uint8Array.from(large);
    wrong[7] = (wrong[7] ?? 0) ^ 1;
    await weir.spoil(layer, wrong);
    expect(exported(`${name}:3.20`).then(bytesOf)).rejects.toThrow();
  });

  test("of too much is refused before anything is fetched", async () => {
    const members = Array.from({ length: 1001 }, (_, i) => {
      return { mediaType: image.mediaType, digest: digestOf(sampleBytes(8, i)), size: 8 };
    });
    const mediaType = index.mediaType;
    const payload = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: members }),
    );
    upstream.image(name, "many", { ...index, payload, digest: digestOf(payload), members: [] });
    const refused = await exported(`${name}:many`);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({
      message: "these images have too many manifests for one archive",
    });
    expect(upstream.count("GET /v2/*/manifests/*")).toBe(1);
  });

  test("of more manifests than are kept in memory is refused", async () => {
    const members = Array.from({ length: 4 }, (_, i) => {
      const text = new TextDecoder().decode(image.payload).slice(0, -1);
      const payload = Buffer.from(`${text},"annotations":{"a":"${i}${"x".repeat(9 << 20)}"}}`);
      const digest = digestOf(payload);
      upstream.image(name, `m${i}`, { ...image, payload, digest });
      return { mediaType: image.mediaType, digest, size: payload.length };
    });
    const mediaType = index.mediaType;
    const payload = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: members }),
    );
    upstream.image(name, "large", { ...index, payload, digest: digestOf(payload), members: [] });
    const refused = await exported(`${name}:large`);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({
      message: "these images have too many manifests for one archive",
    });
  });

  test("is one of four of its group, each until it is read or left", async () => {
    upstream.image(name, "3.20", image);
    await bytesOf(await exported(`${name}:3.20`));
    const hung = buildImage({ layers: [sampleBytes(5000, 9)] });
    upstream.image(name, "slow", hung);
    upstream.fault(`GET /v2/*/blobs/${hung.layers[0]}`, { hang: true });
    const aborts = Array.from({ length: 4 }, () => new AbortController());
    const answers = await Promise.all(
      aborts.map(({ signal }) =>
        fetch(`${weir.url}/api/v4${api}/registries/1/export`, {
          method: "POST",
          headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
          body: JSON.stringify({ images: [`${name}:slow`] }),
          signal,
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await exported(`${name}:3.20`)).status).toBe(429);
    for (const abort of aborts) abort.abort();
    await until(async () => {
      const answer = await exported(`${name}:3.20`);
      await answer.arrayBuffer();
      return answer.status === 200;
    });
    expect((await exported("nothing:1")).status).toBe(404);
  });

  test("is on record", async () => {
    upstream.image(name, "3.20", image);
    await bytesOf(await exported(`${name}:3.20`));
    expect(await weir.api("GET", "/audit_events?action=registry.export")).toMatchObject([
      { subject: { kind: "registry", id: 1 }, details: { images: [`${name}:3.20`] } },
    ]);
  });

  test("of what is not there is refused before anything is sent", async () => {
    expect((await exported("nothing:1")).status).toBe(404);
    expect((await exported("nothing:1,UPPER")).status).toBe(400);
    expect((await exported("a:1", { format: "zip" })).status).toBe(400);
  });
});
