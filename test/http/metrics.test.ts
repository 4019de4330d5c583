import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import path from "node:path";
import { KnownUpstreams } from "../../src/http/metrics/known-upstreams.ts";
import { RequestMetrics, upstreamFamilies } from "../../src/http/metrics/upstreams.ts";
import { createLog } from "../../src/lib/log.ts";
import { metricsText } from "../../src/lib/metrics.ts";
import type { Upstream } from "../../src/metadata/contract.ts";
import { besideOf, readinessOf } from "../../src/http/readiness.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { buildImage, FakeUpstream, sampleBytes, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { adminToken, strangerToken, TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const MiB = 2 ** 20;
const metricsToken = "a-token-that-opens-the-metrics-alone";
let upstream: FakeUpstream;
let weir: TestWeir;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  const env = { WEIR_METRICS_TOKEN: metricsToken };
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const ask = (headers: Record<string, string> = {}) => fetch(`${weir.url}/metrics`, { headers });
/** The numbers by name and labels. */
async function numbers(): Promise<Map<string, number>> {
  const lines = (await (await ask()).text()).split("\n").filter((line) => /^[^#]/.test(line));
  return new Map(
    lines.map((line) => [/^.*(?= )/.exec(line)?.[0] ?? "", Number(line.split(" ").at(-1))]),
  );
}

describe("/metrics", () => {
  test("counts pulls by kind and cache status, and the bytes of both directions", async () => {
    const image = upstream.image(name, "latest", buildImage({ layers: [sampleBytes(2 * MiB, 1)] }));
    const [layer = ""] = image.layers;
    await weir.manifest(name, "latest");
    await (await weir.manifest(name, "latest")).bytes();
    await (await weir.blob(name, layer)).bytes();
    await until(async () => (await numbers()).get("weir_store_blobs") !== undefined);
    await weir.settled(name, layer);
    const before = await numbers();
    await (await weir.blob(name, layer)).bytes();
    await (await weir.blob(name, layer, { headers: { Range: "bytes=10-19" } })).bytes();
    await (await weir.blob(name, layer, { method: "HEAD" })).bytes();
    await weir.tags(name);
    await weir.manifest(name, "absent");
    const after = await numbers();
    const pulls = (kind: string, status: string) =>
      after.get(`weir_pulls_total{kind="${kind}",cache_status="${status}"}`);
    expect(pulls("manifest", "miss")).toBe(1);
    expect(pulls("manifest", "hit")).toBe(1);
    expect(pulls("manifest", "absent")).toBe(1);
    expect(pulls("blob", "miss")).toBeGreaterThanOrEqual(1);
    const hits = 'weir_pulls_total{kind="blob",cache_status="hit"}';
    expect((after.get(hits) ?? 0) - (before.get(hits) ?? 0)).toBe(3);
    const timed = 'weir_pull_first_byte_seconds_count{kind="blob",cache_status="hit"}';
    expect(after.get(timed)).toBe(after.get(hits));
    const out = 'weir_bytes_total{direction="out"}';
    expect((after.get(out) ?? 0) - (before.get(out) ?? 0)).toBe(2 * MiB + 10);
    expect(before.get(out)).toBeGreaterThanOrEqual(2 * MiB + 2 * image.payload.length);
    const bodies = 2 * MiB + image.payload.length;
    expect(before.get('weir_bytes_total{direction="in"}')).toBe(bodies);
  });

  test("tells requests to upstreams by what came of them, breakers and budgets", async () => {
    upstream.auth = { kind: "bearer" };
    upstream.image(name, "latest");
    const headers = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "42;w=21600" };
    upstream.fault("*", { headers });
    await weir.manifest(name, "latest");
    await weir.manifest(name, "nothing");
    const found = await numbers();
    const asked = (method: string, outcome: string) =>
      found.get(
        `weir_upstream_requests_total{upstream="up1",method="${method}",class="${outcome}"}`,
      );
    expect(asked("GET", "2xx")).toBe(2); // a token, a manifest
    expect(asked("GET", "4xx")).toBe(2); // who asks, nothing there
    expect(found.get('weir_upstream_request_seconds_count{upstream="up1"}')).toBe(4);
    const labels = 'upstream_id="1",upstream="up1"';
    expect(found.get(`weir_breaker_state{${labels}}`)).toBe(0);
    expect(found.get(`weir_upstream_budget_limit{${labels}}`)).toBe(100);
    expect(found.get(`weir_upstream_budget_remaining{${labels}}`)).toBe(42);
    await upstream.stop();
    for (let i = 0; i < 5; i++) {
      await weir.manifest(name, `other-${i}`);
    }
    const later = await numbers();
    expect(later.get(`weir_breaker_state{${labels}}`)).toBe(2);
    expect(later.get('weir_upstreams{breaker="open"}')).toBe(1);
    const unreachable = 'method="GET",class="unreachable"';
    expect(later.get(`weir_upstream_requests_total{upstream="up1",${unreachable}}`)).toBe(5);
  });

  test("tells fills under way and who follows them, what is stored, and the process", async () => {
    const bytes = sampleBytes(4 * MiB, 2);
    const digest = upstream.blob(name, bytes);
    const tap = new Tap();
    upstream.fault("GET *blobs*", { tap });
    tap.release(2 * MiB);
    const readers = await Promise.all([weir.blob(name, digest), weir.blob(name, digest)]);
    let found = await numbers();
    expect([found.get("weir_fills"), found.get("weir_fill_followers")]).toEqual([1, 2]);
    const stored = found.get("weir_store_bytes") ?? Number.NaN;
    tap.open();
    for (const reader of readers) expect((await reader.bytes()).length).toBe(4 * MiB);
    await weir.settled(name, digest);
    weir.clock.step(60_000);
    await until(async () => (await numbers()).get("weir_store_blobs") === 1);
    found = await numbers();
    expect(found.get("weir_store_bytes")).toBe(stored + 4 * MiB);
    expect([found.get("weir_fills"), found.get("weir_fill_followers")]).toEqual([0, 0]);
    expect(found.get("process_resident_memory_bytes")).toBeGreaterThan(20 * MiB);
    expect(found.get("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(found.get("process_open_fds")).toBeGreaterThan(3);
    expect(found.get("weir_data_free_bytes")).toBeGreaterThan(MiB);
    expect(found.get('weir_build_info{version="test"}')).toBe(1);
    await until(async () =>
      [...(await numbers()).keys()].some((key) => key.startsWith("weir_event_loop_delay_seconds")),
    );
    for (const part of ["server", "database", "blob_store"]) {
      expect(found.get(`weir_ready{part="${part}"}`)).toBe(1);
      expect(found.get(`weir_impaired{part="${part}"}`)).toBe(0);
    }
  });

  test("tells how often background work has failed in a row, until it goes well", async () => {
    const family = "weir_work_failures";
    const told = async () => [...(await numbers())].filter(([key]) => key.startsWith(family));
    const becomes = (count: number) =>
      until(async () => {
        weir.clock.step(1000);
        return new Map(await told()).get(`${family}{work="purges"}`) === count;
      });
    await becomes(0);
    expect((await told()).length).toBeGreaterThan(10);
    await weir.query("alter table purges rename to mislaid");
    await becomes(1);
    await becomes(2);
    expect(new Map(await told()).get(`${family}{work="eviction"}`)).toBe(0);
    await weir.query("alter table mislaid rename to purges");
    await becomes(0);
  });

  test("is for this machine, for the token that is made for it, and for administrators", async () => {
    const through = { "x-forwarded-for": "203.0.113.9" };
    const status = async (headers: Record<string, string>) =>
      (await ask({ ...through, ...headers })).status;
    expect((await ask()).status).toBe(200);
    expect(await status({})).toBe(401);
    expect(await status({ "private-token": strangerToken })).toBe(401);
    expect(await status({ "private-token": adminToken })).toBe(200);
    expect(await status({ authorization: `Bearer ${metricsToken}` })).toBe(200);
    expect(await status({ authorization: `bearer ${metricsToken}` })).toBe(200);
    expect(await status({ authorization: `Bearer ${metricsToken}x` })).toBe(401);
    expect(await status({ authorization: `Basic ${metricsToken}` })).toBe(401);
    // It opens nothing else.
    const groups = { headers: { authorization: `Bearer ${metricsToken}` } };
    expect((await fetch(`${weir.url}/api/v4/groups`, groups)).status).toBe(401);
  });
});

test("labels stay few, however many upstreams there are", async () => {
  const requests = new RequestMetrics();
  for (let i = 0; i < 5000; i++) requests.answered({ id: i, name: `up${i}` }, "GET", 200, 1);
  const lines = (await metricsText(requests.families())).split("\n");
  expect(lines.length).toBeLessThan(4000);
  expect(lines).toContain(
    'weir_upstream_requests_total{upstream="other",method="GET",class="2xx"} 4800',
  );
  const many = Array.from({ length: 5000 }, (_, id) => ({ id, name: `up${id}` }) as Upstream);
  const closed = {
    retryAt: undefined,
    lastFailure: undefined,
    lastError: undefined,
    budget: undefined,
  };
  const text = await metricsText(
    upstreamFamilies(
      async () => many,
      ({ id }) => ({ ...closed, breaker: id === 4321 ? "open" : "closed" }),
    ),
  );
  expect(text.split("\n").length).toBeLessThan(600);
  expect(text).toContain('weir_breaker_state{upstream_id="4321",upstream="up4321"} 2');
  expect(text).toContain('weir_upstreams{breaker="closed"} 4999');
});

test("upstreams are read when something was changed; where that fails or hangs they are what they were", async () => {
  const clock = new SteppedClock();
  let [generation, reads] = [1, 0];
  let read = async (): Promise<Upstream[]> => [{ id: 1 } as Upstream];
  const known = new KnownUpstreams({
    clock,
    generation: async () => generation,
    directory: { upstreams: () => (reads++, read()) },
  });
  const ids = async () => (await known.all()).map(({ id }) => id);
  expect([await ids(), await ids(), reads]).toEqual([[1], [1], 1]);
  generation = 2;
  read = () => Promise.reject(new Error("away"));
  expect([await ids(), reads]).toEqual([[1], 2]);
  const hanging = Promise.withResolvers<Upstream[]>();
  read = () => hanging.promise;
  const late = [ids(), ids()];
  for (let i = 0; i < 20; i++) await Promise.resolve();
  clock.step(1000);
  expect([await Promise.all(late), reads]).toEqual([[[1], [1]], 3]);
  hanging.resolve([{ id: 2 } as Upstream]);
  await until(async () => (await ids())[0] === 2);
  expect([reads, clock.pending]).toEqual([3, 0]);
});

describe("/readyz", () => {
  const ready = async () => {
    const response = await fetch(`${weir.url}/readyz`);
    return [response.status, await response.json()];
  };
  const parts = { server: "ok", database: "ok", blob_store: "ok" };

  test("names each part, and in words what is wrong with it", async () => {
    expect(await ready()).toEqual([200, { status: "ready", parts }]);
    rmSync(path.join(weir.dataDir, "spool"), { recursive: true });
    const reason = "the spool in the data folder cannot be written to (ENOENT)";
    expect(await ready()).toEqual([
      503,
      { status: "not ready", parts: { ...parts, blob_store: reason } },
    ]);
    const found = await numbers();
    expect(found.get('weir_ready{part="blob_store"}')).toBe(0);
    expect(found.get('weir_impaired{part="blob_store"}')).toBe(0);
    for (const alive of ["/healthz", "/livez"])
      expect((await fetch(weir.url + alive)).status).toBe(200);
  });

  test("a part that hangs is not waited for, and one that fails is named", async () => {
    const clock = new SteppedClock();
    let asked = 0;
    const readiness = readinessOf(clock, {
      hanging: () => {
        asked++;
        return new Promise(() => undefined);
      },
      failing: () => Promise.reject(Object.assign(new Error("secret"), { code: "EIO" })),
      good: async () => ({ ready: true }),
    });
    const both = [readiness(), readiness()];
    for (let i = 0; i < 20; i++) await Promise.resolve();
    clock.step(2000);
    const state = {
      isReady: false,
      parts: { hanging: "does not answer in time", failing: "failed: EIO", good: "ok" },
      ready: { hanging: false, failing: false, good: true },
    };
    expect(await Promise.all(both)).toEqual([state, state]);
    expect([asked, clock.pending]).toEqual([1, 0]);
  });

  test("what is told beside it makes nothing unready: where it fails or hangs, it is what was told last", async () => {
    const clock = new SteppedClock();
    const lines: unknown[] = [];
    const log = createLog(clock, "warn", {
      write: (line) => void lines.push(JSON.parse(line)),
      async flush() {},
    });
    let answer: () => Promise<string | undefined> = async () => "is read-only";
    const beside = besideOf({ clock, log, part: "database" }, () => answer());
    const readiness = readinessOf(clock, { database: async () => ({ ready: true, beside }) });
    const state = (text: string) => ({
      isReady: true,
      parts: { database: text },
      ready: { database: true },
    });
    expect(await readiness()).toEqual(state("is read-only"));
    answer = () => Promise.reject(Object.assign(new Error("secret"), { code: "EIO" }));
    expect(await readiness()).toEqual(state("is read-only"));
    expect(lines).toEqual([expect.objectContaining({ part: "database", code: "EIO" })]);
    const hanging = Promise.withResolvers<undefined>();
    answer = () => hanging.promise;
    const late = readiness();
    for (let i = 0; i < 20; i++) await Promise.resolve();
    clock.step(500);
    expect(await late).toEqual(state("is read-only"));
    hanging.resolve(undefined);
    await hanging.promise;
    answer = async () => undefined;
    expect(await readiness()).toEqual(state("ok"));
    expect(clock.pending).toBe(0);
  });
});

test("the log line has the facts of the answer", async () => {
  const image = upstream.image(name, "latest");
  await weir.manifest(name, "latest");
  weir.clock.step(12_000);
  const response = await weir.manifest(name, "latest");
  const id = response.headers.get("x-request-id");
  expect(weir.logLines.find((line) => line["id"] === id)).toMatchObject({
    message: "request",
    method: "GET",
    status: 200,
    kind: "manifest",
    cache: "hit",
    upstream: "up1",
    age: 12,
    bytes: image.payload.length,
    actor: "admin",
  });
});
