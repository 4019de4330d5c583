import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { buildImage, type BuiltImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { TestWeir } from "../fakes/weir.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const all = "/groups/default/-/virtual_registries/container/statistics";

interface Counted {
  hits: number;
  misses: number;
  pulls: Record<string, number>;
  bytes_from_cache: number;
  bytes_from_upstream: number;
  upstream_requests: number;
  upstream_errors: number;
}
interface Point extends Counted {
  at: string;
}

let upstream: FakeUpstream;
let weir: TestWeir;
let image: BuiltImage;
const layer = () => image.layers[0] ?? "";

beforeEach(async () => {
  upstream = await FakeUpstream.start();
  image = upstream.image("library/app", "1", buildImage({ layers: [sampleBytes(5000)] }));
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const pull = async (reference = "1", repository = "library/app") =>
  (await weir.manifest(repository, reference)).bytes();
const history = (query = "") => weir.api("GET", `${all}/history${query}`) as Promise<Point[]>;
const top = (query = "") =>
  weir.api("GET", `${all}/repositories${query}`) as Promise<
    (Counted & { repository: string; upstream_id: number })[]
  >;
const lastDay = async (query = "") => (await history(query)).at(-1) as Point;
const rows = (table = "upstream_statistics") => weir.query<unknown>(`select * from ${table}`);

describe("statistics", () => {
  test("count pulls by how they were answered, and bytes by where they are from", async () => {
    await pull();
    await pull();
    await pull(image.digest);
    await (await weir.blob("library/app", layer())).bytes();
    await weir.settled("library/app", layer());
    const before = await lastDay();
    await (await weir.blob("library/app", layer())).bytes();
    await (await weir.blob("library/app", layer(), { headers: { Range: "bytes=0-99" } })).bytes();
    const { pulls, ...day } = await lastDay();
    expect(day).toMatchObject({
      at: "2026-01-01T00:00:00.000Z",
      misses: before.misses,
      hits: before.hits + 2,
      bytes_from_cache: 2 * image.payload.length + 5000 + 100,
      bytes_from_upstream: image.payload.length + 5000,
      upstream_requests: upstream.count(),
      upstream_errors: 0,
    });
    expect(pulls).toMatchObject({ miss: day.misses, absent: 0, refused: 0 });
    // Who asks at the moment at which the blob comes to rest is answered when the upstream has been asked.
    expect((pulls["hit"] ?? 0) + (pulls["revalidated"] ?? 0)).toBe(day.hits);
    expect(await weir.api("GET", all)).toEqual({
      registries: 1,
      upstreams: 1,
      // The manifest by its tag and by its digest, and the layer; the config was only named.
      cache_entries: 3,
      cache_size: 2 * image.payload.length + 5000,
      // The same content counts once.
      cached_bytes: image.payload.length + 5000,
      cache_max_bytes: null,
      hits_30d: day.hits,
      misses_30d: day.misses,
    });
    expect(await top()).toMatchObject([
      { repository: "library/app", upstream_id: 1, hits: day.hits, misses: day.misses },
    ]);
    const own = await lastDay("?repository=library/app");
    expect(own).toMatchObject({ misses: day.misses, bytes_from_cache: day.bytes_from_cache });
    expect(await lastDay("?repository=library/other")).toMatchObject({ misses: 0, hits: 0 });
  });

  test("are in the hour and the day in which the pull was, and outlive the process", async () => {
    await pull();
    weir.clock.step(hourMs);
    await pull(image.digest);
    await weir.halt();
    await weir.run();
    weir.clock.step(dayMs - hourMs);
    await pull(image.digest);
    const hours = await history("?interval=hour&from=2026-01-01T00:00:00Z");
    expect(hours).toHaveLength(25);
    const busy = hours.filter(({ hits, misses }) => hits + misses > 0);
    expect(busy.map(({ at, hits, misses }) => [at, hits, misses])).toEqual([
      ["2026-01-01T00:00:00.000Z", 0, 1],
      ["2026-01-01T01:00:00.000Z", 1, 0],
      ["2026-01-02T00:00:00.000Z", 1, 0],
    ]);
    const days = await history("?from=2026-01-01T00:00:00Z");
    expect(days.map(({ hits, misses }) => [hits, misses])).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  test("are written ten seconds after the first pull, and never in another hour", async () => {
    await pull();
    expect(await rows()).toEqual([]);
    weir.clock.step(9_000);
    await pull();
    expect(await rows()).toEqual([]);
    weir.clock.step(1_000);
    await until(async () => (await rows()).length === 2);
    weir.clock.step(hourMs - 15_000);
    await pull();
    weir.clock.step(5_000);
    await until(
      async () => (await rows("upstream_statistics")).length === 2 && (await lastDay()).hits === 2,
    );
  });

  test("what no upstream has, and what cannot be said, is counted for the upstream alone", async () => {
    expect((await weir.manifest("library/nothing", "1")).status).toBe(404);
    upstream.fault("GET /v2/library/down/*", { status: 503 });
    expect((await weir.manifest("library/down", "1")).status).toBe(503);
    const { pulls, upstream_requests: requests, upstream_errors: errors } = await lastDay();
    expect(pulls).toMatchObject({ absent: 1, refused: 1, miss: 0 });
    expect(requests).toBeGreaterThanOrEqual(2);
    expect(errors).toBeGreaterThanOrEqual(1);
    expect((await top()).map(({ hits, misses }) => hits + misses)).toEqual([]);
  });

  test("what somebody has already is no bytes, and a list is no pull", async () => {
    await pull();
    const before = await lastDay();
    const headers = { "If-None-Match": `"${image.digest}"` };
    expect((await weir.manifest("library/app", "1", { headers })).status).toBe(304);
    await weir.manifest("library/app", "1", { method: "HEAD" });
    await weir.tags("library/app");
    const after = await lastDay();
    expect(after.hits - before.hits).toBe(2);
    expect(after.misses).toBe(before.misses);
    expect(after.bytes_from_cache).toBe(before.bytes_from_cache);
  });

  test("of an upstream that is deleted stay the group's, and nobody else's", async () => {
    await pull();
    const before = await lastDay();
    await weir.api("DELETE", "/virtual_registries/container/upstreams/1", undefined, 204);
    expect(await lastDay()).toEqual(before);
    const others = all.replace("default", "other");
    expect(await weir.api("GET", others)).toMatchObject({ misses_30d: 0, cache_entries: 0 });
    await weir.api("GET", `${all}/history?upstream_id=1`, undefined, 404);
  });

  test("of a Dependency Proxy are not among them", async () => {
    await weir.api("PUT", "/groups/default/dependency_proxy/settings", { enabled: true });
    await weir.proxied("default/dependency_proxy/containers/library/app", "manifests", "1");
    expect(await lastDay()).toMatchObject({ hits: 0, misses: 0, upstream_requests: 0 });
    expect(await weir.api("GET", all)).toMatchObject({ upstreams: 1, misses_30d: 0 });
  });

  test("refuse what cannot be told", async () => {
    const refusals: [string, number][] = [
      ["history?interval=hour&repository=a", 400],
      ["history?interval=hour&from=2025-12-01T00:00:00Z", 400],
      ["history?from=2024-11-01T00:00:00Z", 400],
      ["history?from=2027-01-01T00:00:00Z", 400],
      ["history?from=yesterday", 400],
      ["history?interval=week", 400],
      ["history?upstream_id=999", 404],
      ["repositories?from=2025-11-01T00:00:00Z", 400],
      ["repositories?limit=0", 400],
    ];
    for (const [query, status] of refusals) {
      await weir.api("GET", `${all}/${query}`, undefined, status);
    }
  });

  test("an upstream for a group's members does not tell others its repositories", async () => {
    await pull();
    const patch = { access: "verified", verified_group: "other" };
    await weir.api("PATCH", "/virtual_registries/container/upstreams/1", patch);
    expect(await top()).toHaveLength(1);
    const created = (await weir.api("POST", "/users", { username: "guest" }, 201)) as {
      id: number;
    };
    await weir.api(
      "POST",
      "/groups/default/members",
      { user_id: created.id, access_level: 10 },
      201,
    );
    const fields = { name: "t", scopes: ["read_api"] };
    const made = await weir.api("POST", `/users/${created.id}/personal_access_tokens`, fields, 201);
    const headers = { "PRIVATE-TOKEN": (made as { token: string }).token };
    const ask = async (query: string) => {
      const response = await fetch(`${weir.url}/api/v4${all}/${query}`, { headers });
      return { status: response.status, body: (await response.json()) as unknown };
    };
    expect(await ask("repositories")).toEqual({ status: 200, body: [] });
    expect((await ask("history?upstream_id=1")).status).toBe(404);
    const { body } = await ask("history?repository=library/app");
    expect((body as Point[]).at(-1)).toMatchObject({ misses: 0 });
  });
});

describe("registries that are switched off", () => {
  const settings = "/groups/default/-/virtual_registries/settings";
  const registry = "/virtual_registries/container/registries/1";

  test("look as if they were not there, hits too, from the next request on; and come back as they were", async () => {
    await pull();
    await (await weir.blob("library/app", layer())).bytes();
    await weir.settled("library/app", layer());
    expect(await weir.api("GET", settings)).toEqual({ enabled: true });
    const before = upstream.count();
    await weir.api("POST", "/groups/default/-/virtual_registries/cleanup/policy", {}, 201);
    await weir.api("PUT", settings, { enabled: false });
    for (const response of [
      await weir.manifest("library/app", "1"),
      await weir.manifest("library/app", image.digest),
      await weir.blob("library/app", layer()),
      await weir.tags("library/app"),
      await weir.referrers("library/app", image.digest),
    ]) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ errors: [{ code: "NAME_UNKNOWN" }] });
    }
    const gone: [string, string, object?][] = [
      ["GET", registry],
      ["PATCH", registry, { description: "x" }],
      ["DELETE", registry],
      ["DELETE", `${registry}/cache`],
      ["GET", `${registry}/upstreams`],
      ["GET", `${registry}/explain?image=library/app:1`],
      ["POST", `${registry}/refresh?image=library/app:1`],
      ["GET", "/virtual_registries/container/upstreams/1"],
      ["GET", "/virtual_registries/container/upstreams/1/cache_entries"],
      ["DELETE", "/virtual_registries/container/registry_upstreams/1"],
      ["DELETE", `/virtual_registries/container/cache_entries/${btoa("1 1")}`],
      ["GET", "/groups/default/-/virtual_registries/container/registries"],
      ["POST", "/groups/default/-/virtual_registries/container/registries", { name: "n" }],
      ["GET", "/groups/default/-/virtual_registries/container/upstreams"],
      ["GET", "/groups/default/-/virtual_registries/cleanup/policy"],
      ["GET", all],
      ["GET", `${all}/history`],
    ];
    for (const [method, to, body] of gone) await weir.api(method, to, body, 404);
    expect(upstream.count()).toBe(before);
    await weir.halt();
    await weir.run();
    expect((await weir.manifest("library/app", "1")).status).toBe(404);
    await weir.api("PUT", settings, { enabled: true });
    const hit = await weir.manifest("library/app", "1");
    expect(hit.headers.get("x-weir-cache")).toStartWith("hit");
    expect(await weir.api("GET", all)).toMatchObject({ cache_entries: 3 });
  });

  test("are of top-level groups alone, and one group's are not another's", async () => {
    await weir.api("PUT", settings.replace("default", "other"), { enabled: false });
    await pull();
    await weir.api("POST", "/groups", { name: "sub", path: "sub", parent_id: 1 }, 201);
    await weir.api("GET", settings.replace("default", "default%2Fsub"), undefined, 400);
    await weir.api("PUT", settings.replace("default", "nowhere"), { enabled: false }, 404);
    await weir.api("PUT", settings, {}, 400);
  });
});
