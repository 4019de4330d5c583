import { describe, expect, test } from "bun:test";
import { first, forEachTest, rows, start, weir } from "../two-upstreams.ts";
import { attach, attachment, image, list, name, sorted, tag } from "./listing.ts";

forEachTest();

describe("freshness", () => {
  test("a signature is seen a minute after the last look, at the latest; with validity 0 too", async () => {
    for (const cacheValidityHours of [24, 0]) {
      await start({ cacheValidityHours });
      first.image(name, "latest", image);
      const one = attach(first, "one");
      await list();
      const two = attach(first, "two");
      weir.clock.step(59_999);
      expect((await list()).digests).toEqual([one.digest]);
      weir.clock.step(1);
      expect((await list()).digests).toEqual(sorted(one, two));
      await weir.stop();
      first.remove(`/v2/${name}/manifests/${two.digest}`);
    }
  });

  test("a first signature is seen after ten seconds", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    expect((await list()).digests).toEqual([]);
    const one = attach(first, "one");
    expect((await list()).digests).toEqual([]);
    weir.clock.step(10_000);
    expect((await list()).digests).toEqual([one.digest]);
  });

  test("served stale with the reason while the upstream is down, after a restart too", async () => {
    await start();
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    const one = attach(first, "one");
    await list();
    await weir.halt();
    await weir.run();
    weir.clock.step(60_000);
    first.fault("*", { status: 500 });
    expect(await list()).toMatchObject({
      digests: [one.digest],
      cache: 'stale; upstream="up1"; reason="broken"',
    });
    expect((await list()).cache).toBe('stale; upstream="up1"; reason="check postponed"');
  });

  test("what was taken away is gone at the next look", async () => {
    await start();
    first.image(name, "latest", image);
    const one = attach(first, "one");
    await list();
    first.remove(`/v2/${name}/manifests/${one.digest}`);
    weir.clock.step(60_000);
    expect((await list()).digests).toEqual([]);
    expect(await rows()).toBe(0);
  });
});

describe("cosign's tags", () => {
  const tags = ["", ".sig", ".att", ".sbom"].map((suffix) => tag + suffix);
  for (const one of tags) {
    test(`${one.slice(-12)}: not remembered as absent for more than ten seconds`, async () => {
      await start();
      const asked = `GET */manifests/${one}`;
      expect((await weir.manifest(name, one)).status).toBe(404);
      first.image(name, one);
      weir.clock.step(9_999);
      expect([(await weir.manifest(name, one)).status, first.count(asked)]).toEqual([404, 1]);
      weir.clock.step(1);
      expect((await weir.manifest(name, one)).status).toBe(200);
    });

    test(`${one.slice(-12)}: fresh for a minute`, async () => {
      await start({ cacheValidityHours: 0 });
      first.image(name, one, attachment("old"));
      await weir.manifest(name, one);
      const { digest } = first.image(name, one, attachment("new"));
      weir.clock.step(59_999);
      expect((await weir.manifest(name, one)).headers.get("x-weir-cache")).toStartWith("hit");
      weir.clock.step(1);
      const answer = await weir.manifest(name, one);
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
    });
  }

  test("tags that only look like them are tags as any other", async () => {
    await start();
    const like = `${tag}.sig2`;
    await weir.manifest(name, like);
    first.image(name, like);
    weir.clock.step(29_999);
    expect((await weir.manifest(name, like)).status).toBe(404);
    weir.clock.step(1);
    await weir.manifest(name, like);
    weir.clock.step(3_600_000);
    expect((await weir.manifest(name, like)).headers.get("x-weir-cache")).toStartWith("hit");
  });
});
