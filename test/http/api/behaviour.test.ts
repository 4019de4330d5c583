import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Upstream } from "../../../src/upstream/contract.ts";
import { UpstreamError, type UnsureReason } from "../../../src/upstream/contract.ts";
import { fetched, noon } from "../../fakes/metadata-samples.ts";
import { ApiWorld, base, type Reply } from "./world.ts";

let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
});
afterEach(() => world.close());

const call = (method: string, path: string, body?: object): Promise<Reply> =>
  world.call("owner", method, path, { ...(body && { body }) });
const groupUpstreams = "/api/v4/groups/1/-/virtual_registries/container/upstreams";
const firstUrl = "https://docker-hub.example.com";

describe("presets", () => {
  const table: [url: string, preset: object][] = [
    [
      "docker.io",
      { url: "https://registry-1.docker.io", denied_means: "absent", library_prefix: true },
    ],
    ["https://ghcr.io", { denied_means: "absent", library_prefix: false }],
    ["https://registry.example.com", { denied_means: "unsure", library_prefix: false }],
  ];
  test.each(table)("%s", async (url, preset) => {
    const made = await call("POST", `${base}/registries/1/upstreams`, { url, name: "n" });
    expect(made.body).toMatchObject({
      ...preset,
      cache_validity_hours: 24,
      stale_if_absent_hours: 168,
      stale_while_revalidate: false,
      rules: [],
      registry_upstream: { registry_id: 1, position: 3 },
    });
  });

  test("what is given counts", async () => {
    const given = { denied_means: "unsure", library_prefix: false, cache_validity_hours: 0 };
    const body = { url: "docker.io", name: "n", ...given };
    expect((await call("POST", `${base}/registries/1/upstreams`, body)).body).toMatchObject(given);
  });
});

describe("changes of an upstream", () => {
  test("null and the empty text unset", async () => {
    const path = `${base}/upstreams/1`;
    await call("PATCH", path, { description: "d", token_realm: "https://auth.example.com/token" });
    const { body } = await call("PATCH", path, { description: "", token_realm: null });
    expect(body).toMatchObject({ description: null, token_realm: null, username: "someone" });
    expect((await call("PATCH", path, { username: null, password: "" })).body).toMatchObject({
      username: null,
    });
    expect((await world.metadata.management.upstreams.get(1))?.password).toBeUndefined();
  });

  test("another URL leaves the login and the cache behind", async () => {
    const upstream = await world.metadata.management.upstreams.get(1);
    if (upstream) await world.metadata.cache.storeManifest(fetched(upstream, "one"));
    const moved = await call("PATCH", `${base}/upstreams/1`, {
      url: "https://elsewhere.example.com",
      password: "only half of it",
    });
    expect(moved.body).toMatchObject({ url: "https://elsewhere.example.com", username: null });
    expect((await call("GET", `${base}/upstreams/1/cache_entries`)).body).toEqual([]);
  });

  test("pulls see it at once", async () => {
    await call("PATCH", `${base}/upstreams/1`, { name: "Renamed" });
    await call("PATCH", `${base}/registry_upstreams/1`, { position: 2 });
    const registry = await world.metadata.directory.registry(1);
    expect(registry?.upstreams.map(({ name }) => name)).toEqual(["Second", "Renamed"]);
  });
});

describe("whom an upstream is for", () => {
  const paths = [`${base}/upstreams/1`, `${base}/registries/1/upstreams`, groupUpstreams] as const;
  const seen = async (who: "admin" | "owner" | "guest") =>
    Promise.all(
      paths.map(async (path) => {
        const { body } = await world.call(who, "GET", path);
        const [first] = Array.isArray(body) ? (body as object[]) : [body as object];
        const { access, verified_group } = first as Record<string, unknown>;
        return [access, verified_group];
      }),
    );

  test("is told to those alone who may see that group; that it is for some, to all", async () => {
    const body = { access: "verified", verified_group: "other" };
    const given = await world.call("admin", "PATCH", `${base}/upstreams/1`, { body });
    expect(given.body).toMatchObject(body);
    expect(await seen("admin")).toEqual(paths.map(() => ["verified", "other"]));
    for (const who of ["owner", "guest"] as const) {
      expect(await seen(who)).toEqual(paths.map(() => ["verified", null]));
    }
    const renamed = await call("PATCH", `${base}/upstreams/1`, { name: "n" });
    expect(renamed.body).toMatchObject({ name: "n", access: "verified", verified_group: null });
    expect(await seen("admin")).toEqual(paths.map(() => ["verified", "other"]));
  });
});

