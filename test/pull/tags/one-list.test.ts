import { beforeEach, describe, expect, test } from "bun:test";
import { Gate } from "../../fakes/upstream.ts";
import { full, hour, list, lists, name, push } from "./listing.ts";
import { first, forEachTest, rows, second, start, weir } from "../two-upstreams.ts";

forEachTest();

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
