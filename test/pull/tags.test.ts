import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Rule } from "../../src/metadata/contract.ts";
import { buildImage, FakeUpstream, Gate } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { adminToken, TestWeir, type WeirOptions } from "../fakes/weir.ts";

const name = "library/app";
const lists = `GET /v2/${name}/tags/list`;
const full = `virtual_registries/container/1/${name}`;
const hour = 3_600_000;
let first: FakeUpstream;
let second: FakeUpstream;
let weir: TestWeir;

beforeEach(async () => {
  first = await FakeUpstream.start();
  second = await FakeUpstream.start();
});
afterEach(async () => {
  await weir.stop();
  await first.stop();
  await second.stop();
});

type Settings = WeirOptions["upstreams"][number]["settings"];
async function start(
  one: Settings = {},
  two: Settings = {},
  registry: WeirOptions["registry"] = {},
): Promise<void> {
  const upstreams = [
    { fake: first, settings: { ...one } },
    { fake: second, settings: { ...two } },
  ];
  weir = await TestWeir.start({ upstreams, registry });
}

function push(fake: FakeUpstream, ...tags: string[]): void {
  for (const tag of tags) fake.image(name, tag);
}

async function list(query = "") {
  const response = await weir.tags(name, query);
  const body = (await response.json()) as { name: string; tags: string[]; errors?: unknown[] };
  return {
    status: response.status,
    body,
    tags: body.tags,
    cache: response.headers.get("x-weir-cache")?.replace(/; age=\d+/, ""),
    link: response.headers.get("link"),
  };
}

async function rows(): Promise<number> {
  const [row] = await weir.query<{ count: number }>("select count(*) as count from lists");
  return row?.count ?? -1;
}

describe("a list of tags", () => {
  test("is the upstream's, in order of code units, with the name as it was asked for", async () => {
    await start();
    push(first, "v10", "v2", "Beta", "_x", "alpha", "1.0");
    const { status, body, cache, link } = await list();
    expect([status, body]).toEqual([
      200,
      { name: full, tags: ["1.0", "Beta", "_x", "alpha", "v10", "v2"] },
    ]);
    expect([cache, link]).toEqual(['miss; upstream="up1"', null]);
  });

  test("is cached for the upstream's validity, over a restart too, and asked for once", async () => {
    await start({ cacheValidityHours: 2 });
    push(first, "a");
    await list();
    push(first, "b");
    await weir.halt();
    await weir.run();
    weir.clock.step(2 * hour - 1);
    expect(await list()).toMatchObject({ tags: ["a"], cache: 'hit; upstream="up1"' });
    expect(first.count(lists)).toBe(1);
    weir.clock.step(1);
    expect(await list()).toMatchObject({ tags: ["a", "b"], cache: 'miss; upstream="up1"' });
    expect(first.count(lists)).toBe(2);
  });

  test("validity 0 is for ever", async () => {
    await start({ cacheValidityHours: 0 });
    push(first, "a");
    await list();
    weir.clock.step(10_000 * hour);
    expect((await list()).cache).toBe('hit; upstream="up1"');
    expect(first.count(lists)).toBe(1);
  });

  test("many who ask at once cause one call", async () => {
    await start();
    push(first, "a");
    const gate = new Gate();
    first.fault(lists, { gate });
    const before = await weir.begun();
    await weir.token(name);
    const all = Array.from({ length: 20 }, () => list());
    await gate.arrived();
    await weir.waiting(before, 20);
    gate.open();
    for (const one of await Promise.all(all)) expect(one.tags).toEqual(["a"]);
    expect(first.count(lists)).toBe(1);
  });

  test("HEAD and GET agree", async () => {
    await start();
    push(first, "a", "b");
    await list();
    for (const query of ["", "?n=1", "?n=0", "?last=a", "?n=x"]) {
      const get = await weir.tags(name, query);
      const head = await weir.tags(name, query, { method: "HEAD" });
      expect(await head.text()).toBe("");
      const facts = ({ status, headers }: Response) => [
        status,
        ...["content-type", "content-length", "link", "x-weir-cache"].map((one) =>
          headers.get(one),
        ),
      ];
      expect(facts(head)).toEqual(facts(get));
      expect(get.headers.get("content-length")).toBe(String((await get.bytes()).length));
    }
  });

  test("has the headers of stored content", async () => {
    await start();
    push(first, "a");
    const { headers } = await weir.tags(name);
    expect(headers.toJSON()).toMatchObject({
      "content-type": "application/json",
      "cache-control": "private",
      vary: "Authorization",
      "x-content-type-options": "nosniff",
      "content-disposition": "attachment",
      "docker-distribution-api-version": "registry/2.0",
      "x-request-id": expect.any(String),
    });
  });

  test("nobody has it: 404 that names who was asked, remembered for a moment, and no row", async () => {
    await start();
    const { status, body, cache } = await list();
    expect(cache).toBe('absent; upstream="up1, up2"');
    expect([status, body]).toMatchObject([
      404,
      {
        errors: [
          {
            code: "NAME_UNKNOWN",
            message: "no upstream of this registry has this repository",
            detail: { asked: ["up1", "up2"] },
          },
        ],
      },
    ]);
    await list();
    expect([first.count(), second.count(), await rows()]).toEqual([1, 1, 0]);
    weir.clock.step(30_000);
    push(second, "a");
    expect((await list()).tags).toEqual(["a"]);
  });

  test("an upstream that has an empty list of everything fills no table", async () => {
    await start();
    first.file(`/v2/${name}/tags/list`, JSON.stringify({ name, tags: null }));
    for (let i = 0; i < 3; i++) expect((await list()).body).toEqual({ name: full, tags: [] });
    expect([first.count(lists), await rows()]).toEqual([1, 0]);
  });
});