describe("pages", () => {
  const fill = async (count: number) => {
    const upstream = await world.metadata.management.upstreams.get(1);
    if (!upstream) throw new Error("there is an upstream 1");
    for (let i = 0; i < count; i++) {
      const manifest = fetched(upstream, `m${i}`, { tag: `t${i}`, children: [] });
      await world.metadata.cache.storeManifest(manifest);
    }
  };
  const list = (query: string) => call("GET", `${base}/upstreams/1/cache_entries${query}`);
  const facts = ({ headers }: Reply) =>
    ["x-page", "x-per-page", "x-prev-page", "x-next-page", "x-total", "x-total-pages"].map((name) =>
      headers.get(name),
    );

  test("tell where they stand, and lead on", async () => {
    await fill(5);
    const path = `https://weir.test${base}/upstreams/1/cache_entries`;
    const url = (page: number) => `${path}?search=t&page=${page}&per_page=2`;
    const second = await list("?search=t&page=2&per_page=2");
    expect(facts(second)).toEqual(["2", "2", "1", "3", "10", "5"]);
    expect(second.headers.get("link")).toBe(
      `<${url(1)}>; rel="prev", <${url(3)}>; rel="next", <${url(1)}>; rel="first", <${url(5)}>; rel="last"`,
    );
    expect(second.body).toHaveLength(2);
    expect(facts(await list(""))).toEqual(["1", "20", "", "", "10", "1"]);
    const beyond = await list("?page=9&per_page=3");
    expect([beyond.body, facts(beyond)]).toEqual([[], ["9", "3", "4", "", "10", "4"]]);
    expect(facts(await list("?per_page=1000"))[1]).toBe("100");
    expect(facts(await list("?search=nowhere"))).toEqual(["1", "20", "", "", "0", "1"]);
  });

  test("upstreams of a group come in pages as well", async () => {
    const reply = await call("GET", `${groupUpstreams}?per_page=1`);
    expect([reply.body, facts(reply)]).toMatchObject([[{ id: 1 }], ["1", "1", "", "2", "2", "2"]]);
  });
});

