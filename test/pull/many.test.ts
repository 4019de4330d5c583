import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import type { RegistrySettings, Rule } from "../../src/metadata/contract.ts";
import { buildImage, buildIndex, FakeUpstream, Gate, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { TestWeir, type WeirOptions } from "../fakes/weir.ts";

const name = "library/app";
let fakes: FakeUpstream[];
let weir: TestWeir;
beforeEach(async () => {
  fakes = await Promise.all(Array.from({ length: 5 }, () => FakeUpstream.start()));
});
afterEach(async () => {
  await weir.stop();
  await Promise.all(fakes.map((fake) => fake.stop()));
});

type Settings = WeirOptions["upstreams"][number]["settings"];
const fake = (position: number): FakeUpstream => {
  const found = fakes[position - 1];
  if (!found) throw new Error("there are five");
  return found;
};

async function start(
  count: number,
  {
    registry = {},
    settings = [],
  }: { registry?: Partial<RegistrySettings>; settings?: Settings[] } = {},
): Promise<void> {
  const upstreams = fakes
    .slice(0, count)
    .map((one, i) => ({ fake: one, settings: settings[i] ?? {} }));
  weir = await TestWeir.start({ upstreams, registry });
}

const cache = (response: Response) =>
  response.headers.get("x-weir-cache")?.replace(/; age=\d+/, "");
const detail = async (response: Response) => {
  const body = (await response.json()) as { errors: { detail: unknown }[] };
  return body.errors[0]?.detail;
};
const counts = () => fakes.map((one) => one.count());
const gets = `GET /v2/${name}/manifests/latest`;
const heads = `HEAD /v2/${name}/manifests/latest`;

describe("on_unsure: continue", () => {
  test("the next one is asked, and what stood in the way is told only if nobody has it", async () => {
    await start(3, { registry: { onUnsure: "continue" } });
    fake(1).fault("*", { status: 500 });
    fake(2).fault("*", { status: 403 });
    const nowhere = await weir.manifest(name, "latest");
    expect([nowhere.status, await detail(nowhere)]).toEqual([
      503,
      {
        upstreams: [
          { upstream: "up1", reason: "broken" },
          { upstream: "up2", reason: "denied" },
        ],
      },
    ]);
    weir.clock.step(60_000);
    fake(3).image(name, "latest");
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up3"');
  });

  test("429 with Retry-After only where limits are all that stands in the way", async () => {
    await start(2, { registry: { onUnsure: "continue" } });
    fake(1).fault("*", { status: 429, headers: { "retry-after": "40" } });
    fake(2).fault("*", { status: 429, headers: { "retry-after": "20" } });
    const limited = await weir.manifest(name, "latest");
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "20"]);
  });
});

describe("absent", () => {
  test("is remembered for a tag for 30 s, for a digest for 10 s, and asked anew then", async () => {
    await start(1);
    const digest = digestOf(sampleBytes(5, 5));
    for (let i = 0; i < 3; i++) {
      expect((await weir.manifest(name, "latest")).status).toBe(404);
      expect((await weir.manifest(name, digest)).status).toBe(404);
      expect((await weir.blob(name, digest)).status).toBe(404);
    }
    expect(fake(1).count()).toBe(3);
    weir.clock.step(10_000);
    await weir.manifest(name, "latest");
    await weir.manifest(name, digest);
    expect(fake(1).count()).toBe(4);
    fake(1).image(name, "latest");
    expect((await weir.manifest(name, "latest")).status).toBe(404);
    weir.clock.step(20_000);
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up1"');
  });
});

