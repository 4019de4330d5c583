import { describe, expect, test } from "bun:test";
import { mediaTypes } from "../../src/oci/manifest.ts";
import type { UnsureReason, Upstream } from "../../src/upstream/contract.ts";
import { buildImage, type FakeUpstream, type Fault } from "../fakes/upstream.ts";
import { failureOf, found, World } from "./world.ts";

const repository = "library/alpine";
const path = `/v2/${repository}/tags/list`;
const image = buildImage();

/** A fake with some tags, and what refers to their image. */
async function withLists(world: World, settings: Partial<Upstream> = {}) {
  const fake = await world.fake();
  for (let i = 0; i < 10; i++) fake.image(repository, `v${i}`, image);
  const attached = Array.from({ length: 5 }, (_, i) =>
    fake.image(repository, "tmp", buildImage({ label: String(i), subject: image })),
  );
  fake.remove(`/v2/${repository}/manifests/tmp`);
  const upstream = world.upstream(fake, settings);
  const tags = () => world.client.tags(upstream, repository);
  const referrers = () => world.client.referrers(upstream, repository, image.digest);
  return { fake, upstream, tags, referrers, attached };
}

const tagsBody = (...tags: unknown[]) => JSON.stringify({ name: repository, tags });
const json = { "content-type": "application/json" };