describe("testing a connection", () => {
  const login = { username: "someone", password: "the first password" };
  const none = { username: undefined, password: undefined };
  const other = { username: "u", password: "p" };
  const table: [given: object, tested: Partial<Upstream>][] = [
    [{}, { url: firstUrl, ...login }],
    [{ url: firstUrl }, { url: firstUrl, ...login }],
    [
      { url: `${firstUrl}/v2/`, username: "someone" },
      { url: firstUrl, ...login },
    ],
    [
      { username: "someone", password: "" },
      { url: firstUrl, ...login },
    ],
    [
      { username: "", password: "" },
      { url: firstUrl, ...none },
    ],
    [other, { url: firstUrl, ...other }],
    [{ url: "https://x.example.com" }, { url: "https://x.example.com", ...none }],
    [
      { url: "https://x.example.com", ...other },
      { url: "https://x.example.com", ...other },
    ],
  ];
  test.each(table)("a stored one, with %j", async (given, tested) => {
    const reply = await call("POST", `${base}/upstreams/1/test`, given);
    expect(reply).toMatchObject({ status: 200, body: { success: true } });
    expect(world.tested).toMatchObject([{ upstream: tested, path: "library/alpine:latest" }]);
    expect(world.tested[0]?.deadline).toBe(10_000);
  });

  test("its stored password goes to no other address, even with the user name", async () => {
    const given = { url: "https://evil.example.com", username: "someone" };
    expect((await call("POST", `${base}/upstreams/1/test`, given)).status).toBe(400);
    await call("POST", `${base}/upstreams/1/test`, { url: "https://evil.example.com" });
    expect(JSON.stringify(world.tested)).not.toContain("the first password");
  });

  test("asks for what is cached of it, under an identity of its own each time", async () => {
    const upstream = await world.metadata.management.upstreams.get(1);
    if (!upstream) throw new Error("there is an upstream 1");
    await world.metadata.cache.storeManifest(fetched(upstream, "one", { children: [] }));
    await call("POST", `${base}/upstreams/1/test`);
    await call("POST", `${base}/upstreams/1/test`);
    const [first, second] = world.tested;
    expect(first?.path).toStartWith("library/alpine:");
    expect(new Set([1, 2, 3, first?.upstream.id, second?.upstream.id]).size).toBe(5);
  });

  const results: [reason: UnsureReason, result: string][] = [
    ["unreachable", "Error: unreachable - no connection to the upstream"],
    ["blocked", "Error: unreachable - no connection to the upstream"],
    ["timeout", "Error: timeout - the upstream did not answer in time"],
    ["denied", "Error: denied - the upstream refused us or the credentials"],
    ["rate_limited", "Error: rate limited - the upstream wants to be asked less often"],
    ["broken", "Error: broken - the upstream answered with a failure of its own"],
    ["invalid", "Error: invalid - the answer is not that of a registry"],
  ];
  test.each(results)("%s is told as a class", async (reason, result) => {
    world.answer = new UpstreamError(reason, "tested", "10.1.2.3 said: secret body");
    const reply = await call("POST", `${groupUpstreams}/test`, { url: "docker.io", ...other });
    expect(reply).toMatchObject({ status: 200, body: { success: false, result } });
    expect(world.tested[0]?.upstream).toMatchObject({
      url: "https://registry-1.docker.io",
      deniedMeans: "absent",
      ...other,
    });
  });

  test("ten times a minute, for each user alone", async () => {
    const ask = () => call("POST", `${groupUpstreams}/test`, { url: "docker.io" });
    for (let i = 0; i < 10; i++) {
      expect((await ask()).status).toBe(200);
      world.clock.step(1000);
    }
    const refused = await ask();
    const text = "This endpoint has been requested too many times. Try again later.";
    expect(refused).toMatchObject({ status: 429, body: { message: { error: text } } });
    expect(refused.headers.get("retry-after")).toBe("50");
    const path = `${base}/upstreams/1/test`;
    expect((await world.call("maintainer", "POST", path)).status).toBe(200);
    expect((await call("POST", path)).status).toBe(429);
    world.clock.step(50_000);
    expect((await ask()).status).toBe(200);
    expect(world.tested).toHaveLength(12);
  });
});

describe("pulls", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const images: [image: string, asked: string][] = [
    ["library/alpine", "explain 1 library/alpine latest"],
    ["alpine:3.20", "explain 1 alpine 3.20"],
    [`alpine@${digest}`, `explain 1 alpine ${digest}`],
    [`a/b:1@${digest}`, `explain 1 a/b ${digest}`],
  ];
  test.each(images)("%s is explained", async (image, asked) => {
    const query = new URLSearchParams({ image });
    const reply = await call("GET", `${base}/registries/1/explain?${query}`);
    expect(reply).toMatchObject({
      status: 200,
      body: {
        upstreams: [
          {
            upstream: "Docker Hub",
            denied_by: { target: "tag", effect: "deny", pattern: "latest" },
            cached: { checked_at: new Date(noon).toISOString(), fresh_until: null },
            says: null,
          },
        ],
        decision: { status: "refused", upstream: null, digest: null, reason: "denied" },
      },
    });
    expect(world.pulls).toEqual([asked]);
  });

  const malformed = ["", ":latest", "a:", "a@", "a@latest", "a:b:c", "A", "a//b", `a:${digest}`];
  test.each(malformed)("%j is no image", async (image) => {
    const query = new URLSearchParams({ image });
    expect((await call("GET", `${base}/registries/1/explain?${query}`)).status).toBe(400);
    expect(world.pulls).toEqual([]);
  });

  test("a tag is read anew", async () => {
    const reply = await call("POST", `${base}/registries/1/refresh?image=library/alpine:3.20`);
    expect(reply.body).toMatchObject({
      cache: { status: "revalidated", upstream: "Docker Hub", age: 0, reason: null },
    });
    expect(world.pulls).toEqual(["refresh 1 library/alpine:3.20"]);
  });
});

test("an upstream tells how it is doing", async () => {
  expect((await call("GET", `${base}/upstreams/1`)).body).toMatchObject({
    health: {
      breaker: "open",
      retry_at: new Date(noon).toISOString(),
      last_failure: "timeout",
      budget: { limit: 100, remaining: 7, window_seconds: 21600, at: new Date(noon).toISOString() },
    },
  });
});
