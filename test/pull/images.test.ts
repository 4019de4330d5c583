import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { localManifest } from "../../src/oci/archive.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { type ArchiveFiles, dockerSave, layout, tarOf, untar } from "../fakes/archive.ts";
import { buildImage, buildIndex, sampleBytes } from "../fakes/image.ts";
import { until } from "../fakes/until.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { adminToken, TestWeir } from "../fakes/weir.ts";

const api = "/virtual_registries/container";
const large = sampleBytes(3 << 20, 7);
const image = buildImage({ layers: [sampleBytes(1000), large] });
const name = "library/alpine";

let upstream: FakeUpstream;
let weir: TestWeir;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], others: [{ fake: upstream }] });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

interface Reply {
  status: number;
  body: unknown;
  /** What is said of a refusal, whatever form that has. */
  message: string;
}

/** The body is any that `fetch` takes. */
async function bring(body: BodyInit, query = "", id = 1): Promise<Reply> {
  const answer = await fetch(`${weir.url}/api/v4${api}/upstreams/${id}/import${query}`, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": adminToken },
    body,
  });
  const said: unknown = await answer.json();
  return { status: answer.status, body: said, message: JSON.stringify(said) };
}

async function exported(images: string, more: object = {}): Promise<Response> {
  return fetch(`${weir.url}/api/v4${api}/registries/1/export`, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
    body: JSON.stringify({ images: images.split(","), ...more }),
  });
}

const entries = async () =>
  (await weir.api("GET", `${api}/upstreams/1/cache_entries`)) as { relative_path: string }[];
async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
}

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

describe("an archive that is wrong leaves no entry", () => {
  const cases: [string, (files: ArchiveFiles) => BodyInit, string][] = [
    ["is cut", (files) => tarOf(files).subarray(0, 1 << 20), "the archive ends too soon"],
    [
      "is cut within gzip",
      (files) => new Uint8Array(gzipSync(tarOf(files))).subarray(0, 1 << 20),
      "broken or cut",
    ],
    ["is no archive", () => "not a tar", "ends too soon"],
    ["is another archive", () => tarOf(new Map([["a", sampleBytes(5)]])), "it is no image archive"],
    [
      "has a large blob of another digest",
      (files) => tarOf(changed(files, image.layers[1] as Digest, (bytes) => (bytes[9] = 1))),
      `the archive's bytes are not ${image.layers[1]}`,
    ],
    [
      "has a small blob of another digest",
      (files) => tarOf(changed(files, image.digest, (bytes) => (bytes[9] = 1))),
      `the archive's bytes are not ${image.digest}`,
    ],
    [
      "lies of a size",
      (files) => {
        const text = new TextDecoder().decode(files.get("index.json"));
        return tarOf(files.set("index.json", Buffer.from(text.replace(/"size":\d+/, '"size":7'))));
      },
      `the size of ${image.digest} is not the one that is said of it`,
    ],
    [
      "lies of a type",
      (files) => {
        const text = new TextDecoder().decode(files.get("index.json"));
        return tarOf(files.set("index.json", Buffer.from(text.replace("manifest.v1", "index.v1"))));
      },
      "disagree",
    ],
    [
      "leads out",
      (files) => tarOf(files.set("../etc/passwd", sampleBytes(5))),
      "a name in the archive leads out of it",
    ],
    [
      "has a blob that nothing can name",
      (files) => tarOf(files.set("blobs/sha256/abc", sampleBytes(5))),
      "a blob of the archive has a name that is no digest",
    ],
  ];
  for (const [what, body, message] of cases) {
    test(`because it ${what}`, async () => {
      const reply = await bring(body(layout(image)), `?repository=${name}&tag=1`);
      expect(reply.status).toBe(422);
      expect(reply.message).toContain(message);
      expect(await entries()).toEqual([]);
      expect(readdirSync(weir.folder("spool"))).toEqual([]);
      // What could not be used has not closed the way either.
      expect((await bring(tarOf(layout(image)), `?repository=${name}&tag=1`)).status).toBe(201);
    });
  }

  test("because a layer of docker save is not the one that its configuration names", async () => {
    const files = dockerSave([sampleBytes(2000, 3)], ["alpine:1"]);
    const layer = [...files.keys()].find((file) => file.endsWith("layer.tar")) ?? "";
    const reply = await bring(tarOf(files.set(layer, sampleBytes(2000, 4))));
    expect(reply.message).toContain("is not the one that the configuration names");
  });

  test("because its sender leaves", async () => {
    const archive = tarOf(layout(image));
    const abort = new AbortController();
    const sending = fetch(`${weir.url}/api/v4${api}/upstreams/1/import?repository=${name}`, {
      method: "POST",
      headers: { "PRIVATE-TOKEN": adminToken },
      body: new ReadableStream({
        start: (controller) => controller.enqueue(archive.subarray(0, 2 << 20)),
      }),
      signal: abort.signal,
    }).catch((error: unknown) => error);
    await until(() => readdirSync(weir.folder("spool")).length > 0);
    abort.abort();
    await sending;
    await until(() => readdirSync(weir.folder("spool")).length === 0);
    expect(await entries()).toEqual([]);
  });

  test("because nothing more comes of it for two minutes", async () => {
    const sending = fetch(`${weir.url}/api/v4${api}/upstreams/1/import?repository=${name}`, {
      method: "POST",
      headers: { "PRIVATE-TOKEN": adminToken },
      body: new ReadableStream({
        start: (controller) => controller.enqueue(tarOf(layout(image)).subarray(0, 2 << 20)),
      }),
    });
    await until(() => readdirSync(weir.folder("spool")).length > 0);
    await until(() => {
      weir.clock.step(130_000);
      return readdirSync(weir.folder("spool")).length === 0;
    });
    expect((await sending).status).toBe(408);
  });

  test("because two of its group are under way, which leaves others their places", async () => {
    const senders: AbortController[] = [];
    const open = () => {
      const abort = new AbortController();
      senders.push(abort);
      return fetch(`${weir.url}/api/v4${api}/upstreams/1/import?repository=${name}`, {
        method: "POST",
        headers: { "PRIVATE-TOKEN": adminToken },
        body: new ReadableStream({
          start: (controller) => controller.enqueue(tarOf(layout(image)).subarray(0, 2 << 20)),
        }),
        signal: abort.signal,
      }).catch((error: unknown) => error);
    };
    const sending = [open(), open()];
    await until(() => readdirSync(weir.folder("spool")).length === 2);
    const refused = await bring(tarOf(layout(image)), `?repository=${name}&tag=1`);
    expect(refused.status).toBe(429);
    expect((await bring(tarOf(layout(image)), `?repository=${name}&tag=1`, 2)).status).toBe(201);
    for (const abort of senders) abort.abort();
    await Promise.all(sending);
    await until(() => readdirSync(weir.folder("spool")).length === 0);
    expect((await bring(tarOf(layout(image)), `?repository=${name}&tag=1`)).status).toBe(201);
  });

  test("because the upstream is changed meanwhile", async () => {
    const archive = tarOf(layout(image));
    const rest = Promise.withResolvers<void>();
    const sending = bring(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(archive.subarray(0, 2 << 20));
          await rest.promise;
          controller.enqueue(archive.subarray(2 << 20));
          controller.close();
        },
      }),
      `?repository=${name}`,
    );
    await until(() => readdirSync(weir.folder("spool")).length > 0);
    const login = { username: "a", password: "b" };
    await weir.api("PATCH", `${api}/upstreams/1`, login);
    rest.resolve();
    const reply = await sending;
    expect(reply.status).toBe(409);
    expect(reply.message).toContain("was changed while the archive was read");
    expect(await entries()).toEqual([]);
  });
});