describe("lists", () => {
  test("are asked for with fixed headers, page by page", async () => {
    await using world = new World();
    const { fake, tags, referrers, attached } = await withLists(world);
    fake.lists.page = 3;
    expect(found(await tags()).tags.sort()).toEqual(Array.from({ length: 10 }, (_, i) => `v${i}`));
    const seen = fake.seen(`GET ${path}`);
    expect(seen.map(({ query }) => query.toString())).toEqual([
      "n=1000",
      "n=3&last=v2",
      "n=3&last=v5",
      "n=3&last=v8",
    ]);
    expect(seen[0]?.headers.toJSON()).toEqual({
      accept: "application/json",
      "accept-encoding": "identity",
      connection: "keep-alive",
      host: new URL(fake.url).host,
      "user-agent": "weir/1.2.3",
      via: "1.1 weir-test-instance",
    });
    const listed = found(await referrers()).referrers;
    expect(listed.map(({ digest }) => digest).sort()).toEqual(
      attached.map(({ digest }) => digest).sort(),
    );
    expect(fake.seen("GET */referrers/*").map(({ headers }) => headers.get("accept"))).toEqual([
      mediaTypes.ociIndex,
      mediaTypes.ociIndex,
    ]);
  });

  test("with a login, and marks of those they are for", async () => {
    await using world = new World();
    const { fake, upstream, tags } = await withLists(world);
    fake.auth = { kind: "bearer" };
    fake.lists.page = 6;
    expect(found(await tags()).tags).toHaveLength(10);
    expect(fake.seen("GET /token")[0]?.query.get("scope")).toBe(`repository:${repository}:pull`);
    await world.client.tags(upstream, repository, ["weir-a"]);
    expect(fake.seen().at(-1)?.headers.get("via")).toBe("1.1 weir-a, 1.1 weir-test-instance");
  });

  test("an absolute link to the same place is followed", async () => {
    await using world = new World();
    const { fake, tags } = await withLists(world);
    fake.lists.page = 4;
    fake.lists.link = (target) => fake.url + target;
    expect(found(await tags()).tags).toHaveLength(10);
  });

  test("behind a redirect the next page is asked for where the first one was", async () => {
    await using world = new World();
    const { fake, tags } = await withLists(world);
    const other = await world.fake();
    for (let i = 0; i < 4; i++) other.image("mirror/alpine", `r${i}`);
    other.lists.page = 2;
    fake.fault(`GET ${path}`, {
      redirect: ({ query }) => `${other.url}/v2/mirror/alpine/tags/list?${query}`,
    });
    expect(found(await tags()).tags).toEqual(["r0", "r1", "r2", "r3"]);
    expect([fake.count(), other.count()]).toEqual([2, 2]);
  });

  test("what is no tag, or no descriptor to pull by, is passed over", async () => {
    await using world = new World();
    const { fake, tags, referrers } = await withLists(world);
    fake.fault(`GET ${path}`, {
      body: tagsBody("ok", "", ".x", "a/b", "a\nb", "x".repeat(129), 7, null, ["v"], "ok"),
    });
    expect(await tags()).toEqual({ found: true, tags: ["ok"] });
    const good = { mediaType: mediaTypes.ociManifest, digest: image.digest, size: 3 };
    const manifests = [
      { ...good, urls: ["http://elsewhere.test"], data: "e30=", extra: 1, annotations: { a: 1 } },
      { ...good, digest: "sha256:12" },
      { ...good, size: -1 },
      { ...good, size: "3" },
      { ...good, mediaType: "text\nplain" },
      null,
      "x",
      [],
    ];
    fake.fault("GET */referrers/*", { body: JSON.stringify({ manifests }) });
    expect(await referrers()).toEqual({ found: true, referrers: [{ ...good, annotations: {} }] });
  });

  test("absent is 404, a 403 that means so, and a status of those that know no such lists", async () => {
    await using world = new World();
    const { fake, tags, referrers } = await withLists(world, { deniedMeans: "absent" });
    for (const status of [404, 401, 403, 405, 501]) {
      fake.fault("*", { status });
      expect([status, await tags(), await referrers()]).toEqual([
        status,
        { found: false },
        { found: false },
      ]);
      fake.heal();
    }
    for (const status of [400, 406]) {
      fake.fault("*", { status });
      expect(await referrers()).toEqual({ found: false });
      expect((await failureOf(tags())).reason).toBe("invalid");
      fake.heal();
    }
  });

  test("a page that comes too late ends it", async () => {
    await using world = new World();
    const { fake, tags } = await withLists(world);
    fake.fault(`GET ${path}`, { hang: true });
    const answer = failureOf(tags());
    while (fake.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    world.clock.step(180_000);
    expect((await answer).reason).toBe("timeout");
  });
});

interface Lie {
  fault: Fault | ((fake: FakeUpstream) => Fault);
  reason?: UnsureReason;
  words: string;
  /** Requests that it may cost. */
  requests: number;
  setUp?: (fake: FakeUpstream) => void;
}

const link = (target: string): Fault => ({
  body: tagsBody("a"),
  headers: { link: `<${target}>; rel="next"` },
});

const lies: Record<string, Lie> = {
  "a link to another host": {
    fault: link("http://elsewhere.test/v2/library/alpine/tags/list?last=a"),
    words: "goes on with its list at another address",
    requests: 1,
  },
  "a link to another port": {
    fault: (fake) => link(`http://127.0.0.1:${fake.server.port + 1}${path}?last=a`),
    words: "goes on with its list at another address",
    requests: 1,
  },
  "a link to another repository": {
    fault: link("/v2/private/other/tags/list?last=a"),
    words: "goes on with its list at another address",
    requests: 1,
  },
  "a link to another list": {
    fault: link("/v2/_catalog"),
    words: "goes on with its list at another address",
    requests: 1,
  },
  "a link that is none": {
    fault: link("http://["),
    words: "goes on with its list at another address",
    requests: 1,
  },
  "a link to the page itself": {
    fault: link("?n=1000"),
    words: "leads back to a page of its list",
    requests: 1,
  },
  "a link to an earlier page": {
    fault: {},
    setUp: (fake) => {
      let page = 0;
      fake.lists.page = 2;
      fake.lists.link = (target) => (++page === 3 ? `${path}?n=2&last=v1` : target);
    },
    words: "leads back to a page of its list",
    requests: 3,
  },
  "pages without an end": {
    fault: {},
    setUp: (fake) => {
      let page = 0;
      fake.lists.page = 2;
      fake.lists.link = () => `${path}?page=${++page}`;
    },
    words: "has a list without an end",
    requests: 500,
  },
  "links that are too long": {
    fault: link(`?last=${"a".repeat(8192)}`),
    words: "has a page whose links are too long",
    requests: 1,
  },
  "a page that is gone": {
    fault: {},
    setUp: (fake) => {
      fake.lists.page = 2;
      fake.fault(`GET ${path}`, { status: 404 });
      fake.fault(`GET ${path}`, { times: 1 });
    },
    words: "lost the rest of its list",
    requests: 2,
  },
  "more tags than anybody has": {
    fault: { body: tagsBody(...Array.from({ length: 100_001 }, (_, i) => `t${i}`)) },
    words: "has more tags than can be listed",
    requests: 1,
  },
  "a page of 9 MB": {
    fault: { body: new Uint8Array(9 << 20).fill(0x20) },
    words: "answered with too long a body",
    requests: 1,
  },
  HTML: {
    fault: { body: "<html>", headers: { "content-type": "text/html" } },
    words: "sent an unusable list: it is not acceptable JSON: it does not parse",
    requests: 1,
  },
  "half a page": {
    fault: { framing: "close", body: tagsBody("a").slice(0, -3) },
    words: "sent an unusable list: it is not acceptable JSON: it does not parse",
    requests: 1,
  },
  "a list in no object": {
    fault: { body: '["a"]' },
    words: "sent an unusable list: it is not a JSON object",
    requests: 1,
  },
  "an object without a list": {
    fault: { body: "{}" },
    words: "sent an unusable list: it has no list of tags",
    requests: 1,
  },
  "a key that stands twice": {
    fault: { body: '{"tags":["a"],"tags":["b"]}' },
    words: "sent an unusable list: it is not acceptable JSON: a key stands twice",
    requests: 1,
  },
  "a deep page": {
    fault: { body: `{"tags":${"[".repeat(40)}${"]".repeat(40)}}` },
    words: "sent an unusable list: it is not acceptable JSON: nested too deeply",
    requests: 1,
  },
  "a page of other letters": {
    fault: { body: new Uint8Array([0x7b, 0xff, 0x7d]) },
    words: "sent an unusable list: it is not acceptable JSON: it does not parse",
    requests: 1,
  },
  "an encoded page": {
    fault: { headers: { "content-encoding": "gzip" } },
    words: "answered with an encoded body that was not asked for",
    requests: 1,
  },
  "a cut page": {
    fault: { cutAfter: 5 },
    reason: "unreachable",
    words: "broke off the connection",
    requests: 1,
  },
};

describe("a list that is wrong is no list, and no part of it counts", () => {
  for (const [what, { fault, reason = "invalid", words, requests, setUp }] of Object.entries(
    lies,
  )) {
    test(what, async () => {
      await using world = new World();
      const { fake, tags } = await withLists(world);
      if (setUp) setUp(fake);
      else {
        const wrong = typeof fault === "function" ? fault(fake) : fault;
        fake.fault(`GET ${path}`, { ...wrong, headers: { ...json, ...wrong.headers } });
      }
      const failure = await failureOf(tags());
      expect([failure.reason, failure.message]).toEqual([
        reason,
        expect.stringContaining(`upstream "Fake" ${words}`),
      ]);
      expect(fake.count()).toBe(requests);
    });
  }

  test("of referrers too", async () => {
    await using world = new World();
    const { fake, referrers } = await withLists(world);
    const headers = { "content-type": mediaTypes.ociIndex };
    const many = Array.from({ length: 10_001 }, (_, i) => ({
      mediaType: "a/b",
      digest: `sha256:${String(i).padStart(64, "0")}`,
      size: 0,
    }));
    for (const [body, words] of [
      ["{}", "sent an unusable list: it is not an index"],
      ['{"manifests":{}}', "sent an unusable list: it is not an index"],
      [JSON.stringify({ manifests: many }), "has more referrers than can be listed"],
      [new Uint8Array(5 << 20), "answered with too long a body"],
    ] as const) {
      fake.fault("GET */referrers/*", { body, headers });
      expect((await failureOf(referrers())).message).toContain(words);
    }
  });
});
