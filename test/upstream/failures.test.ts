import { describe, expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import type { Upstream } from "../../src/upstream/contract.ts";
import { type FakeUpstream, type Fault, Gate, sampleBytes, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { digestFrom, failureOf, found, latest, World } from "./world.ts";

const login = { username: "user", password: "secret" };
const bytes = sampleBytes(1000);

async function withImage(world: World, settings: Partial<Upstream> = {}) {
  const fake = await world.fake();
  fake.image("x", "latest");
  const digest = fake.blob("x", bytes);
  const upstream = world.upstream(fake, settings);
  const get = () => world.client.manifest(upstream, "x", latest);
  const health = () => world.client.health(upstream);
  /** Opens the breaker by failures. */
  const breakDown = async () => {
    fake.fault("*", { status: 500 });
    for (let i = 0; i < 5; i++) expect((await failureOf(get())).reason).toBe("broken");
    fake.heal();
  };
  return { fake, digest, upstream, get, health, breakDown };
}

/** One call of each kind. */
function calls(world: World, upstream: Upstream, digest: string): (() => Promise<unknown>)[] {
  const parsed = digestFrom(digest);
  return [
    () => world.client.manifest(upstream, "x", latest),
    () => world.client.checkManifest(upstream, "x", latest, 5000),
    () => world.client.checkBlob(upstream, "x", parsed),
    () => world.open(upstream, digest).then(({ body }) => body.cancel()),
  ];
}

describe("an upstream that fails five times in a row", () => {
  const counted: [what: string, fault: Fault][] = [
    ["500", { status: 500 }],
    ["503", { status: 503 }],
    ["resets", { reset: true }],
    ["manifests that break off", { cutAfter: 20 }],
  ];
  test.each(counted)("by %s is not asked any more, by any call", async (_, fault) => {
    await using world = new World();
    const { fake, digest, upstream, get, health } = await withImage(world);
    fake.fault("*", fault);
    for (let i = 0; i < 4; i++) await failureOf(get());
    expect(health().breaker).toBe("closed");
    const { reason } = await failureOf(get());
    expect(health()).toMatchObject({ breaker: "open", lastFailure: reason });
    const asked = fake.count();
    world.clock.step(1);
    for (const call of calls(world, upstream, digest)) {
      expect(await failureOf(call())).toMatchObject({
        reason,
        retryAfterSeconds: 10,
        message: 'upstream "Fake" failed again and again and is tried again in 10 s',
      });
    }
    expect(fake.count()).toBe(asked);
  });

  test("by time-outs, or by not being there", async () => {
    await using world = new World();
    const { fake, upstream, health } = await withImage(world);
    for (let i = 0; i < 4; i++) {
      const gate = new Gate();
      fake.fault("*", { gate, hang: true });
      gate.open();
      const checking = failureOf(world.client.checkManifest(upstream, "x", latest, 5000));
      await gate.arrived();
      world.clock.step(5000);
      expect((await checking).reason).toBe("timeout");
    }
    await fake.stop();
    await failureOf(world.client.manifest(upstream, "x", latest));
    expect(health()).toMatchObject({ breaker: "open", lastFailure: "unreachable" });
  });

  test("in its token service is not asked either", async () => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    fake.auth = { kind: "bearer" };
    fake.fault("GET /token", { status: 500 });
    for (let i = 0; i < 5; i++) await failureOf(get());
    const asked = fake.count();
    await failureOf(get());
    expect([fake.count(), health().breaker]).toEqual([asked, "open"]);
  });

  test("lets one call try when the time is over; an answer closes it", async () => {
    await using world = new World();
    const { fake, get, health, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(9999);
    expect((await failureOf(get())).retryAfterSeconds).toBe(1);
    world.clock.step(1);
    expect(health().breaker).toBe("half_open");
    const gate = new Gate();
    fake.fault("*", { gate });
    const asked = fake.count();
    const trying = get();
    await gate.arrived();
    const others = await Promise.all([get(), get()].map(failureOf));
    for (const { message } of others) expect(message).toContain("is being tried right now");
    expect(fake.count()).toBe(asked + 1);
    gate.open();
    found(await trying);
    expect(health()).toMatchObject({ breaker: "closed", retryAt: undefined });
    expect(health().lastFailure).toBeUndefined();
    expect(world.lines.join()).toContain("upstream is back");
  });

  test("rests for twice as long when it fails the trial", async () => {
    await using world = new World();
    const { fake, get, health, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(10_000);
    fake.fault("*", { status: 500 });
    await failureOf(get());
    expect(health().retryAt).toBe(world.clock.now() + 20_000);
  });

  test("is given up for the trial by a caller who leaves, and the next one tries", async () => {
    await using world = new World();
    const { fake, digest, upstream, get, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(10_000);
    const gate = new Gate();
    fake.fault("*", { gate, times: 1 });
    const leaving = new AbortController();
    const opening = world
      .open(upstream, digest, { signal: leaving.signal })
      .catch((error: unknown) => String(error));
    await gate.arrived();
    leaving.abort(new Error("gone"));
    expect(await opening).toBe("Error: gone");
    gate.open();
    found(await get());
  });

  test("is not found to be well by a trial that asked nothing", async () => {
    await using world = new World();
    const { upstream, get, health, breakDown } = await withImage(world);
    await breakDown();
    world.clock.step(10_000);
    const marks = Array.from({ length: 9 }, () => `weir-${crypto.randomUUID()}`);
    await failureOf(world.client.manifest(upstream, "x", latest, marks));
    expect(health().breaker).toBe("half_open");
    found(await get());
    expect(health().breaker).toBe("closed");
  });

  test("ends no transfer that runs; going on with one is a call like others", async () => {
    await using world = new World();
    const { fake, digest, upstream, breakDown } = await withImage(world);
    const tap = new Tap();
    fake.fault("GET */blobs/*", { tap });
    const { body, etag } = await world.open(upstream, digest);
    await breakDown();
    tap.open();
    expect((await new Response(body).bytes()).length).toBe(bytes.length);
    const resuming = world.open(upstream, digest, { offset: 10, ...(etag && { etag }) });
    expect((await failureOf(resuming)).message).toContain("is tried again");
  });

  test("holds up no other upstream at the same address", async () => {
    await using world = new World();
    const { fake, breakDown } = await withImage(world);
    await breakDown();
    found(await world.client.manifest(world.upstream(fake), "x", latest));
  });
});

describe("what does not open the breaker", () => {
  const answers: [what: string, fault: Fault][] = [
    ["404", { status: 404 }],
    ["401", { status: 401 }],
    ["403", { status: 403 }],
    ["nonsense", { status: 204 }],
    ["508", { status: 508 }],
  ];
  test.each(answers)("%s", async (_, fault) => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    fake.fault("*", fault);
    for (let i = 0; i < 20; i++) await get().catch(() => {});
    expect(health()).toMatchObject({ breaker: "closed", lastFailure: undefined });
    fake.heal();
    found(await get());
  });

  test.each(answers)("%s starts the count anew", async (_, fault) => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    for (let i = 0; i < 3; i++) {
      fake.fault("*", fault);
      fake.fault("*", { status: 500, times: 4 });
      for (let call = 0; call < 5; call++) await get().catch(() => {});
    }
    expect(health().breaker).toBe("closed");
  });

  test("places that are all taken", async () => {
    await using world = new World();
    const { fake, digest, upstream, health } = await withImage(world);
    fake.fault("GET */blobs/*", { tap: new Tap() });
    const all = Promise.all(Array.from({ length: 64 }, () => world.open(upstream, digest)));
    const running = await all;
    const waiting = Array.from({ length: 6 }, () => failureOf(world.open(upstream, digest)));
    await until(() => world.clock.next === 10_000);
    world.clock.step(10_000);
    for (const error of await Promise.all(waiting)) expect(error.reason).toBe("timeout");
    expect(health().breaker).toBe("closed");
    for (const { body } of running) await body.cancel();
  });
});

describe("429", () => {
  test.each([
    ["7", 7],
    ["0", 1],
    ["999999", 3600],
    [null, 30],
  ])("with Retry-After %p gives the upstream a rest of %d s", async (header, seconds) => {
    await using world = new World();
    const { fake, digest, upstream, get, health } = await withImage(world);
    fake.fault("*", { status: 429, headers: { "retry-after": header }, times: 2 });
    const refused = failureOf(get());
    // A short rest is waited for once, before anybody is told.
    if (seconds <= 5) await until(() => world.clock.next <= seconds * 1000 + 250);
    if (seconds <= 5) world.clock.step(seconds * 1000 + 250);
    expect((await refused).reason).toBe("rate_limited");
    fake.heal();
    expect(health().retryAt).toBe(world.clock.now() + seconds * 1000);
    for (const call of calls(world, upstream, digest)) {
      expect(await failureOf(call())).toMatchObject({
        reason: "rate_limited",
        retryAfterSeconds: seconds,
        message: `upstream "Fake" asked us to slow down and is tried again in ${seconds} s`,
      });
    }
    expect(fake.count()).toBe(seconds <= 5 ? 2 : 1);
    world.clock.step(seconds * 1000);
    found(await get());
    expect(health().breaker).toBe("closed");
  });
});

describe("after a restart", () => {
  test("an open breaker is still open, and a closed one closed", async () => {
    await using world = new World();
    const { fake, get, health, breakDown } = await withImage(world);
    await breakDown();
    const before = health();
    await world.restart();
    // The words of what went wrong end with the process.
    expect(health()).toEqual({ ...before, lastError: undefined });
    const asked = fake.count();
    expect((await failureOf(get())).retryAfterSeconds).toBe(10);
    expect(fake.count()).toBe(asked);
    world.clock.step(10_000);
    found(await get());
    await world.restart();
    expect(health().breaker).toBe("closed");
  });

  test("nobody waits for what was noted, and it does not replace what was seen meanwhile", async () => {
    await using world = new World();
    const { get, health, breakDown } = await withImage(world);
    await breakDown();
    await world.client.close();
    const reading = Promise.withResolvers<void>();
    world.states.reading = reading.promise;
    await world.restart();
    found(await get());
    reading.resolve();
    await yieldTurn();
    expect(health().breaker).toBe("closed");
  });

  test("what was noted of another version means nothing", async () => {
    await using world = new World();
    const { upstream, breakDown } = await withImage(world);
    await breakDown();
    await world.restart();
    found(await world.client.manifest({ ...upstream, version: 2 }, "x", latest));
  });

  const far = Date.UTC(2026, 0, 1, 0, 30);
  test.each([
    "",
    "null",
    "{",
    "{}",
    `{"openings":0,"retryAt":"${far}","reason":"timeout"}`,
    `{"openings":-1,"retryAt":${far},"reason":"timeout"}`,
    `{"openings":0,"retryAt":${far},"reason":"bored"}`,
  ])("%p means nothing", async (state) => {
    await using world = new World();
    const { upstream, get } = await withImage(world);
    world.states.rows.set(upstream.id, { upstreamId: upstream.id, version: 1, state });
    await world.restart();
    found(await get());
  });

  test("it is written when it opens or closes, not for each call", async () => {
    await using world = new World();
    const { get, breakDown } = await withImage(world);
    for (let i = 0; i < 5; i++) await get();
    expect(world.states.writes).toBe(0);
    await breakDown();
    for (let i = 0; i < 5; i++) await failureOf(get());
    expect(world.states.writes).toBe(1);
    world.clock.step(10_000);
    for (let i = 0; i < 5; i++) await get();
    await yieldTurn();
    expect(world.states.writes).toBe(2);
  });

  test("a store that fails costs nothing but its own memory", async () => {
    await using world = new World();
    world.states.failing = new Error("disk at /secret/path");
    await world.restart();
    const { get, health, breakDown } = await withImage(world);
    await breakDown();
    expect(health().breaker).toBe("open");
    await world.client.close();
    world.clock.step(10_000);
    found(await get());
    const written = '{"message":"state of upstream not written","upstreamId":1,"code":"Error"}';
    expect(world.lines).toContain('{"message":"states of upstreams not read","code":"Error"}');
    expect(world.lines).toContain(written);
    expect(world.lines.join()).not.toContain("secret");
  });
});

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

function limits(limit: string | null, remaining: string | null) {
  return { "ratelimit-limit": limit, "ratelimit-remaining": remaining };
}

describe("the budget", () => {
  test("is what the last answer that spoke of it said", async () => {
    await using world = new World();
    const { fake, upstream, get, health } = await withImage(world);
    expect(health().budget).toBeUndefined();
    fake.fault("*", { headers: limits("100;w=21600", "76;w=21600") });
    await get();
    const at = world.clock.now();
    expect(health().budget).toEqual({ limit: 100, remaining: 76, windowSeconds: 21_600, at });
    world.clock.step(1000);
    fake.heal();
    await get();
    expect(health().budget?.at).toBe(at);
    fake.fault("*", { status: 429, headers: limits("100;w=21600", "0;w=21600") });
    await failureOf(world.client.checkManifest(upstream, "x", latest, 5000));
    expect(health().budget).toMatchObject({ remaining: 0, at: at + 1000 });
  });

  test.each([
    ["100", "5"],
    ["100;w=60", null],
    [null, "5"],
    ["-1;w=60", "5"],
    ["1e3;w=60", "5"],
    ["100;w=60", "many"],
    ["9999999999;w=60", "5"],
  ])("%p and %p say nothing", async (limit, remaining) => {
    await using world = new World();
    const { fake, get, health } = await withImage(world);
    fake.fault("*", { headers: limits(limit, remaining) });
    await get();
    expect(health().budget).toBeUndefined();
  });

  test("never has more left than there is, nor comes from another origin", async () => {
    await using world = new World();
    const { fake, digest, upstream, get, health } = await withImage(world);
    const cdn = await world.fake();
    cdn.file("/data", bytes);
    cdn.fault("*", { headers: limits("9;w=9", "9;w=9") });
    fake.fault("GET */blobs/*", { redirect: `${cdn.url}/data` });
    await (await world.open(upstream, digest)).body.cancel();
    expect(health().budget).toBeUndefined();
    fake.fault("*", { headers: limits("100;w=60", "200;w=60") });
    await get();
    expect(health().budget?.remaining).toBe(100);
  });
});
