import { describe, expect, test } from "bun:test";
import type { Upstream, UnsureReason } from "../../src/upstream/contract.ts";
import { type Fault, type FakeUpstream, Gate } from "../fakes/upstream.ts";
import { failureOf, found, latest, World } from "./world.ts";

const login = { username: "user", password: "pass:wörd" };
const basic = `Basic ${Buffer.from("user:pass:wörd").toString("base64")}`;

/** A fake that wants a token, with images in two repositories. */
async function withTokens(world: World, auth: object = {}) {
  const fake = await world.fake({ auth: { kind: "bearer", ...auth } });
  fake.image("x", "latest");
  fake.image("library/y", "latest");
  return fake;
}

const pull = (world: World, upstream: Upstream, repository = "x") =>
  world.client.manifest(upstream, repository, latest);

/** Method and path of all that was seen, in order. */
const story = (fake: FakeUpstream) => fake.seen().map(({ method, path }) => `${method} ${path}`);

describe("the handshake", () => {
  test("is remembered: one 401 for the upstream, one token for each repository", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const upstream = world.upstream(fake);
    for (const repository of ["x", "x", "library/y", "x"])
      found(await pull(world, upstream, repository));
    expect(story(fake)).toEqual([
      "GET /v2/x/manifests/latest",
      "GET /token",
      "GET /v2/x/manifests/latest",
      "GET /v2/x/manifests/latest",
      "GET /token",
      "GET /v2/library/y/manifests/latest",
      "GET /v2/x/manifests/latest",
    ]);
    const asked = fake.seen("GET /token").map(({ query }) => [...query]);
    expect(asked).toEqual([
      [
        ["service", "fake"],
        ["scope", "repository:x:pull"],
      ],
      [
        ["service", "fake"],
        ["scope", "repository:library/y:pull"],
      ],
    ]);
    expect(fake.seen("GET /token").map(({ headers }) => headers.get("authorization"))).toEqual([
      null,
      null,
    ]);
  });

  test("credentials go to the token service, and the token alone to the registry", async () => {
    await using world = new World();
    const fake = await withTokens(world, login);
    found(await pull(world, world.upstream(fake, login)));
    expect(fake.seen("GET /token")[0]?.headers.get("authorization")).toBe(basic);
    const sent = fake.seen("GET /v2/*").map(({ headers }) => headers.get("authorization"));
    expect(sent[0]).toBeNull();
    expect(sent[1]).toStartWith("Bearer token-");
    expect(world.lines.join()).not.toMatch(/pass|token-1/);
  });

  test("asks for pull on the repository at hand, whatever the challenge suggests; the realm's query stays", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const realm = `${fake.url}/token?account=a%20b&scope=repository:all:push`;
    const challenge = `Bearer realm="${realm}",service="s",scope="repository:x:pull,push registry:catalog:*"`;
    fake.fault("GET /v2/*", { times: 1, status: 401, headers: { "www-authenticate": challenge } });
    found(await pull(world, world.upstream(fake)));
    expect([...(fake.seen("GET /token")[0]?.query ?? [])]).toEqual([
      ["account", "a b"],
      ["scope", "repository:x:pull"],
      ["service", "s"],
    ]);
  });

  test("`access_token` is as good", async () => {
    await using world = new World();
    const fake = await withTokens(world, { field: "access_token" });
    found(await pull(world, world.upstream(fake)));
  });

  test("many who need a token at once cause one request for it", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const upstream = world.upstream(fake);
    // From here on it is known where tokens come from: all ask for one before anything is answered.
    await pull(world, upstream, "library/y");
    const before = fake.count("GET /token");
    const gate = new Gate();
    fake.fault("GET /token", { gate });
    const pulls = Array.from({ length: 8 }, () => pull(world, upstream));
    await gate.arrived();
    gate.open();
    for (const manifest of await Promise.all(pulls)) found(manifest);
    expect(fake.count("GET /token")).toBe(before + 1);
  });

  test("a token service that fails, fails all who wait, and the next one asks anew", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const upstream = world.upstream(fake);
    // The same here.
    await pull(world, upstream, "library/y");
    const gate = new Gate();
    fake.fault("GET /token", { gate, status: 501, times: 1 });
    const pulls = [pull(world, upstream), pull(world, upstream)].map(failureOf);
    await gate.arrived();
    gate.open();
    for (const error of await Promise.all(pulls)) expect(error.reason).toBe("broken");
    found(await pull(world, upstream));
  });

  test("a token service that moved is found again", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const upstream = world.upstream(fake);
    found(await pull(world, upstream));
    fake.fault("GET /token", { status: 404 });
    fake.file("/new-token", '{"token":"other"}');
    fake.auth = { kind: "bearer", realm: `${fake.url}/new-token` };
    expect((await failureOf(pull(world, upstream, "library/y"))).reason).toBe("invalid");
    await failureOf(pull(world, upstream, "library/y"));
    expect(fake.count("GET /new-token")).toBeGreaterThan(0);
  });
});