describe("rules", () => {
  const deny = (pattern: string, target: Rule["target"] = "repository"): Rule => ({
    target,
    effect: "deny",
    pattern,
  });
  const allow = (pattern: string, target: Rule["target"] = "repository"): Rule => ({
    target,
    effect: "allow",
    pattern,
  });

  test("a denied name is not told to the upstream; the next one serves it", async () => {
    await start(2, { settings: [{ rules: [deny("library/*")] }] });
    for (const position of [1, 2]) fake(position).image(name, "latest");
    const image = buildImage();
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up2"');
    expect(cache(await weir.blob(name, image.layers[0] ?? ""))).toBe('miss; upstream="up2"');
    expect(fake(1).count()).toBe(0);
  });

  test("allow rules: one must match; tags are judged apart; a digest by its repository alone", async () => {
    await start(1, { settings: [{ rules: [allow("library/**"), deny("*-rc*", "tag")] }] });
    const { digest } = fake(1).image(name, "1.0-rc1");
    fake(1).image(name, "latest");
    fake(1).image("other/app", "latest");
    expect((await weir.manifest(name, "latest")).status).toBe(200);
    const before = fake(1).count();
    const refused = await weir.manifest(name, "1.0-rc1");
    expect([refused.status, await detail(refused)]).toEqual([
      404,
      { asked: [], not_asked: ["up1"] },
    ]);
    expect((await weir.manifest("other/app", "latest")).status).toBe(404);
    expect(fake(1).count()).toBe(before);
    expect((await weir.manifest(name, digest)).status).toBe(200);
  });

  test("a rule that is new ends the life of what was cached", async () => {
    await start(1);
    const image = fake(1).image(name, "latest");
    await weir.manifest(name, "latest");
    await weir.halt();
    const upstreams = [{ fake: fake(1), settings: { rules: [deny(name)] } }];
    weir = await TestWeir.start({ dataDir: weir.dataDir, upstreams });
    for (const reference of ["latest", image.digest]) {
      expect((await weir.manifest(name, reference)).status).toBe(404);
    }
    expect((await weir.blob(name, image.layers[0] ?? "")).status).toBe(404);
  });
});

describe("ask: parallel", () => {
  test("all are probed at once, the order decides, and the winner alone is asked for it", async () => {
    await start(5, { registry: { ask: "parallel" } });
    // Once its HEAD has been seen to find something, an upstream is believed when it says no.
    for (const one of fakes) one.image(name, "before");
    await weir.manifest(name, "before");
    await until(() => fakes.every((one) => one.count("HEAD *") === 1));
    const gate = new Gate();
    for (const one of fakes) one.fault(heads, { gate });
    fake(3).image(name, "latest", buildImage({ label: "third" }));
    fake(5).image(name, "latest", buildImage({ label: "fifth" }));
    const pulled = weir.manifest(name, "latest");
    await gate.arrived(5);
    gate.open();
    expect(cache(await pulled)).toBe('miss; upstream="up3"');
    expect(fakes.map((one) => one.count(heads))).toEqual([1, 1, 1, 1, 1]);
    expect(fakes.map((one) => one.count(gets))).toEqual([0, 0, 1, 0, 0]);
    await until(() =>
      weir.logLines.some(({ message }) => message === "two upstreams hold one name"),
    );
  });

  test("an upstream whose HEAD finds nothing is not passed over for what its GET finds", async () => {
    await start(2, { registry: { ask: "parallel" } });
    fake(1).fault(heads, { status: 404 });
    fake(1).image(name, "latest");
    fake(2).image(name, "latest", buildImage({ label: "other" }));
    expect(cache(await weir.manifest(name, "latest"))).toBe('miss; upstream="up1"');
    weir.clock.step(24 * 3_600_000);
    expect(cache(await weir.manifest(name, "latest"))).toBe('revalidated; upstream="up1"');
  });

  test("one that is unsure above the winner stops the pull", async () => {
    await start(3, { registry: { ask: "parallel" } });
    fake(1).fault("*", { status: 500 });
    fake(2).image(name, "latest");
    expect((await weir.manifest(name, "latest")).status).toBe(503);
  });
});

