import { describe, expect, test } from "bun:test";
import { type FakeUpstream, Gate, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { bytes, calls, limits, login, withImage } from "./failing.ts";
import { failureOf, found, latest, World } from "./world.ts";

describe("another version of an upstream", () => {
  test("has none of the old one's breaker, budget, tokens, scheme or connections", async () => {
    await using world = new World();
    const { fake, upstream, get, health, breakDown } = await withImage(world, login);
    fake.auth = { kind: "bearer", ...login };
    fake.fault("* /v2/*", { headers: limits("100;w=60", "50;w=60") });
    found(await get());
    expect(health().budget?.remaining).toBe(50);
    await breakDown();
    const before = fake.seen().length;
    const next = { ...upstream, version: 2 };
    expect(world.client.health(next)).toEqual({
      breaker: "closed",
      retryAt: undefined,
      lastFailure: undefined,
      lastError: undefined,
      budget: undefined,
    });
    found(await world.client.manifest(next, "x", latest));
    const seen = fake.seen().slice(before);
    expect(seen.map(({ path }) => path)).toEqual([
      "/v2/x/manifests/latest",
      "/token",
      "/v2/x/manifests/latest",
    ]);
    expect(seen[0]?.headers.get("authorization")).toBeNull();
    await until(() => fake.server.open === 1);
    // Nor does the old one come back to what it had.
    found(await get());
    expect(fake.count("GET /token")).toBe(3);
  });

  test("closes idle connections to wherever the old one was led", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const cdn = await world.fake();
    cdn.file("/data", bytes);
    fake.fault("GET */blobs/*", { redirect: `${cdn.url}/data` });
    await new Response((await world.open(upstream, digest)).body).bytes();
    expect(cdn.server.open).toBe(1);
    found(await world.client.manifest({ ...upstream, version: 2 }, "x", latest));
    await cdn.server.closed();
  });

  test("is not marked by what the old one still meets", async () => {
    await using world = new World();
    const { fake, upstream, get } = await withImage(world);
    const gate = new Gate();
    fake.fault("*", { gate, status: 429, times: 1 });
    const old = failureOf(get());
    await gate.arrived();
    const next = { ...upstream, version: 2 };
    found(await world.client.manifest(next, "x", latest));
    gate.open();
    expect((await old).reason).toBe("rate_limited");
    expect(world.client.health(next).breaker).toBe("closed");
    await world.restart();
    found(await world.client.manifest(next, "x", latest));
    expect(world.states.writes).toBe(0);
  });

  test("closes connections of the old one that were in use, as soon as they are free", async () => {
    await using world = new World();
    const { fake, digest, upstream } = await withImage(world);
    const tap = new Tap();
    fake.fault("GET */blobs/*", { tap });
    const { body } = await world.open(upstream, digest);
    found(await world.client.manifest({ ...upstream, version: 2 }, "x", latest));
    expect(fake.server.open).toBe(2);
    tap.open();
    expect((await new Response(body).bytes()).length).toBe(bytes.length);
    await until(() => fake.server.open === 1);
  });
});

describe("two upstreams at one address", () => {
  test("share no connection, token or credentials, whatever they do at the same time", async () => {
    await using world = new World();
    const fake = await world.fake({ auth: { kind: "bearer" } });
    fake.image("x", "latest");
    const digest = fake.blob("x", bytes);
    const users = ["one", "two", "three"];
    const upstreams = users.map((username) => world.upstream(fake, { username, password: "p" }));
    for (let round = 0; round < 3; round++) {
      const all = upstreams.flatMap((upstream) => calls(world, upstream, digest));
      await Promise.all(all.map((call) => call()));
    }
    const owners = ownersOf(fake);
    expect([...owners.values()].map((names) => names.size)).toEqual([...owners].map(() => 1));
    expect(new Set([...owners.values()].flatMap((names) => [...names]))).toEqual(new Set(users));
    expect(fake.count("GET /token")).toBe(3);
  });
});

/** Who was seen on each connection, by the credentials or the token that was given for them. */
function ownersOf(fake: FakeUpstream): Map<number, Set<string>> {
  const owners = new Map<number, Set<string>>();
  const tokens = new Map<string, string>();
  let issued = 0;
  for (const { connection, headers, path } of fake.seen()) {
    const given = headers.get("authorization") ?? "";
    const [, basic] = /^Basic (.*)$/.exec(given) ?? [];
    const user = basic === undefined ? tokens.get(given) : atob(basic).split(":")[0];
    if (path === "/token") tokens.set(`Bearer token-${++issued}-${fake.server.port}`, user ?? "");
    const seen = owners.get(connection) ?? new Set();
    if (user !== undefined) owners.set(connection, seen.add(user));
  }
  return owners;
}