describe("a token", () => {
  test.each([
    [300, 269_999, 1],
    [300, 270_000, 2],
    [0, 29_999, 1], // nothing said: 60 s
    [0, 30_000, 2],
    [3, 29_999, 1], // too short to be meant
    [86_400, 3_569_999, 1],
    [86_400, 3_570_000, 2], // held to an hour
  ])(
    "said to live %d s is asked for, %d ms later, %d times in all",
    async (expiresIn, ms, times) => {
      await using world = new World();
      const fake = await withTokens(world, { expiresIn });
      const upstream = world.upstream(fake);
      found(await pull(world, upstream));
      world.clock.step(ms);
      found(await pull(world, upstream));
      expect(fake.count("GET /token")).toBe(times);
    },
  );

  test("that is refused is renewed once, for all who held it", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const upstream = world.upstream(fake);
    found(await pull(world, upstream));
    fake.revokeTokens();
    const pulls = await Promise.all([pull(world, upstream), pull(world, upstream)]);
    for (const manifest of pulls) found(manifest);
    expect(fake.count("GET /token")).toBe(2);
  });

  test.each(["unsure", "absent"] as const)(
    "that is refused while fresh is no loop, but %s",
    async (deniedMeans) => {
      await using world = new World();
      const fake = await withTokens(world);
      const upstream = world.upstream(fake, { deniedMeans });
      fake.fault("GET /v2/*", {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${fake.url}/token"` },
      });
      for (const [tokens, requests] of [
        [1, 2],
        [2, 4],
      ]) {
        if (deniedMeans === "absent") expect(await pull(world, upstream)).toEqual({ found: false });
        else expect((await failureOf(pull(world, upstream))).reason).toBe("denied");
        expect(fake.count("GET /token")).toBe(tokens ?? 0);
        expect(fake.count("GET /v2/*")).toBeLessThanOrEqual(requests ?? 0);
      }
    },
  );

  test("is not given for credentials that the service refuses", async () => {
    await using world = new World();
    const fake = await withTokens(world, login);
    const upstream = world.upstream(fake, { ...login, password: "wrong" });
    expect(await failureOf(pull(world, upstream))).toMatchObject({
      reason: "denied",
      message: 'upstream "Fake" refuses the credentials that are configured for it',
    });
  });

  test("belongs to one upstream and one version of its credentials, as connections do", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const one = world.upstream(fake);
    const other = world.upstream(fake);
    for (const upstream of [one, other, { ...one, version: 2 }]) found(await pull(world, upstream));
    expect(fake.count("GET /token")).toBe(3);
    const connections = fake.seen().map(({ connection }) => connection);
    expect(connections).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });
});

const bad: [what: string, fault: Fault, reason: UnsureReason][] = [
  ["500", { status: 500 }, "broken"],
  ["429", { status: 429, headers: { "retry-after": "7" } }, "rate_limited"],
  ["404", { status: 404 }, "invalid"],
  ["a redirect", { redirect: "http://cdn.test/" }, "invalid"],
  ["reset", { reset: true }, "unreachable"],
  ["more than 64 KiB", { body: `{"token":"${"a".repeat(1 << 20)}"}` }, "invalid"],
  ["no JSON", { body: "<html>secret</html>" }, "invalid"],
  ["no object", { body: "null" }, "invalid"],
  ["no token", { body: "{}" }, "invalid"],
  ["an empty token", { body: '{"token":"","access_token":""}' }, "invalid"],
  ["a token that is no text", { body: '{"token":{"a":1}}' }, "invalid"],
  ["a token with a line break", { body: '{"token":"a\\r\\nX-Evil: 1"}' }, "invalid"],
  ["a token with a space", { body: '{"token":"a b"}' }, "invalid"],
  ["a token outside ASCII", { body: '{"token":"ä"}' }, "invalid"],
  ["two tokens of one name", { body: '{"token":"a","token":"b"}' }, "invalid"],
  ["deep JSON", { body: `{"token":"a","x":${"[".repeat(50)}${"]".repeat(50)}}` }, "invalid"],
  ["gzip", { headers: { "content-encoding": "gzip" } }, "invalid"],
];

describe("a token service that answers with", () => {
  test.each(bad)("%s", async (_, fault, reason) => {
    await using world = new World();
    const fake = await withTokens(world);
    fake.fault("GET /token", fault);
    const error = await failureOf(pull(world, world.upstream(fake)));
    expect(error).toMatchObject({ reason, upstream: "Fake" });
    expect(error.message).not.toMatch(/secret|127\.0\.0\.1/);
    const isShort = (fault.body?.length ?? 0) < 1000;
    if (fault.body && isShort) {
      expect(error.message).toEndWith("has a token service that answers with no token");
    }
    if (reason === "rate_limited") expect(error.retryAfterSeconds).toBe(7);
    expect(fake.count("GET /v2/*")).toBe(1);
  });

  test.each([401, 403])(
    "%d to nobody says what the registry's own refusal would say",
    async (status) => {
      await using world = new World();
      const fake = await withTokens(world);
      fake.fault("GET /token", { status });
      expect(await pull(world, world.upstream(fake, { deniedMeans: "absent" }))).toEqual({
        found: false,
      });
      const error = await failureOf(pull(world, world.upstream(fake)));
      expect(error.reason).toBe("denied");
    },
  );

  test.each([401, 403])("%d to our credentials is never an absence", async (status) => {
    await using world = new World();
    const fake = await withTokens(world);
    fake.fault("GET /token", { status });
    const upstream = world.upstream(fake, { ...login, deniedMeans: "absent" });
    expect((await failureOf(pull(world, upstream))).reason).toBe("denied");
  });
});