describe("an archive that names the same again and again", () => {
  test("is walked once: indexes within indexes multiply nothing", async () => {
    const files = layout(image);
    let { mediaType, digest, payload }: Pick<typeof image, "mediaType" | "digest" | "payload"> =
      image;
    for (let level = 0; level < 3; level++) {
      const descriptor = { mediaType, digest, size: payload.length };
      mediaType = "application/vnd.oci.image.index.v1+json";
      const manifests = Array.from({ length: 1000 }, () => descriptor);
      payload = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
      digest = digestOf(payload);
      files.set(`blobs/${digest.replace(":", "/")}`, payload);
    }
    const manifests = [{ mediaType, digest, size: payload.length }];
    files.set("index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
    const reply = await bring(tarOf(files), `?repository=${name}&tag=deep`);
    expect(reply).toMatchObject({ status: 201, body: { blobs: 3, absent: 0 } });
    expect((await weir.manifest(name, "deep")).headers.get("docker-content-digest")).toBe(digest);
  });

  test("has at most 1000 names", async () => {
    const names = Array.from({ length: 1001 }, (_, i) => `${name}:v${i}`);
    const reply = await bring(tarOf(dockerSave([sampleBytes(2000, 3)], names)));
    expect(reply.status).toBe(422);
    expect(reply.message).toContain("its images have more than 1000 names");
    expect(await entries()).toEqual([]);
  });
});

test("no other request may have a large body", async () => {
  const answer = await fetch(`${weir.url}/v2/`, { method: "POST", body: new Uint8Array(65_537) });
  expect(answer.status).toBe(413);
  expect(await answer.text()).toContain("the body must have at most 65536 bytes");
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
  const sent = fetch(`${weir.url}/api/v4/groups`, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
    body: endless,
  });
  // Refused, or cut while it was being sent.
  expect(
    await sent.then(
      ({ status }) => status,
      () => 413,
    ),
  ).toBe(413);
});

test("what an archive cannot be called is refused by its field", async () => {
  const archive = () => tarOf(layout(image));
  expect((await bring(archive())).body).toEqual({
    message: { repository: ["is missing: the archive does not say what its images are called"] },
  });
  expect((await bring(archive(), "?repository=UPPER")).status).toBe(400);
  expect((await bring(archive(), "?repository=a&tag=-")).status).toBe(400);
  const rules = [{ target: "repository", effect: "deny", pattern: "secret/**" }];
  await weir.api("PATCH", `${api}/upstreams/1`, { rules });
  expect((await bring(archive(), "?repository=secret/a")).message).toContain(
    "the upstream's rules do not allow secret/a",
  );
  const two = dockerSave([sampleBytes(10)], ["a:1"]);
  const manifest = new TextDecoder().decode(two.get("manifest.json"));
  two.set("manifest.json", Buffer.from(manifest.replace(/^\[(.*)\]$/, "[$1,$1]")));
  expect((await bring(tarOf(two), "?tag=9")).body).toEqual({
    message: { tag: ["must be left out: the archive has 2 images"] },
  });
  expect((await bring(archive(), "", 99)).status).toBe(404);
});

function changed(files: ArchiveFiles, digest: Digest, change: (bytes: Uint8Array) => void) {
  const path = `blobs/${digest.replace(":", "/")}`;
  const bytes = Uint8Array.from(files.get(path) ?? []);
  change(bytes);
  return files.set(path, bytes);
}

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