describe("a stale tag", () => {
  const day = 24 * 3_600_000;

  test("200 clients cause one HEAD and no GET", async () => {
    await start(1);
    const { digest } = fake(1).image(name, "latest");
    await weir.manifest(name, "latest");
    weir.clock.step(day);
    await weir.manifest(name, digest); // with a new token, which is known from here on
    const gate = new Gate();
    fake(1).fault(heads, { gate });
    const before = await weir.begun();
    const all = Array.from({ length: 200 }, () => weir.manifest(name, "latest"));
    await weir.waiting(before, 200);
    gate.open();
    for (const one of await Promise.all(all))
      expect(cache(one)).toBe('revalidated; upstream="up1"');
    expect([fake(1).count(heads), fake(1).count(gets)]).toEqual([1, 1]);
  });

  test("stale-while-revalidate: the old copy at once, the new one next time", async () => {
    await start(1, { settings: [{ staleWhileRevalidate: true }] });
    fake(1).image(name, "latest");
    await weir.manifest(name, "latest");
    const { digest } = fake(1).image(name, "latest", buildImage({ label: "new" }));
    weir.clock.step(day);
    const gate = new Gate();
    fake(1).fault(heads, { gate });
    expect(cache(await weir.manifest(name, "latest"))).toBe(
      'stale; upstream="up1"; reason="being checked"',
    );
    await gate.arrived(1);
    gate.open();
    await until(async () => {
      const answer = await weir.manifest(name, "latest");
      return answer.headers.get("docker-content-digest") === digest;
    });
    expect(fake(1).count(gets)).toBe(2);
  });

  test("no longer ours to see: kept for as long as one that has disappeared, and reported", async () => {
    await start(1, { settings: [{ staleIfAbsentHours: 48 }] });
    fake(1).image(name, "latest");
    await weir.manifest(name, "latest");
    fake(1).fault("*", { status: 403 });
    weir.clock.step(day);
    expect(cache(await weir.manifest(name, "latest"))).toBe(
      'stale; upstream="up1"; reason="denied"',
    );
    expect(weir.logLines.some(({ message }) => String(message).startsWith("tag is gone"))).toBe(
      true,
    );
    weir.clock.step(day + 1000);
    expect((await weir.manifest(name, "latest")).status).toBe(503);
  });

  test("how long it outlives its disappearance is the upstream's setting", async () => {
    await start(1, { settings: [{ staleIfAbsentHours: 48 }] });
    fake(1).image(name, "latest");
    await weir.manifest(name, "latest");
    fake(1).remove(`/v2/${name}/manifests/latest`);
    weir.clock.step(2 * day - 1000);
    expect(cache(await weir.manifest(name, "latest"))).toStartWith("stale");
    weir.clock.step(62_000);
    expect((await weir.manifest(name, "latest")).status).toBe(404);
  });
});

test("a limit that is nearly used up: a tag whose digest is here costs a HEAD, no GET", async () => {
  await start(1);
  const headers = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "5;w=21600" };
  const image = fake(1).image(name, "1.0");
  fake(1).image(name, "latest");
  fake(1).fault("*", { headers });
  await weir.manifest(name, "1.0");
  const spared = await weir.manifest(name, "latest");
  expect([cache(spared), digestOf(await spared.bytes())]).toEqual([
    'revalidated; upstream="up1"; reason="rate limit spared"',
    image.digest,
  ]);
  expect([fake(1).count(heads), fake(1).count(gets)]).toEqual([1, 0]);
  expect(cache(await weir.manifest(name, "latest"))).toBe('hit; upstream="up1"');
});

test("an index that names itself is one more manifest, and asked for once", async () => {
  await start(1);
  // No document can hold its own digest; what comes nearest is an index whose member is not what its digest says.
  const index = buildIndex({ amd64: buildImage({ label: "inner" }) });
  fake(1).image(name, "latest", index);
  const member = index.members[0]?.digest ?? "";
  fake(1).file(`/v2/${name}/manifests/${member}`, index.payload, index.mediaType);
  expect((await weir.manifest(name, "latest")).status).toBe(200);
  expect((await weir.manifest(name, member)).status).toBe(502);
  expect(fake(1).count()).toBe(2);
});

test("a registry without upstreams, and an upstream that was taken out of it: what is cached is not served", async () => {
  await start(2);
  const image = fake(1).image(name, "latest");
  await weir.manifest(name, "latest");
  await weir.halt();
  const two = [{ fake: fake(1) }, { fake: fake(2) }];
  weir = await TestWeir.start({
    dataDir: weir.dataDir,
    upstreams: two,
    registry: { upstreams: ["up2"] },
  });
  for (const reference of ["latest", image.digest]) {
    expect((await weir.manifest(name, reference)).status).toBe(404);
  }
  expect(fake(2).count()).toBe(2);
  await weir.halt();
  weir = await TestWeir.start({
    dataDir: weir.dataDir,
    upstreams: two,
    registry: { upstreams: [] },
  });
  const none = await weir.manifest(name, "latest");
  expect([none.status, await none.json()]).toMatchObject([
    404,
    { errors: [{ code: "NAME_UNKNOWN" }] },
  ]);
});

