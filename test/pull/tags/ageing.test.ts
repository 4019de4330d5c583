import { beforeEach, describe, expect, test } from "bun:test";
import { until } from "../../fakes/until.ts";
import { buildImage, Gate } from "../../fakes/upstream.ts";
import { adminToken } from "../../fakes/weir.ts";
import { full, hour, list, lists, name, push } from "./listing.ts";
import { first, forEachTest, rows, second, serve, start, weir } from "../two-upstreams.ts";

forEachTest();

describe("a stale list", () => {
  beforeEach(async () => {
    await start({ cacheValidityHours: 24, staleIfAbsentHours: 48 });
    push(first, "a");
    await list();
    push(first, "b");
    weir.clock.step(24 * hour);
  });

  for (const [fault, reason] of [
    [{ status: 500 }, "broken"],
    [{ status: 429 }, "rate_limited"],
    [{ status: 401 }, "denied"],
    [{ status: 404 }, "absent at its upstream"],
    [{ reset: true }, "unreachable"],
    [{ body: "{" }, "invalid"],
  ] as const) {
    test(`${reason}: served with the reason, and no new check for 60 s`, async () => {
      first.fault("*", fault);
      expect(await list()).toMatchObject({
        tags: ["a"],
        cache: `stale; upstream="up1"; reason="${reason}"`,
      });
      const asked = first.count(lists);
      expect((await list()).cache).toBe('stale; upstream="up1"; reason="check postponed"');
      expect(first.count(lists)).toBe(asked);
      first.heal();
      weir.clock.step(60_000);
      expect(await list()).toMatchObject({ tags: ["a", "b"], cache: 'miss; upstream="up1"' });
    });
  }

  test("a hanging upstream costs the check's deadline, once, and the check goes on behind", async () => {
    const gate = new Gate();
    first.fault(lists, { gate });
    const answer = list();
    await gate.arrived();
    weir.clock.step(5000);
    expect((await answer).cache).toBe('stale; upstream="up1"; reason="timeout"');
    expect((await list()).cache).toBe('stale; upstream="up1"; reason="check postponed"');
    gate.open();
    await until(async () => (await list()).cache === 'hit; upstream="up1"');
    expect([(await list()).tags, first.count(lists)]).toEqual([["a", "b"], 2]);
  });

  test("gone at its upstream: kept for so many hours, then dropped", async () => {
    first.remove(`/v2/${name}/manifests/a`);
    first.remove(`/v2/${name}/manifests/b`);
    first.remove(`/v2/${name}/manifests/${buildImage().digest}`);
    weir.clock.step(24 * hour);
    expect((await list()).tags).toEqual(["a"]);
    weir.clock.step(60_001);
    expect((await list()).status).toBe(404);
    expect(await rows()).toBe(0);
  });

  test("emptied at its upstream: empty here", async () => {
    first.file(`/v2/${name}/tags/list`, JSON.stringify({ name, tags: [] }));
    first.lists.tags = false;
    expect((await list()).body).toEqual({ name: full, tags: [] });
    expect(await rows()).toBe(0);
  });
});

test("with stale_while_revalidate a stale list is served at once, and asked for behind", async () => {
  await start({ staleWhileRevalidate: true });
  push(first, "a");
  await list();
  push(first, "b");
  weir.clock.step(24 * hour);
  expect(await list()).toMatchObject({
    tags: ["a"],
    cache: 'stale; upstream="up1"; reason="being checked"',
  });
  await until(async () => (await list()).cache === 'hit; upstream="up1"');
  expect((await list()).tags).toEqual(["a", "b"]);
});

describe("an upstream without lists of tags", () => {
  for (const [what, status] of [
    ["404", 404],
    ["405", 405],
    ["501", 501],
    ["401", 401],
    ["403", 403],
    ["500", 500],
  ] as const) {
    test(`${what}: the tags by which its images are cached; none, of an image that is cached by digest`, async () => {
      await start();
      const { digest } = first.image(name, "a");
      first.fault(lists, { status });
      await weir.manifest(name, digest);
      expect((await list()).body).toEqual({ name: full, tags: [] });
      await weir.manifest(name, "a");
      const { tags, cache } = await list();
      expect(tags).toEqual(["a"]);
      expect(cache).toMatch(/^stale; upstream="up1"; reason="[\w ]+; the tags that are cached"$/);
    });
  }

  test("what has not been confirmed for as long as it would be kept is not shown", async () => {
    await start({ cacheValidityHours: 1, staleIfAbsentHours: 2 });
    push(first, "a");
    await weir.manifest(name, "a");
    first.lists.tags = false;
    weir.clock.step(2 * hour);
    expect((await list()).tags).toEqual(["a"]);
    weir.clock.step(1);
    expect((await list()).status).toBe(404);
  });
});

describe("what ends a list", () => {
  const api = (method: string, route: string, body?: object) =>
    fetch(`${weir.url}/api/v4/virtual_registries/container/${route}`, {
      method,
      headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  beforeEach(async () => {
    await start();
    push(first, "a");
    await list();
    push(first, "b");
    expect([(await list()).tags, await rows()]).toEqual([["a"], 1]);
  });

  for (const [method, route, body] of [
    ["DELETE", "upstreams/1/cache", undefined],
    ["DELETE", "registries/1/cache", undefined],
    ["PATCH", "upstreams/1", { username: "u", password: "another password" }],
    ["POST", `registries/1/refresh?image=${name}:a`, undefined],
  ] as const) {
    test(`${method} ${route}`, async () => {
      expect((await api(method, route, body)).ok).toBe(true);
      expect((await list()).tags).toEqual(["a", "b"]);
      // What a change of the upstream leaves is cleared away behind it.
      weir.clock.step(60_000);
      await until(async () => (await rows()) === 1);
    });
  }

  test("a refresh that fails ends nothing", async () => {
    await weir.manifest(name, "a");
    first.fault("*", { status: 500 });
    await api("POST", `registries/1/refresh?image=${name}:a`);
    expect((await list()).tags).toEqual(["a"]);
  });

  test("another address", async () => {
    push(second, "elsewhere");
    weir.clock.step(30_000);
    await api("PATCH", "upstreams/1", { url: `${second.url}/x` });
    expect((await list()).tags).toEqual(["elsewhere"]); // of the other upstream
    weir.clock.step(60_000);
    const former = "select count(*) as count from lists where upstream_id = 1";
    await until(async () => Number((await weir.query<{ count: number }>(former))[0]?.count) === 0);
  });

  test("the end of the upstream", async () => {
    await api("DELETE", "upstreams/1");
    expect((await list()).status).toBe(404);
    // What it leaves is cleared away behind it.
    weir.clock.step(60_000);
    await until(async () => (await rows()) === 0);
  });

  test("what was asked for under other credentials is not kept", async () => {
    await api("DELETE", "upstreams/1/cache");
    const gate = new Gate();
    first.fault(lists, { gate });
    const answer = list();
    await gate.arrived();
    await api("PATCH", "upstreams/1", { username: "u", password: "another password" });
    gate.open();
    await answer;
    expect(await rows()).toBe(0);
  });
});

test("nothing of one group's lists is seen by another", async () => {
  await serve({ upstreams: [{ fake: first }], others: [{ fake: second }] });
  push(first, "secret");
  await list();
  expect((await weir.other(name, "tags", "list")).status).toBe(404);
  push(second, "open");
  weir.clock.step(30_001);
  expect(await (await weir.other(name, "tags", "list")).json()).toMatchObject({ tags: ["open"] });
});