describe("parts of a list", () => {
  const tags = Array.from({ length: 7 }, (_, i) => `v${i}`);
  beforeEach(async () => {
    await start();
    push(first, ...tags.filter((_, i) => i % 2 === 0));
    push(second, ...tags.filter((_, i) => i % 2 === 1));
  });

  test("links lead through all of it, on our own path", async () => {
    let query = "?n=3";
    const pages: string[][] = [];
    for (;;) {
      const { tags, link } = await list(query);
      pages.push(tags);
      if (link === null) break;
      const [, target = ""] = /^<(.*)>; rel="next"$/.exec(link) ?? [];
      expect(target.startsWith(`/v2/${full}/tags/list?`)).toBe(true);
      query = target.slice(target.indexOf("?"));
    }
    expect(pages).toEqual([tags.slice(0, 3), tags.slice(3, 6), tags.slice(6)]);
    expect([first.count(lists), second.count(lists)]).toEqual([1, 1]);
  });

  const good: [query: string, tags: string[], more: boolean][] = [
    ["?n=0", [], false],
    ["?n=7", tags, false],
    ["?n=6", tags.slice(0, 6), true],
    [`?n=${10 ** 12}`, tags, false],
    [`?n=${"9".repeat(32)}`, tags, false],
    ["?last=v3", tags.slice(4), false],
    ["?last=v3x&n=1", ["v4"], true],
    ["?last=a", tags, false],
    ["?last=zzz", [], false],
    ["?n=2&unknown=1", tags.slice(0, 2), true],
  ];
  for (const [query, wanted, more] of good) {
    test(query, async () => {
      const { status, tags, link } = await list(query);
      expect([status, tags, link !== null]).toEqual([200, wanted, more]);
    });
  }

  const number = "n must be a whole number from 0 on";
  const tag = "last must be a tag: the last one of the page before";
  const bad: [query: string, message: string][] = [
    ["?n=-1", number],
    ["?n=abc", number],
    ["?n=1.5", number],
    ["?n=", number],
    ["?n=%2B1", number],
    [`?n=${"9".repeat(33)}`, number],
    ["?n=1&n=2", "n must not be given more than once"],
    ["?last=a/b", tag],
    ["?last=a%2fb", tag],
    ["?last=%00", tag],
    ["?last=", tag],
    ["?last=.", tag],
    [`?last=${"a".repeat(129)}`, tag],
    ["?last=a&last=b", "last must not be given more than once"],
  ];
  for (const [query, message] of bad) {
    test(`${query.slice(0, 40)}: refused by name, and nobody is asked`, async () => {
      const { status, body } = await list(query);
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ code: "UNSUPPORTED", message }]);
      expect(first.count() + second.count()).toBe(0);
    });
  }
});