test("an upstream that is down costs a cached tag nothing once that is known", async () => {
  await start(2);
  fake(1).image(name, "latest");
  fake(2).image("other/app", "latest");
  await weir.manifest(name, "latest");
  await fake(1).stop();
  weir.clock.step(24 * 3_600_000);
  for (let i = 0; i < 8; i++) {
    expect(cache(await weir.manifest(name, "latest"))).toStartWith('stale; upstream="up1"');
    weir.clock.step(61_000);
  }
  // The clock stands still: another try after a refusal would be waited for without an end.
  expect(cache(await weir.manifest(name, "latest"))).toStartWith('stale; upstream="up1"');
  expect(counts().slice(1, 2)).toEqual([0]);
});

test("an upstream that claims to have another group's digest gives no byte of it", async () => {
  const victim = fake(1);
  const liar = fake(2);
  const secret = sampleBytes(3000, 91);
  const image = victim.image("private/app", "latest", buildImage({ layers: [secret] }));
  const [digest = ""] = image.layers;
  // The liar names both, and answers HEAD for what it has not got.
  liar.image("thief/app", "latest", buildImage({ layers: [secret], label: "thief" }));
  liar.image("thief/app", "index", buildIndex({ amd64: image }));
  for (const path of [`manifests/${image.digest}`, `blobs/${digest}`]) {
    liar.remove(`/v2/thief/app/${path}`);
    const headers = {
      "docker-content-digest": path.split("/")[1] ?? "",
      "content-type": image.mediaType,
    };
    liar.fault(`HEAD /v2/thief/app/${path}`, { status: 200, headers, framing: "chunked" });
  }
  weir = await TestWeir.start({ upstreams: [{ fake: victim }], others: [{ fake: liar }] });
  await weir.manifest("private/app", "latest");
  await (await weir.blob("private/app", digest)).bytes();
  await weir.settled("private/app", digest);
  for (const tag of ["latest", "index"])
    expect((await weir.other("thief/app", "manifests", tag)).status).toBe(200);
  for (const [kind, reference] of [
    ["manifests", image.digest],
    ["blobs", digest],
  ] as const) {
    expect((await weir.other("thief/app", kind, reference)).status).toBe(404);
  }
});

test("wrong bytes that were cut do not count as having had the right ones", async () => {
  const victim = fake(1);
  const liar = fake(2);
  const secret = sampleBytes(2 << 20, 92);
  const digest = digestOf(secret);
  for (const [one, repository] of [
    [victim, "private/app"],
    [liar, "thief/app"],
  ] as const) {
    one.image(repository, "latest", buildImage({ layers: [secret], label: repository }));
  }
  weir = await TestWeir.start({ upstreams: [{ fake: victim }], others: [{ fake: liar }] });
  await weir.manifest("private/app", "latest");
  await (await weir.blob("private/app", digest)).bytes();
  await weir.settled("private/app", digest);
  await weir.other("thief/app", "manifests", "latest");
  liar.fault(`GET /v2/thief/app/blobs/${digest}`, { wrongByte: 7 });
  const pull = () => weir.other("thief/app", "blobs", digest).then((answer) => answer.bytes());
  const isWhole = () =>
    pull().then(
      () => true,
      () => false,
    );
  expect(await isWhole()).toBe(false);
  weir.clock.step(10_000); // counts are written
  await until(() => liar.server.requests.length > 0);
  expect(await isWhole()).toBe(false);
  expect(liar.count("HEAD *")).toBe(0);
});

test("another group's private digest gives no byte, while a fill of it is running either", async () => {
  await start(2);
  const secret = sampleBytes(3 << 20, 77);
  const digest = digestOf(secret);
  fake(2).image("private/app", "latest", buildImage({ layers: [secret] }));
  fake(1).image("thief/app", "latest", buildImage({ layers: [secret] }));
  fake(1).remove(`/v2/thief/app/blobs/${digest}`);
  await weir.manifest("private/app", "latest");
  await weir.manifest("thief/app", "latest");
  const gate = new Gate();
  fake(2).fault("GET /v2/private/app/blobs/*", { gate });
  const filling = weir.blob("private/app", digest);
  await gate.arrived(1);
  expect((await weir.blob("thief/app", digest)).status).toBe(404);
  gate.open();
  const running = await filling;
  weir.clock.step(10_000);
  expect((await weir.blob("thief/app", digest)).status).toBe(404);
  expect(digestOf(await running.bytes())).toBe(digest);
});
