import { describe, expect, test } from "bun:test";
import { maxManifestBytes } from "../../src/oci/manifest.ts";
import type { UnsureReason, Upstream } from "../../src/upstream/contract.ts";
import { type FakeUpstream, type Fault, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { failureOf, found, latest, World } from "./world.ts";

const bytes = sampleBytes(1000);
const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const gigabyte = 1 << 30;
const chunk = `${(64 << 10).toString(16)}\r\n${"x".repeat(64 << 10)}\r\n`;

interface Lie {
  pattern: string;
  fault: Fault | ((fake: FakeUpstream) => Fault);
  reason: UnsureReason;
  words: string;
  /** Bytes of bodies that may have left the upstream until the client had enough: what the kernel takes is in it. */
  atMost?: number;
  /** Which of the calls meet it; default both. */
  calls?: ("manifest" | "blob")[];
  settings?: Partial<Upstream>;
  requests?: number;
}

/** What sockets and `fetch` hold of a body that nobody reads any more, with room to spare. */
const inFlight = 32 << 20;

const lies: Record<string, Lie> = {
  "a manifest of 1 GB, by its length": {
    pattern: "GET */manifests/*",
    fault: { raw: `${head}Content-Length: ${gigabyte}\r\n\r\n`, endless: "x".repeat(64 << 10) },
    reason: "invalid",
    words: "answered with a manifest that is too large",
    atMost: inFlight,
    calls: ["manifest"],
    requests: 1,
  },
  "a manifest of 1 GB, in chunks": {
    pattern: "GET */manifests/*",
    fault: { raw: `${head}Transfer-Encoding: chunked\r\n\r\n`, endless: chunk },
    reason: "invalid",
    words: "answered with too long a body",
    atMost: maxManifestBytes + inFlight,
    calls: ["manifest"],
    requests: 1,
  },
  "a manifest without an end or a length": {
    pattern: "GET */manifests/*",
    fault: { raw: `${head}\r\n`, endless: "x".repeat(64 << 10) },
    reason: "invalid",
    words: "answered with a manifest of unknown length",
    atMost: inFlight,
    calls: ["manifest"],
    requests: 1,
  },
  "headers that never end": {
    pattern: "*",
    fault: { raw: head, endless: `X: ${"y".repeat(1000)}\r\n` },
    reason: "invalid",
    words: "answered with malformed HTTP",
    atMost: inFlight,
    requests: 1,
  },
  "one header that never ends": {
    pattern: "*",
    fault: { raw: `${head}X: `, endless: "y".repeat(1000) },
    reason: "invalid",
    words: "answered with malformed HTTP",
    atMost: inFlight,
    requests: 1,
  },
  "a refusal with a page that never ends": {
    pattern: "*",
    fault: {
      raw: "HTTP/1.1 501 No\r\nTransfer-Encoding: chunked\r\n\r\n",
      endless: chunk,
    },
    reason: "broken",
    words: "status 501",
    atMost: inFlight,
    requests: 1,
  },
  "a redirect loop": {
    pattern: "*",
    fault: { redirect: "/v2/again" },
    reason: "invalid",
    words: "redirects without an end",
    requests: 6,
  },
  "a redirect loop by way of another origin": {
    pattern: "*",
    fault: (fake) => ({ redirect: `${fake.url.replace("127.0.0.1", "registry.test")}/again` }),
    reason: "invalid",
    words: "redirects without an end",
    requests: 6,
  },
  "a redirect to a private address": {
    pattern: "*",
    fault: { redirect: "http://10.0.0.1/data" },
    reason: "blocked",
    words: "leads to an inner address, which WEIR_ALLOWED_UPSTREAM_ADDRESSES does not allow",
    requests: 1,
  },
  "a realm at a private address": {
    pattern: "*",
    fault: challenge('Bearer realm="http://10.0.0.1/token"'),
    reason: "blocked",
    words: "names a token service of another origin; if that is right, set it as token_realm",
    requests: 1,
  },
  "a realm at a private address, even if it is the configured one": {
    pattern: "*",
    fault: challenge('Bearer realm="http://10.0.0.1/token"'),
    reason: "blocked",
    words: "leads to an inner address, which WEIR_ALLOWED_UPSTREAM_ADDRESSES does not allow",
    requests: 1,
    settings: { tokenRealm: "http://10.0.0.1/token" },
  },
  "a realm of another origin": {
    pattern: "*",
    fault: challenge('Bearer realm="http://token.test/token"'),
    reason: "blocked",
    words: "names a token service of another origin; if that is right, set it as token_realm",
    requests: 1,
  },
  "401 again and again": {
    pattern: "* /v2/*",
    fault: (fake) => challenge(`Bearer realm="${fake.url}/token"`),
    reason: "denied",
    words: "does not let us pull this",
    requests: 3,
  },
  "401 again and again to credentials": {
    pattern: "* /v2/*",
    fault: challenge('Basic realm="x"'),
    reason: "denied",
    words: "does not let us pull this",
    requests: 2,
    settings: { username: "user", password: "secret" },
  },
  "gzip that nobody asked for": {
    pattern: "*",
    fault: { headers: { "content-encoding": "gzip" } },
    reason: "invalid",
    words: "answered with an encoded body that was not asked for",
    requests: 1,
  },
  "a token of 1 MB": {
    pattern: "GET /token",
    fault: { body: `{"token":"${"a".repeat(1 << 20)}"}` },
    reason: "invalid",
    words: "answered with too long a body",
    requests: 2,
  },
  "a token that never ends": {
    pattern: "GET /token",
    fault: { raw: `${head}Transfer-Encoding: chunked\r\n\r\n`, endless: chunk },
    reason: "invalid",
    words: "answered with too long a body",
    atMost: inFlight,
    requests: 2,
  },
};

function challenge(text: string): Fault {
  return { status: 401, headers: { "www-authenticate": text } };
}

/** Control characters, as a log or a terminal would be told them. */
for (const character of ["\0", "\x01", "\x07", "\x1b", "\x7f", "\r", "\r\n "]) {
  for (const name of ["Content-Type", "ETag", "Docker-Content-Digest", "X-Other"]) {
    lies[`${JSON.stringify(character)} in ${name}`] = {
      pattern: "*",
      fault: { raw: `${head}${name}: "a${character}b"\r\nContent-Length: 2\r\n\r\n{}` },
      reason: "invalid",
      words: "answered with malformed HTTP",
      requests: 1,
    };
  }
}

const cases = Object.entries(lies).flatMap(([what, lie]) =>
  (lie.calls ?? (["manifest", "blob"] as const)).map((kind) => [what, kind, lie] as const),
);

async function liar(world: World, lie: Lie) {
  const fake = await world.fake();
  if (lie.pattern === "GET /token") fake.auth = { kind: "bearer" };
  fake.image("x", "latest");
  const digest = fake.blob("x", bytes);
  fake.fault(lie.pattern, typeof lie.fault === "function" ? lie.fault(fake) : lie.fault);
  const upstream = world.upstream(fake, lie.settings);
  const call = (kind: "manifest" | "blob") =>
    kind === "blob"
      ? world.open(upstream, digest).then(({ body }) => body.cancel())
      : world.client.manifest(upstream, "x", latest);
  return { fake, call };
}

describe("a lie ends in a clear error, leaves nothing, and holds up nobody", () => {
  test.each(cases)("%s: %s", async (_, kind, lie) => {
    await using world = new World();
    const { fake, call } = await liar(world, lie);
    const honest = await world.fake();
    honest.image("x", "latest");
    const [error] = await Promise.all([
      failureOf(call(kind)),
      world.client.manifest(world.upstream(honest), "x", latest).then(found),
    ]);
    expect(error).toMatchObject({ reason: lie.reason, upstream: "Fake" });
    expect(error.message).toContain(lie.words);
    expect(error.message).not.toMatch(/[\p{Cc}]|127\.0|10\.0|secret/u);
    expect(world.clock.pending).toBe(0);
    expect(fake.count()).toBe(lie.requests ?? 0);
    if (lie.atMost !== undefined) {
      await fake.server.closed();
      expect(fake.sent()).toBeLessThan(lie.atMost);
    }
  });

  test("headers that stop half-way end after 75 s", async () => {
    await using world = new World();
    const fake = await world.fake();
    fake.fault("*", { raw: head, endless: "" });
    const asking = failureOf(world.client.manifest(world.upstream(fake), "x", latest));
    await until(() => fake.count() === 1);
    world.clock.step(75_000);
    expect((await asking).reason).toBe("timeout");
    await fake.server.closed();
  });

  test("a token service that hangs ends after 30 s, and meanwhile others are served", async () => {
    await using world = new World();
    const { fake, call } = await liar(world, {
      pattern: "GET /token",
      fault: { hang: true },
      reason: "timeout",
      words: "",
    });
    const asking = Promise.all([failureOf(call("manifest")), failureOf(call("blob"))]);
    await until(() => fake.count("GET /token") === 1);
    const honest = await world.fake();
    honest.image("x", "latest");
    found(await world.client.manifest(world.upstream(honest), "x", latest));
    world.clock.step(30_000);
    for (const error of await asking) {
      expect(error).toMatchObject({ reason: "timeout", upstream: "Fake" });
      expect(error.message).toEndWith("has a token service that does not answer in time");
    }
    expect(world.clock.pending).toBe(0);
  });
});
