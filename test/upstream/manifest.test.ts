import { describe, expect, test } from "bun:test";
import { manifestAccept, maxManifestBytes } from "../../src/oci/manifest.ts";
import type { UnsureReason } from "../../src/upstream/contract.ts";
import { buildImage, type Fault, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { digestFrom, failureOf, found, latest, World } from "./world.ts";

const path = "/v2/library/alpine/manifests/latest";

/** A fake with one image, and what is needed to ask for it. */
async function withImage(world: World, settings = {}) {
  const fake = await world.fake();
  const image = fake.image("library/alpine", "latest", buildImage());
  const upstream = world.upstream(fake, settings);
  const get = () => world.client.manifest(upstream, "library/alpine", latest);
  const check = (deadline = 5000) =>
    world.client.checkManifest(upstream, "library/alpine", latest, deadline);
  return { fake, image, upstream, get, check };
}

describe("a manifest", () => {
  test("comes with what the upstream says of it", async () => {
    await using world = new World();
    const { fake, image, get } = await withImage(world);
    expect(await get()).toEqual({
      found: true,
      contentType: image.mediaType,
      size: image.payload.length,
      claimedDigest: image.digest,
      etag: image.digest,
      payload: Buffer.from(image.payload),
    });
    expect(fake.count()).toBe(1);
  });

  test("by digest, and below a path of the upstream's URL", async () => {
    await using world = new World();
    const { fake, image } = await withImage(world);
    const upstream = world.upstream(`${fake.url}/mirror`);
    fake.file(`/mirror/v2/a/b/manifests/${image.digest}`, "{}");
    const reference = { kind: "digest", digest: image.digest } as const;
    const manifest = found(await world.client.manifest(upstream, "a/b", reference));
    expect(new TextDecoder().decode(manifest.payload)).toBe("{}");
  });

  test("is asked for with a fixed set of headers", async () => {
    await using world = new World();
    const { fake, get } = await withImage(world);
    await get();
    expect(fake.seen()[0]?.headers.toJSON()).toEqual({
      accept: manifestAccept,
      "accept-encoding": "identity",
      connection: "keep-alive",
      host: new URL(fake.url).host,
      "user-agent": "weir/1.2.3",
      via: "1.1 weir-test-instance",
    });
  });

  test("chunked, without a length, is whole by its framing", async () => {
    await using world = new World();
    const { fake, image, get } = await withImage(world);
    fake.fault(`GET ${path}`, { framing: "chunked" });
    expect(found(await get()).size).toBe(image.payload.length);
  });

  test("a length beside chunked framing counts for nothing", async () => {
    await using world = new World();
    const { fake, image, get, check } = await withImage(world);
    fake.fault(`* ${path}`, { framing: "chunked", headers: { "content-length": "3" } });
    expect(found(await get()).size).toBe(image.payload.length);
    expect(found(await check()).size).toBeUndefined();
  });

  test("checked by HEAD: the description alone", async () => {
    await using world = new World();
    const { fake, image, check } = await withImage(world);
    expect(await check()).toEqual({
      found: true,
      contentType: image.mediaType,
      size: image.payload.length,
      claimedDigest: image.digest,
      etag: image.digest,
    });
    expect(fake.count("HEAD *")).toBe(1);
    expect(fake.count()).toBe(1);
  });

  test.each([405, 501])("checked by GET where HEAD is answered %d", async (status) => {
    await using world = new World();
    const { fake, image, check } = await withImage(world);
    fake.fault("HEAD *", { status });
    fake.fault("GET *", { tap: new Tap() });
    expect(found(await check()).claimedDigest).toBe(image.digest);
    expect([fake.count("HEAD *"), fake.count("GET *")]).toEqual([1, 1]);
  });

  test.each([
    ['W/"abc"', "abc"],
    ['"abc"', "abc"],
    ["abc", undefined],
    [null, undefined],
    [`"${"x".repeat(600)}"`, undefined],
  ])("etag %p is %p", async (etag, expected) => {
    await using world = new World();
    const { fake, check } = await withImage(world);
    fake.fault("HEAD *", { headers: { etag } });
    expect(found(await check()).etag).toBe(expected);
  });

  test("many calls share kept-alive connections", async () => {
    await using world = new World();
    const { fake, get, check } = await withImage(world);
    for (let i = 0; i < 5; i++) {
      await get();
      await check();
      await world.client.manifest(world.upstream(fake, { id: 1 }), "no/such", latest);
    }
    expect(fake.server.connections).toBe(1);
  });
});

describe("absent", () => {
  test("is a 404", async () => {
    await using world = new World();
    const { fake, get, check, upstream } = await withImage(world);
    fake.remove(path);
    expect(await get()).toEqual({ found: false });
    expect(await check()).toEqual({ found: false });
    const digest = digestFrom(`sha256:${"0".repeat(64)}`);
    expect(await world.client.checkBlob(upstream, "x", digest)).toEqual({ found: false });
  });

  test.each([401, 403])("is %d too, where the upstream's settings say so", async (status) => {
    await using world = new World();
    const { fake, get, check } = await withImage(world, { deniedMeans: "absent" });
    fake.fault(`* ${path}`, { status });
    expect(await get()).toEqual({ found: false });
    expect(await check()).toEqual({ found: false });
  });
});

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const lies: [what: string, fault: Fault, reason: UnsureReason, words: string][] = [
  ["401", { status: 401 }, "denied", "does not let us pull"],
  ["403", { status: 403 }, "denied", "does not let us pull"],
  ["429", { status: 429 }, "rate_limited", "status 429"],
  ["500", { status: 500, body: "secret" }, "broken", "status 500"],
  ["503 with a large page", { status: 503, body: "x".repeat(1 << 20) }, "broken", "status 503"],
  ["400", { status: 400 }, "invalid", "status 400"],
  ["204", { status: 204 }, "invalid", "status 204"],
  ["206 that was not asked for", { status: 206 }, "invalid", "status 206"],
  ["300", { status: 300 }, "invalid", "status 300"],
  ["304 that was not asked for", { status: 304 }, "invalid", "status 304"],
  [
    "999",
    { raw: "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n" },
    "invalid",
    "answered with no HTTP status",
  ],
  [
    "gzip",
    { headers: { "content-encoding": "gzip" } },
    "invalid",
    "answered with an encoded body that was not asked for",
  ],
  [
    "gzip below chunked",
    { raw: `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n` },
    "invalid",
    "encoded",
  ],
  ["no length", { framing: "close" }, "invalid", "answered with a manifest of unknown length"],
  [
    "too long by its length",
    { headers: { "content-length": String(maxManifestBytes + 1) } },
    "invalid",
    "too large",
  ],
  [
    "too long, chunked",
    { body: new Uint8Array(maxManifestBytes + 1), framing: "chunked" },
    "invalid",
    "too long",
  ],
  ["cut", { cutAfter: 20 }, "unreachable", "broke off the connection"],
  [
    "cut while chunked",
    { cutAfter: 20, framing: "chunked" },
    "unreachable",
    "broke off the connection",
  ],
  ["no answer at all", { reset: true }, "unreachable", "broke off the connection"],
  ["not HTTP", { raw: "220 mail.test ESMTP\r\n\r\n" }, "invalid", "answered with malformed HTTP"],
  [
    "a length that is none",
    { raw: `${head}Content-Length: +5\r\n\r\nhello` },
    "invalid",
    "malformed",
  ],
  [
    "two lengths",
    { raw: `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello` },
    "invalid",
    "malformed",
  ],
  [
    "a bad chunk",
    { raw: `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n` },
    "invalid",
    "malformed",
  ],
  [
    "another protocol",
    { raw: "HTTP/1.1 101 No\r\nUpgrade: x\r\n\r\n" },
    "invalid",
    "answered with malformed HTTP",
  ],
  [
    "too many headers",
    { raw: `${head}${"a: 1\r\n".repeat(500)}\r\n` },
    "invalid",
    "answered with malformed HTTP",
  ],
];

describe("a lie", () => {
  test.each(lies)("%s", async (_, fault, reason, words) => {
    await using world = new World();
    const { fake, get } = await withImage(world);
    fake.fault("GET *", fault);
    const error = await failureOf(get());
    expect(error).toMatchObject({ reason, upstream: "Fake" });
    expect(error.message).toStartWith('upstream "Fake" ');
    expect(error.message).toContain(words);
    expect(Bun.inspect(error)).not.toMatch(/127\.0\.0\.1|secret|http:\/\//);
  });

  test("that is over is forgotten", async () => {
    await using world = new World();
    const { fake, get } = await withImage(world);
    fake.fault("GET *", { status: 501, times: 1 });
    expect((await failureOf(get())).reason).toBe("broken");
    found(await get());
  });

  test.each([
    ["17", 17],
    ["0", 1],
    ["999999", 3600],
    ["Thu, 01 Jan 2026 00:01:30 GMT", 90],
    ["Thu, 01 Jan 2020 00:00:00 GMT", 1],
    ["soon", undefined],
    ["-5", undefined],
    ["Thu, 99 Foo 2026 99:99:99 GMT", undefined],
    [null, undefined],
  ])("Retry-After %p means %p seconds", async (header, seconds) => {
    await using world = new World();
    const { fake, get } = await withImage(world);
    fake.fault("GET *", { status: 429, headers: { "retry-after": header } });
    const refused = failureOf(get());
    // A short rest is waited for once.
    if (seconds === 1) await until(() => world.clock.next <= 1250);
    if (seconds === 1) world.clock.step(1250);
    expect((await refused).retryAfterSeconds).toBe(seconds);
  });
});

describe("no connection", () => {
  test("to a port where nobody listens", async () => {
    await using world = new World();
    const { fake, get } = await withImage(world);
    await fake.stop();
    const error = await failureOf(get());
    expect(error).toMatchObject({
      reason: "unreachable",
      message: 'upstream "Fake" cannot be reached',
    });
  });

  test("to a name that does not resolve", async () => {
    await using world = new World();
    const error = await failureOf(
      world.client.manifest(world.upstream("http://no.test"), "x", latest),
    );
    expect(error).toMatchObject({ reason: "unreachable" });
    expect(error.message).toContain("has a host name that does not resolve");
  });

  test.each([
    "http://inner.test",
    "http://10.0.0.1",
    "http://0x0a000001",
    "http://[::ffff:127.0.0.1]",
    "http://localhost",
  ])("to an address that is not allowed: %s", async (url) => {
    await using world = new World(async (host) => [
      host === "localhost" ? "127.0.0.9" : "10.0.0.1",
    ]);
    const error = await failureOf(world.client.manifest(world.upstream(url), "x", latest));
    expect(error).toMatchObject({ reason: "blocked" });
    expect(error.message).not.toContain("10.0");
    expect(world.lines.join()).toContain("address not allowed");
  });

  test.each([
    ["ftp://registry.test", "leads to a URL that is not http or https"],
    ["http://user:secret@registry.test", "leads to a URL with a user name or password in it"],
  ])("to %s", async (url, words) => {
    await using world = new World();
    const error = await failureOf(world.client.manifest(world.upstream(url), "x", latest));
    expect(error).toMatchObject({ reason: "blocked", message: `upstream "Fake" ${words}` });
  });

  test("another address of the same name is tried", async () => {
    // Nobody listens at the first one.
    await using world = new World(
      async () => ["127.0.0.2", "127.0.0.1"],
      [{ range: "127.0.0.0/8", port: undefined }],
    );
    const fake = await world.fake({ host: "two.test" });
    fake.image("x", "latest");
    found(await world.client.manifest(world.upstream(fake), "x", latest));
  });

  test("only the address that was judged is dialled, whatever the name means a moment later", async () => {
    const answers = [["127.0.0.1"], ["10.0.0.1"]];
    await using world = new World(async () => answers.shift() ?? []);
    const fake = await world.fake({ host: "rebind.test" });
    fake.image("x", "latest");
    const get = () => world.client.manifest(world.upstream(fake), "x", latest);
    found(await get());
    expect(fake.seen()[0]?.headers.get("host")).toBe(new URL(fake.url).host);
    world.clock.step(30_000);
    expect((await failureOf(get())).reason).toBe("blocked");
    expect(fake.count()).toBe(1);
  });
});