test("what is asked of us by host goes on being so", async () => {
  await start();
  push(first, "a", "b");
  push(second, "c");
  const { host } = new URL(first.url);
  const { tags, link } = await list(`?n=1&ns=${host}`);
  expect([tags, link]).toEqual([
    ["a"],
    `</v2/${full}/tags/list?n=1&last=a&ns=${encodeURIComponent(host)}>; rel="next"`,
  ]);
  expect((await list(`?last=a&ns=${host}`)).tags).toEqual(["b"]);
  expect(second.count()).toBe(0);
});

test("a very long list goes on by link, whether or not a length was asked for", async () => {
  await start();
  const tags = Array.from({ length: 10_001 }, (_, i) => `t${String(i).padStart(5, "0")}`);
  first.file(`/v2/${name}/tags/list`, JSON.stringify({ name, tags }));
  for (const query of ["", "?n=20000"]) {
    const page = await list(query);
    expect([page.tags.length, page.link]).toEqual([
      10_000,
      `</v2/${full}/tags/list?n=10000&last=t09999>; rel="next"`,
    ]);
  }
  expect(await list("?n=10000&last=t09999")).toMatchObject({ tags: ["t10000"], link: null });
});

describe("several upstreams", () => {
  test("all that have the repository are merged, each tag once", async () => {
    await start();
    push(first, "a", "c");
    push(second, "b", "c", "d");
    expect(await list()).toMatchObject({
      tags: ["a", "b", "c", "d"],
      cache: 'miss; upstream="up1, up2"',
    });
  });

  test("404 falls through", async () => {
    await start();
    push(second, "b");
    expect(await list()).toMatchObject({ tags: ["b"], cache: 'miss; upstream="up2"' });
  });

  test("403 falls through where it means absent, else it stops", async () => {
    await start({ deniedMeans: "absent" });
    push(second, "b");
    first.fault("*", { status: 403 });
    expect((await list()).tags).toEqual(["b"]);
    await weir.stop();
    await start();
    expect((await list()).status).toBe(503);
  });

  const unsure: [fault: Parameters<FakeUpstream["fault"]>[1], status: number, reason: string][] = [
    [{ status: 500 }, 503, "broken"],
    [{ status: 429, headers: { "retry-after": "7" } }, 429, "rate_limited"],
    [{ status: 401 }, 503, "denied"],
    [{ reset: true }, 503, "unreachable"],
    [{ body: "<html>" }, 502, "invalid"],
  ];
  for (const [fault, status, reason] of unsure) {
    test(`${reason}: a lower one must not answer in its place; with continue it does`, async () => {
      await start();
      push(first, "a");
      push(second, "b");
      first.fault(lists, fault);
      const refused = await list();
      expect(refused).toMatchObject({
        status,
        body: { errors: [{ detail: { upstreams: [{ upstream: "up1", reason }] } }] },
      });
      expect([second.count(), await rows()]).toEqual([0, 0]);
      await weir.stop();
      await start({}, {}, { onUnsure: "continue" });
      expect(await list()).toMatchObject({
        status: 200,
        tags: ["b"],
        cache: `miss; upstream="up2"; reason="up1: ${reason}"`,
      });
    });
  }

  test("one that is unsure behind the first that has it is left out, with the reason; those behind it too", async () => {
    await start();
    push(first, "a");
    push(second, "b");
    second.fault("*", { status: 500 });
    expect(await list()).toMatchObject({
      status: 200,
      tags: ["a"],
      cache: 'miss; upstream="up1"; reason="up2: broken"',
    });
    // It is not asked again for each answer of the other's copy.
    const asked = second.count();
    expect((await list()).cache).toBe('hit; upstream="up1"; reason="up2: broken"');
    expect(second.count()).toBe(asked);
    second.heal();
    weir.clock.step(60_000);
    expect((await list()).tags).toEqual(["a", "b"]);
  });

  test("what is cached of a lower one is served while the first is down", async () => {
    await start();
    push(second, "b");
    await list();
    first.fault("*", { reset: true });
    weir.clock.step(30_001);
    expect(await list()).toMatchObject({
      tags: ["b"],
      cache: 'hit; upstream="up2"; reason="up1: unreachable"',
    });
  });

  test("asked in parallel, the order decides all the same", async () => {
    await start({}, {}, { ask: "parallel" });
    push(first, "a");
    push(second, "b");
    const gate = new Gate();
    first.fault(lists, { gate });
    const answer = list();
    await gate.arrived();
    await until(() => second.count(lists) === 1);
    gate.open();
    expect((await answer).tags).toEqual(["a", "b"]);
  });

  test("asked in parallel, what stands behind one that is unsure is not kept either", async () => {
    await start({}, {}, { ask: "parallel" });
    push(second, "b");
    first.fault("*", { status: 500 });
    for (let i = 0; i < 2; i++) expect((await list()).status).toBe(503);
    expect(await rows()).toBe(0);
  });

  test("rules come before any contact; what they deny of tags is not shown", async () => {
    const rule = (target: Rule["target"], effect: Rule["effect"], pattern: string): Rule => ({
      target,
      effect,
      pattern,
    });
    await start(
      { rules: [rule("repository", "deny", "library/*")] },
      { rules: [rule("tag", "allow", "v*"), rule("tag", "deny", "*-rc")] },
    );
    push(first, "v1");
    push(second, "v2", "v3-rc", "x");
    expect((await list()).tags).toEqual(["v2"]);
    expect(first.count()).toBe(0);
  });

  test("names that the rules allow nowhere are unknown", async () => {
    const rules: Rule[] = [{ target: "repository", effect: "deny", pattern: "**" }];
    await start({ rules }, { rules });
    push(first, "a");
    expect(await list()).toMatchObject({
      status: 404,
      body: { errors: [{ code: "NAME_UNKNOWN", detail: { not_asked: ["up1", "up2"] } }] },
    });
    expect(first.count()).toBe(0);
  });

  test("a name without a slash is one of library/ where the upstream says so", async () => {
    await start({ libraryPrefix: true });
    first.image("library/alpine", "latest");
    const short = (await (await weir.tags("alpine")).json()) as { name: string; tags: string[] };
    expect(short).toEqual({ name: "virtual_registries/container/1/alpine", tags: ["latest"] });
    expect((await weir.tags("library/alpine")).headers.get("x-weir-cache")).toStartWith("hit");
  });

  test("names of upstreams can be anything, and still stand in a header", async () => {
    await start({ name: 'über"mäßig\n' }, { name: "two; \\" });
    push(first, "a");
    push(second, "b");
    expect((await list()).cache).toBe('miss; upstream="_ber_m__ig_, two; _"');
  });
});

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
  weir = await TestWeir.start({ upstreams: [{ fake: first }], others: [{ fake: second }] });
  push(first, "secret");
  await list();
  expect((await weir.other(name, "tags", "list")).status).toBe(404);
  push(second, "open");
  weir.clock.step(30_001);
  expect(await (await weir.other(name, "tags", "list")).json()).toMatchObject({ tags: ["open"] });
});
