import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { type ArchiveFiles, dockerSave, layout, tarOf } from "../../fakes/archive.ts";
import { sampleBytes } from "../../fakes/image.ts";
import { until } from "../../fakes/until.ts";
import { adminToken } from "../../fakes/weir.ts";
import { api, bring, entries, forEachTest, image, name, weir } from "./archives.ts";

forEachTest();

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
