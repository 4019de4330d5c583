import { beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { buildImage, buildIndex, FakeUpstream, Gate, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { first, forEachTest, second, serve, start, weir } from "./two-upstreams.ts";

const name = "library/app";

forEachTest();

const cache = (response: Response) =>
  response.headers.get("x-weir-cache")?.replace(/; age=\d+/, "");
const day = 24 * 3_600_000;

describe("several upstreams", () => {
  test("404 falls through to the next; what it has stays with it", async () => {
    await start();
    const image = second.image(name, "latest");
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up2"');
    // Blobs are asked of the upstream whose manifest named them, and of no other.
    expect(cache(await weir.blob(name, image.layers[0] ?? ""))).toBe('miss; upstream="up2"');
    expect(first.count("GET *blobs*")).toBe(0);
    first.image(name, "latest", buildImage({ label: "other" }));
    expect(cache(await weir.manifest(name, "latest"))).toBe('hit; upstream="up2"');
  });

  test("the first in order wins", async () => {
    await start();
    first.image(name, "latest");
    second.image(name, "latest");
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up1"');
    expect(second.count()).toBe(0);
  });

  test("nobody has it: 404 that names who was asked, and no row", async () => {
    await start();
    const answer = await weir.manifest(name, "latest");
    expect([answer.status, await answer.json()]).toEqual([
      404,
      {
        errors: [
          {
            code: "MANIFEST_UNKNOWN",
            message: expect.any(String),
            detail: { asked: ["up1", "up2"] },
          },
        ],
      },
    ]);
  });

  const unsure: [
    what: string,
    fault: Parameters<FakeUpstream["fault"]>[1],
    status: number,
    reason: string,
  ][] = [
    ["500", { status: 500 }, 503, "broken"],
    ["429", { status: 429, headers: { "retry-after": "7" } }, 429, "rate_limited"],
    ["403", { status: 403 }, 503, "denied"],
    ["a reset", { reset: true }, 503, "unreachable"],
    ["nonsense", { body: "nonsense", headers: { "docker-content-digest": null } }, 502, "invalid"],
  ];
  for (const [what, fault, status, reason] of unsure) {
    test(`${what} of the first stops: a lower one must not answer in its place`, async () => {
      await start();
      first.image(name, "latest");
      second.image(name, "latest", buildImage({ label: "lower" }));
      first.fault("*", fault);
      const answer = await weir.manifest(name, "latest");
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({
        errors: [{ detail: { upstreams: [{ upstream: "up1", reason }] } }],
      });
      if (status === 429) expect(answer.headers.get("retry-after")).toBe("7");
      expect(second.count()).toBe(0);
    });
  }

  test("403 is absent where the upstream's denied_means says so", async () => {
    await start({ deniedMeans: "absent" });
    second.image(name, "latest");
    first.fault("*", { status: 403 });
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up2"');
  });

  test("a name without a slash means library/ where the upstream says so; both spellings share entries", async () => {
    await start({ libraryPrefix: true });
    first.image("library/alpine", "latest");
    second.image("alpine", "plain");
    expect(cache(await weir.manifest("alpine", "latest"))).toBe('miss; upstream="up1"');
    expect(cache(await weir.manifest("library/alpine", "latest"))).toBe('hit; upstream="up1"');
    expect(cache(await weir.manifest("alpine", "plain"))).toBe('miss; upstream="up2"');
    expect(first.seen("GET *").map(({ path }) => path)).toEqual([
      "/v2/library/alpine/manifests/latest",
      "/v2/library/alpine/manifests/plain",
    ]);
  });
});

describe("a stale tag", () => {
  const heads = `HEAD /v2/${name}/manifests/latest`;
  const gets = `GET /v2/${name}/manifests/latest`;
  beforeEach(async () => {
    await start();
    first.image(name, "latest");
    await weir.manifest(name, "latest");
    weir.clock.step(day - 1);
    expect(cache(await weir.manifest(name, "latest"))).toBe('hit; upstream="up1"');
    weir.clock.step(1);
  });

  const pull = () => weir.manifest(name, "latest");

  test("unchanged: one HEAD for all who wait, then fresh again", async () => {
    const gate = new Gate();
    first.fault(heads, { gate });
    await weir.token(name);
    const before = await weir.begun();
    const all = Array.from({ length: 20 }, () => weir.manifest(name, "latest"));
    await gate.arrived(1);
    await weir.waiting(before, 20);
    gate.open();
    for (const one of await Promise.all(all))
      expect(cache(one)).toBe('revalidated; upstream="up1"');
    expect([first.count(heads), first.count(gets)]).toEqual([1, 1]);
    expect(cache(await pull())).toBe('hit; upstream="up1"');
    expect(first.count(heads)).toBe(1);
  });

  test("an etag that says the same in other words is the same", async () => {
    const { digest } = first.image(name, "latest");
    first.fault(heads, { headers: { "docker-content-digest": null, etag: `W/"${digest}"` } });
    expect(cache(await pull())).toBe('revalidated; upstream="up1"');
  });

  test("changed: fetched, and the old digest stays pullable", async () => {
    const old = buildImage().digest;
    const { digest } = first.image(name, "latest", buildImage({ label: "new" }));
    const answer = await pull();
    expect([cache(answer), answer.headers.get("docker-content-digest")]).toEqual([
      'miss; upstream="up1"',
      digest,
    ]);
    await first.stop();
    expect((await weir.manifest(name, old)).status).toBe(200);
  });

  for (const [what, fault] of [
    ["429", { status: 429 }],
    ["500", { status: 500 }],
    ["401", { status: 401 }],
    ["a reset", { reset: true }],
  ] as const) {
    test(`${what}: the stale copy with the reason, and no new check for 60 s`, async () => {
      first.fault("*", fault);
      expect(cache(await pull())).toMatch(/^stale; upstream="up1"; reason="\w+"$/);
      const asked = first.count(heads);
      expect(cache(await pull())).toBe('stale; upstream="up1"; reason="check postponed"');
      expect(first.count(heads)).toBe(asked);
      first.heal();
      weir.clock.step(60_001);
      expect(cache(await pull())).toBe('revalidated; upstream="up1"');
    });
  }

  test("a hanging upstream costs the check's deadline, once", async () => {
    first.fault("*", { hang: true });
    const answer = pull();
    await until(() => first.count(heads) > 0);
    weir.clock.step(5_000);
    expect(cache(await answer)).toBe('stale; upstream="up1"; reason="timeout"');
  });

  test("a refresh that fails does not replace a good copy", async () => {
    first.image(name, "latest", buildImage({ label: "new" }));
    first.fault(gets, { wrongByte: 3 });
    expect(cache(await pull())).toStartWith("stale");
    first.heal();
    weir.clock.step(60_001);
    expect(cache(await pull())).toBe('miss; upstream="up1"');
  });

  test("changed, and then absent: the good copy stays, and no other upstream takes its place", async () => {
    first.image(name, "latest", buildImage({ label: "new" }));
    second.image(name, "latest", buildImage({ label: "second" }));
    first.fault(gets, { status: 404 });
    expect(cache(await pull())).toBe('stale; upstream="up1"; reason="absent at its upstream"');
  });

  test("changed, and then silence: the stale copy within the check's deadline, the fetch goes on behind", async () => {
    const { digest } = first.image(name, "latest", buildImage({ label: "new" }));
    const gate = new Gate();
    first.fault(gets, { gate });
    const answer = pull();
    await gate.arrived(1);
    weir.clock.step(5_000);
    expect(cache(await answer)).toBe('stale; upstream="up1"; reason="timeout"');
    gate.open();
    await until(async () => (await pull()).headers.get("docker-content-digest") === digest);
  });

  test("gone at its own upstream: kept for 168 hours, then chosen anew", async () => {
    first.remove(`/v2/${name}/manifests/latest`);
    second.image(name, "latest", buildImage({ label: "second" }));
    expect(cache(await pull())).toBe('stale; upstream="up1"; reason="absent at its upstream"');
    weir.clock.step(7 * day);
    expect(cache(await pull())).toBe('miss; upstream="up2"');
  });

  test("digests are immutable: never checked again", async () => {
    await first.stop();
    expect(cache(await weir.manifest(name, buildImage().digest))).toBe('hit; upstream="up1"');
  });
});

test("validity 0 is for ever", async () => {
  await start({ cacheValidityHours: 0 });
  first.image(name, "latest");
  await weir.manifest(name, "latest");
  weir.clock.step(1000 * day);
  expect(cache(await weir.manifest(name, "latest"))).toBe('hit; upstream="up1"');
  expect(first.count()).toBe(1);
});

describe("proof", () => {
  test("a manifest that names somebody else's digest opens nothing: its own upstream is asked first", async () => {
    await start();
    const secret = sampleBytes(3000, 77);
    second.image("private/app", "latest", buildImage({ layers: [secret] }));
    await weir.manifest("private/app", "latest");
    const digest = digestOf(secret);
    await (await weir.blob("private/app", digest)).bytes();
    await weir.settled("private/app", digest);
    // Another repository claims the same layer, without its upstream having it.
    const thief = first.image("thief/app", "latest", buildImage({ layers: [secret] }));
    first.remove(`/v2/thief/app/blobs/${digest}`);
    await weir.manifest("thief/app", "latest");
    for (const method of ["GET", "HEAD"]) {
      expect((await weir.blob("thief/app", digest, { method })).status).toBe(404);
      expect(
        (await weir.blob("thief/app", digest, { method, headers: { Range: "bytes=0-9" } })).status,
      ).toBe(404);
    }
    expect(thief.layers).toEqual([digest]);
  });

  test("bytes that are here already need a HEAD, not a download", async () => {
    await start();
    const layer = sampleBytes(3000, 78);
    const digest = digestOf(layer);
    for (const repository of ["a/one", "a/two"]) {
      first.image(repository, "latest", buildImage({ layers: [layer], label: repository }));
      await weir.manifest(repository, "latest");
    }
    await (await weir.blob("a/one", digest)).bytes();
    await weir.settled("a/one", digest);
    const shared = await weir.blob("a/two", digest);
    expect([cache(shared), digestOf(await shared.bytes())]).toEqual([
      'revalidated; upstream="up1"',
      digest,
    ]);
    expect([first.count("GET /v2/a/two/blobs/*"), first.count("HEAD /v2/a/two/blobs/*")]).toEqual([
      0, 1,
    ]);
    await first.stop();
    expect(cache(await weir.blob("a/two", digest))).toBe('hit; upstream="up1"');
  });

  test("a HEAD that speaks of other bytes shows nothing", async () => {
    await start();
    const layer = sampleBytes(3000, 79);
    const digest = digestOf(layer);
    for (const repository of ["a/one", "a/two"]) {
      first.image(repository, "latest", buildImage({ layers: [layer], label: repository }));
      await weir.manifest(repository, "latest");
    }
    await (await weir.blob("a/one", digest)).bytes();
    await weir.settled("a/one", digest);
    for (const headers of [
      { "docker-content-digest": `sha256:${"1".repeat(64)}` },
      { "content-length": "20", "docker-content-digest": null },
    ]) {
      first.fault("HEAD /v2/a/two/*", { headers });
      for (const method of ["GET", "HEAD"]) {
        expect((await weir.blob("a/two", digest, { method })).status).toBe(502);
      }
      first.heal();
    }
  });

  test("an index's members are named, and shown once they are pulled", async () => {
    await start();
    const member = buildImage({ label: "member" });
    second.image(name, "latest", buildIndex({ amd64: member }));
    await weir.manifest(name, "latest");
    expect(cache(await weir.manifest(name, member.digest))).toBe('miss; upstream="up2"');
    expect(first.count(`GET /v2/${name}/manifests/${member.digest}`)).toBe(0);
    await second.stop();
    expect(cache(await weir.manifest(name, member.digest))).toBe('hit; upstream="up2"');
  });

  test("other credentials: nothing is served until it was shown with them", async () => {
    first.auth = { kind: "basic", username: "a", password: "one" };
    await start({ username: "a", password: "one" });
    const image = first.image(name, "latest");
    await weir.manifest(name, "latest");
    await (await weir.blob(name, image.layers[0] ?? "")).bytes();
    await weir.settled(name, image.layers[0] ?? "");
    await weir.halt();
    // The same folder, with credentials that the upstream does not take.
    await serve({
      dataDir: weir.dataDir,
      upstreams: [{ fake: first, settings: { username: "b", password: "two" } }],
    });
    expect((await weir.manifest(name, "latest")).status).toBe(503);
    expect((await weir.manifest(name, image.digest)).status).toBe(503);
    expect((await weir.blob(name, image.layers[0] ?? "")).status).toBe(503);
    first.auth = { kind: "basic", username: "b", password: "two" };
    expect(cache(await weir.manifest(name, image.digest))).toBe('revalidated; upstream="up1"');
    expect(cache(await weir.blob(name, image.layers[0] ?? ""))).toBe('revalidated; upstream="up1"');
    expect(await weir.stored()).not.toEqual([]);
  });
});
