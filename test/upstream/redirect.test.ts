import { describe, expect, test } from "bun:test";
import type { UnsureReason } from "../../src/upstream/contract.ts";
import { type FakeUpstream, type Fault, sampleBytes } from "../fakes/upstream.ts";
import { failureOf, World } from "./world.ts";

const login = { username: "user", password: "secret" };
const bytes = sampleBytes(100_000);

/** A registry with credentials whose blobs lie at another origin. */
async function withCdn(world: World) {
  const fake = await world.fake({ auth: { kind: "basic", ...login } });
  const cdn = await world.fake();
  const digest = fake.blob("x", bytes);
  cdn.file("/data", bytes);
  return { fake, cdn, digest, upstream: world.upstream(fake, login) };
}

const authorizations = (fake: FakeUpstream, pattern = "*") =>
  fake.seen(pattern).map(({ headers }) => headers.get("authorization"));

async function size(body: ReadableStream<Uint8Array>): Promise<number> {
  return (await new Response(body).bytes()).length;
}

describe("a redirect", () => {
  test("to another origin is followed without credentials, with its query", async () => {
    await using world = new World();
    const { fake, cdn, digest, upstream } = await withCdn(world);
    fake.fault("GET /v2/*", { redirect: `${cdn.url}/data?signature=s%2Fs` });
    fake.fault("GET /v2/*", { times: 1, status: 401, headers: { "www-authenticate": "Basic" } });
    const blob = await world.open(upstream, digest);
    expect(await size(blob.body)).toBe(bytes.length);
    expect(authorizations(fake)[1]).toStartWith("Basic ");
    expect(authorizations(cdn)).toEqual([null]);
    expect(cdn.seen()[0]?.query.get("signature")).toBe("s/s");
    expect(cdn.seen()[0]?.headers.toJSON()).toEqual({
      accept: "*/*",
      "accept-encoding": "identity",
      connection: "keep-alive",
      host: new URL(cdn.url).host,
      "user-agent": "weir/1.2.3",
      via: "1.1 weir-test-instance",
    });
  });

  test("within the origin keeps credentials, relative ones too", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withCdn(world);
    fake.file("/v2/moved", bytes);
    fake.fault(`GET /v2/x/*`, { status: 302, headers: { location: "../../moved" } });
    fake.fault("GET /v2/x/*", { times: 1, status: 401, headers: { "www-authenticate": "Basic" } });
    expect(await size((await world.open(upstream, digest)).body)).toBe(bytes.length);
    expect(authorizations(fake, "GET /v2/moved")[0]).toStartWith("Basic ");
  });

  test("that comes back does not bring the credentials back", async () => {
    await using world = new World();
    const { fake, cdn, digest, upstream } = await withCdn(world);
    fake.file("/back", bytes);
    fake.fault("GET /v2/*", { redirect: `${cdn.url}/hop` });
    fake.fault("GET /v2/*", { times: 1, status: 401, headers: { "www-authenticate": "Basic" } });
    cdn.fault("GET /hop", { redirect: `${fake.url}/back` });
    expect(await size((await world.open(upstream, digest)).body)).toBe(bytes.length);
    expect(authorizations(fake, "GET /back")).toEqual([null]);
  });

  test("leaves no connection open, however much comes with it, nor does a challenge", async () => {
    await using world = new World();
    const { fake, cdn, digest, upstream } = await withCdn(world);
    const body = new Uint8Array(16 << 20);
    fake.fault("GET /v2/*", { redirect: `${cdn.url}/data`, body });
    fake.fault("GET /v2/*", {
      times: 1,
      status: 401,
      headers: { "www-authenticate": "Basic" },
      body,
    });
    const blob = await world.open(upstream, digest);
    await fake.server.closed();
    expect(await size(blob.body)).toBe(bytes.length);
  });

  test("keeps the range", async () => {
    await using world = new World();
    const { fake, cdn, digest } = await withCdn(world);
    fake.auth = { kind: "none" };
    fake.fault("GET /v2/*", { redirect: `${cdn.url}/data` });
    const blob = await world.open(world.upstream(fake), digest, { offset: 99_990 });
    expect(blob).toMatchObject({ offset: 99_990, size: 100_000 });
    expect(await size(blob.body)).toBe(10);
    expect(cdn.seen()[0]?.headers.get("range")).toBe("bytes=99990-");
  });

  test.each([301, 302, 303, 307, 308])("of status %d, five times", async (status) => {
    await using world = new World();
    const { fake, digest } = await withCdn(world);
    fake.auth = { kind: "none" };
    fake.file("/hop5", bytes);
    for (let hop = 0; hop < 5; hop++) {
      const path = hop === 0 ? "/v2/*" : `/hop${hop}`;
      fake.fault(`GET ${path}`, { status, headers: { location: `/hop${hop + 1}` } });
    }
    expect(await size((await world.open(world.upstream(fake), digest)).body)).toBe(bytes.length);
    expect(fake.count()).toBe(6);
  });

  test("six times is too many", async () => {
    await using world = new World();
    const { fake, digest } = await withCdn(world);
    fake.fault("GET *", { redirect: "/again" });
    const error = await failureOf(world.open(world.upstream(fake), digest));
    expect(error).toMatchObject({ reason: "invalid" });
    expect(fake.count()).toBe(6);
  });

  test.each<[what: string, fault: Fault, reason: UnsureReason]>([
    ["without a target", { status: 307 }, "invalid"],
    ["to an empty target", { redirect: "" }, "invalid"],
    ["to what is no URL", { redirect: "http://[" }, "invalid"],
    ["to a file", { redirect: "file:///etc/passwd" }, "blocked"],
    ["to data", { redirect: "data:text/plain,x" }, "blocked"],
    ["with user info", { redirect: "http://a:b@cdn.test/" }, "blocked"],
    ["to an inner address", { redirect: "http://10.0.0.1/" }, "blocked"],
    [
      "to an inner address, oddly spelled",
      { redirect: "http://0xa9fea9fe/latest/meta-data" },
      "blocked",
    ],
    ["to a name of an inner address", { redirect: "http://inner.test/" }, "blocked"],
    ["to a name that does not resolve", { redirect: "http://no.test/" }, "unreachable"],
  ])("%s is not followed", async (_, fault, reason) => {
    await using world = new World();
    const { fake, digest } = await withCdn(world);
    fake.fault("GET *", fault);
    const error = await failureOf(world.open(world.upstream(fake), digest));
    expect(error.reason).toBe(reason);
    if (reason === "invalid") expect(error.message).toBe('upstream "Fake" redirects to nowhere');
    expect(fake.count()).toBe(1);
  });

  test("a challenge at its target is not answered, and a refusal there is no absence", async () => {
    await using world = new World();
    const { fake, cdn, digest } = await withCdn(world);
    fake.auth = { kind: "none" };
    fake.fault("GET /v2/*", { redirect: `${cdn.url}/data` });
    for (const challenge of [`Bearer realm="${cdn.url}/token"`, 'Basic realm="x"']) {
      cdn.fault("GET /data", { status: 401, headers: { "www-authenticate": challenge } });
      const upstream = world.upstream(fake, { ...login, deniedMeans: "absent" });
      expect((await failureOf(world.open(upstream, digest))).reason).toBe("denied");
    }
    expect(cdn.count("GET /token")).toBe(0);
    expect(authorizations(cdn)).toEqual([null, null]);
  });

  test("two upstreams share no connection to one target", async () => {
    await using world = new World();
    const { fake, cdn, digest } = await withCdn(world);
    fake.auth = { kind: "none" };
    fake.fault("GET /v2/*", { redirect: `${cdn.url}/data` });
    for (const upstream of [world.upstream(fake), world.upstream(fake)]) {
      await size((await world.open(upstream, digest)).body);
      await size((await world.open(upstream, digest)).body);
    }
    expect(cdn.seen().map(({ connection }) => connection)).toEqual([1, 1, 2, 2]);
  });
});