describe("Basic", () => {
  test("is answered when asked for, and remembered", async () => {
    await using world = new World();
    const fake = await world.fake({ auth: { kind: "basic", ...login } });
    fake.image("x", "latest");
    const upstream = world.upstream(fake, login);
    found(await pull(world, upstream));
    found(await pull(world, upstream));
    const sent = fake.seen().map(({ headers }) => headers.get("authorization"));
    expect(sent).toEqual([null, basic, basic]);
  });

  test.each([
    ["without credentials", {}],
    ["with wrong ones", { ...login, password: "wrong" }],
    ["with a name alone", { username: "user" }],
  ])("%s is denied", async (_, credentials) => {
    await using world = new World();
    const fake = await world.fake({ auth: { kind: "basic", ...login } });
    fake.image("x", "latest");
    expect((await failureOf(pull(world, world.upstream(fake, credentials)))).reason).toBe("denied");
    expect(fake.count()).toBeLessThanOrEqual(2);
  });

  test("is not sent where Bearer is offered as well", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    const challenge = `Basic realm="b", Bearer realm="${fake.url}/token",service="fake"`;
    fake.fault("GET /v2/*", { times: 1, status: 401, headers: { "www-authenticate": challenge } });
    found(await pull(world, world.upstream(fake, login)));
    for (const { headers } of fake.seen("GET /v2/*")) {
      expect(headers.get("authorization") ?? "").not.toStartWith("Basic");
    }
  });

  test("an upstream that changes from Basic to Bearer is followed", async () => {
    await using world = new World();
    const fake = await world.fake({ auth: { kind: "basic", ...login } });
    fake.image("x", "latest");
    const upstream = world.upstream(fake, login);
    found(await pull(world, upstream));
    fake.auth = { kind: "bearer", ...login };
    found(await pull(world, upstream));
  });
});

describe("a realm of another origin", () => {
  async function foreign(world: World, settings: Partial<Upstream>) {
    const issuer = await world.fake();
    issuer.auth = { kind: "bearer", ...login };
    const fake = await withTokens(world, { issuer });
    return { issuer, fake, upstream: world.upstream(fake, settings) };
  }

  test.each([
    ["credentials", login],
    ["no credentials", {}],
    ["another realm configured", { ...login, tokenRealm: "http://127.0.0.1:1/token" }],
  ])("gets nothing at all: %s", async (_, settings) => {
    await using world = new World();
    const { issuer, upstream } = await foreign(world, settings);
    const error = await failureOf(pull(world, upstream));
    expect(error.reason).toBe("blocked");
    expect(error.message).toContain(
      "names a token service of another origin; if that is right, set it as token_realm",
    );
    expect(issuer.server.connections).toBe(0);
    expect(world.lines).toEqual(['{"message":"token service not allowed","upstream":"Fake"}']);
  });

  test.each(["/token", "/token?ignored=1", "/"])(
    "gets the credentials when configured as %s",
    async (path) => {
      await using world = new World();
      const { issuer, fake, upstream } = await foreign(world, login);
      found(await pull(world, { ...upstream, tokenRealm: issuer.url + path }));
      expect(issuer.seen("GET /token")[0]?.headers.get("authorization")).toBe(basic);
      for (const { headers } of fake.seen())
        expect(headers.get("authorization") ?? "").not.toContain(basic);
    },
  );

  test("is not one of the own origin, but a user name in it is refused all the same", async () => {
    await using world = new World();
    const fake = await withTokens(world);
    fake.auth = { kind: "bearer", realm: `${fake.url.replace("//", "//user:secret@")}/token` };
    const error = await failureOf(pull(world, world.upstream(fake)));
    expect(error.reason).toBe("blocked");
    expect(fake.count("GET /token")).toBe(0);
  });

  test("of another path than configured gets nothing", async () => {
    await using world = new World();
    const { issuer, upstream } = await foreign(world, login);
    const elsewhere = { ...upstream, tokenRealm: `${issuer.url}/other` };
    expect((await failureOf(pull(world, elsewhere))).reason).toBe("blocked");
    expect(issuer.count()).toBe(0);
  });

  test.each([
    "not a url",
    "ftp://127.0.0.1/token",
    "http://user:pw@127.0.0.1/token",
    "http://10.0.0.1/token",
    "//token",
  ])("is nothing to answer to: %s", async (realm) => {
    await using world = new World();
    const fake = await withTokens(world, { realm });
    const error = await failureOf(pull(world, world.upstream(fake)));
    expect(["blocked", "denied"]).toContain(error.reason);
    expect(fake.count()).toBe(1);
  });
});
