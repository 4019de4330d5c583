import { describe, expect, test } from "bun:test";
import { mediaTypes } from "../../../src/oci/manifest.ts";
import { first, forEachTest, second, serve, start, weir } from "../two-upstreams.ts";
import { attach, image, list, lists, name, sorted } from "./listing.ts";

forEachTest();

describe("several upstreams", () => {
  test("the one whose manifest the subject is has the answer", async () => {
    await start();
    second.image(name, "latest", image);
    await weir.manifest(name, "latest");
    first.image(name, "latest", image);
    attach(first, "one");
    const two = attach(second, "two");
    first.fault("*", { status: 500 });
    expect(await list()).toMatchObject({ digests: [two.digest], cache: 'miss; upstream="up2"' });
    expect(first.count(lists)).toBe(0);
  });

  test("where it has none, the others count", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    second.image(name, "latest", image);
    const two = attach(second, "two");
    expect(await list()).toMatchObject({
      digests: [two.digest],
      cache: 'miss; upstream="up1, up2"',
    });
  });

  test("where it has none and the others are unsure: none, with the reason", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    second.fault("*", { status: 500 });
    expect(await list()).toMatchObject({
      status: 200,
      digests: [],
      cache: 'miss; upstream="up1"; reason="up2: broken"',
    });
  });

  test("where nobody is known to have it, all that have it are merged, each descriptor once", async () => {
    await start();
    first.image(name, "latest", image);
    second.image(name, "latest", image);
    const one = attach(first, "one");
    attach(second, "one");
    const two = attach(second, "two");
    expect((await list()).digests).toEqual(sorted(one, two));
  });

  for (const [what, fault, status] of [
    ["500", { status: 500 }, 503],
    ["401", { status: 401 }, 503],
    ["403", { status: 403 }, 503],
    ["429", { status: 429 }, 429],
    ["nonsense", { status: 200, body: "{", headers: { "content-type": mediaTypes.ociIndex } }, 502],
  ] as const) {
    test(`${what} of the first stops; with continue the next one counts`, async () => {
      await start();
      second.image(name, "latest", image);
      const two = attach(second, "two");
      first.fault("*", fault);
      expect((await list()).status).toBe(status);
      expect(second.count()).toBe(0);
      await weir.stop();
      await start({}, {}, { onUnsure: "continue" });
      expect((await list()).digests).toEqual([two.digest]);
    });
  }

  test("403 is none where it means absent", async () => {
    await start({ deniedMeans: "absent" });
    second.image(name, "latest", image);
    const two = attach(second, "two");
    first.fault("*", { status: 403 });
    expect((await list()).digests).toEqual([two.digest]);
  });
});

test("nothing of one group's lists is seen by another", async () => {
  await serve({ upstreams: [{ fake: first }], others: [{ fake: second }] });
  first.image(name, "latest", image);
  attach(first, "one");
  expect((await list()).digests).toHaveLength(1);
  const other = await weir.other(name, "referrers", image.digest);
  expect([other.status, await other.json()]).toMatchObject([200, { manifests: [] }]);
});
