import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { countedRepositories, presentRepositories } from "../fakes/repository-truth.ts";
import { buildImage, sampleBytes, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { adminToken } from "../fakes/weir.ts";
import { first, forEachTest, second, serve, weir } from "./two-upstreams.ts";

const name = "library/app";
const bytes = sampleBytes(4 << 20, 5);
const layer = digestOf(bytes);
const image = buildImage({ layers: [bytes] });

forEachTest();

const cache = (response: Response) =>
  response.headers.get("x-weir-cache")?.replace(/; age=\d+/, "");

async function change(body: Record<string, unknown>): Promise<void> {
  const url = `${weir.url}/api/v4/virtual_registries/container/upstreams/1`;
  const headers = { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" };
  const answer = await fetch(url, { method: "PATCH", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
}

/** The whole image, as a client pulls it; how it came. */
async function pull(): Promise<(string | undefined)[]> {
  const manifest = await weir.manifest(name, "latest");
  await manifest.bytes();
  const blob = await weir.blob(name, layer);
  await blob.bytes();
  await weir.settled(name, layer);
  return [cache(manifest), cache(blob)];
}

/** The background's work, to its end: nothing of a former cache is left. */
async function cleared(): Promise<void> {
  weir.clock.step(60_000);
  const left = () =>
    weir.query<{ n: number }>(
      `select (select count(*) from upstreams where doubted_epoch < cache_epoch) + (select count(*) from cache_entries as e
        where not exists (select 1 from upstreams as u where u.id + u.cache_epoch * 4294967296 = e.upstream_id)) as n`,
    );
  await until(async () => Number((await left())[0]?.n) === 0);
}

describe("another URL", () => {
  test("is asked at the very next request, and nothing of the former one is served", async () => {
    await serve({ upstreams: [{ fake: first }] });
    first.image(name, "latest", image);
    expect(await pull()).toEqual(['miss; upstream="up1"', 'miss; upstream="up1"']);
    expect(await pull()).toEqual(['hit; upstream="up1"', 'hit; upstream="up1"']);
    await change({ url: second.url });
    for (const _ of ["before it is cleared away", "and after"]) {
      expect((await weir.manifest(name, "latest")).status).toBe(404);
      expect((await weir.manifest(name, image.digest)).status).toBe(404);
      expect((await weir.blob(name, layer)).status).toBe(404);
      await cleared();
    }
    // Back again it is a stranger all the same.
    const asked = first.count();
    await change({ url: first.url });
    expect((await pull())[0]).toBe('miss; upstream="up1"');
    expect(first.count()).toBeGreaterThan(asked);
  });

  test("while a fill runs: who waits gets what was asked for, and nobody else does", async () => {
    await serve({ upstreams: [{ fake: first }] });
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    const tap = new Tap();
    first.fault(`GET /v2/${name}/blobs/*`, { tap });
    tap.release(1 << 20);
    const answer = await weir.blob(name, layer);
    second.image(name, "other");
    await change({ url: second.url });
    tap.open();
    expect(digestOf(await answer.bytes())).toBe(layer);
    expect((await weir.blob(name, layer)).status).toBe(404);
    expect((await weir.manifest(name, "latest")).status).toBe(404);
    expect(cache(await weir.manifest(name, "other"))).toBe('miss; upstream="up1"');
    await cleared();
    expect((await weir.blob(name, layer)).status).toBe(404);
    expect(cache(await weir.manifest(name, "other"))).toBe('hit; upstream="up1"');
  });
});

describe("other credentials", () => {
  for (const isCleared of [false, true]) {
    test(`all has to be shown with them, ${isCleared ? "when" : "before"} it has come over`, async () => {
      first.auth = { kind: "basic", username: "a", password: "one" };
      const settings = { username: "a", password: "one" };
      await serve({ upstreams: [{ fake: first, settings }] });
      first.image(name, "latest", image);
      await pull();
      await change({ username: "b", password: "two" });
      if (isCleared) await cleared();
      for (const reference of ["latest", image.digest]) {
        expect((await weir.manifest(name, reference)).status).toBe(503);
      }
      expect((await weir.blob(name, layer)).status).toBe(503);
      first.auth = { kind: "basic", username: "b", password: "two" };
      const downloads = first.count("GET *blobs*");
      expect(cache(await weir.manifest(name, image.digest))).toBe('revalidated; upstream="up1"');
      expect(cache(await weir.blob(name, layer))).toBe('revalidated; upstream="up1"');
      await weir.manifest(name, "latest");
      expect(await pull()).toEqual(['hit; upstream="up1"', 'hit; upstream="up1"']);
      await cleared();
      expect(await pull()).toEqual(['hit; upstream="up1"', 'hit; upstream="up1"']);
      expect(first.count("GET *blobs*")).toBe(downloads);

      // The former ones again: what they were shown was long ago.
      await change({ username: "a", password: "one" });
      expect((await weir.blob(name, layer)).status).toBe(503);
      first.auth = { kind: "basic", username: "a", password: "one" };
      expect(cache(await weir.blob(name, layer))).toBe('revalidated; upstream="up1"');
    });
  }

  test("while a fill runs: its bytes are stored, and have to be shown", async () => {
    first.auth = { kind: "basic", username: "a", password: "one" };
    const settings = { username: "a", password: "one" };
    await serve({ upstreams: [{ fake: first, settings }] });
    first.image(name, "latest", image);
    await weir.manifest(name, "latest");
    const tap = new Tap();
    first.fault(`GET /v2/${name}/blobs/*`, { tap });
    tap.release(1 << 20);
    const answer = await weir.blob(name, layer);
    await change({ username: "b", password: "two" });
    first.auth = { kind: "basic", username: "b", password: "two" };
    tap.open();
    expect(digestOf(await answer.bytes())).toBe(layer);
    first.heal();
    first.fault(`* /v2/${name}/blobs/*`, { status: 403 });
    expect((await weir.blob(name, layer)).status).toBe(503);
  });
});

describe("what is to be seen of repositories", () => {
  const read = async (path: string) => {
    const url = `${weir.url}/api/v4/virtual_registries/container${path}`;
    const response = await fetch(url, { headers: { "PRIVATE-TOKEN": adminToken } });
    return { status: response.status, body: (await response.json()) as Seen[] & Detail };
  };
  interface Seen {
    id: string;
    entries_count: number;
  }
  interface Detail {
    manifest: { tags: string[]; layers: { cached: boolean }[] };
  }
  /** The repositories, and the entries of the one, each of which tells its details. */
  const seen = async () => {
    const repositories = (await read("/upstreams/1/repositories")).body;
    const entries = (await read(`/upstreams/1/cache_entries?repository=${name}`)).body;
    for (const { id } of entries) expect((await read(`/cache_entries/${id}`)).status).toBe(200);
    return {
      counts: repositories.map((one) => one.entries_count),
      ids: entries.map(({ id }) => id),
    };
  };
  const nothing = { counts: [], ids: [] };
  const areCounted = async () => {
    const counted = await weir.query<{ upstream_id: number }>(countedRepositories);
    expect(counted).toEqual(await weir.query(presentRepositories));
    return counted.length;
  };
  const gone = async (ids: readonly string[]) => {
    for (const id of ids) expect((await read(`/cache_entries/${id}`)).status).toBe(404);
  };

  test("under another URL there is nothing at once, and then what that one has", async () => {
    await serve({ upstreams: [{ fake: first }] });
    first.image(name, "latest", image);
    await pull();
    const before = await seen();
    expect(before).toMatchObject({ counts: [3], ids: { length: 3 } });
    await change({ url: second.url });
    expect(await seen()).toEqual(nothing);
    await gone(before.ids);
    expect(await areCounted()).toBe(1);
    second.image(name, "latest", image);
    await (await weir.manifest(name, "latest")).bytes();
    const anew = await seen();
    expect(anew).toMatchObject({ counts: [2], ids: { length: 2 } });
    await gone(before.ids);
    const { body } = await read(`/cache_entries/${anew.ids[0]}`);
    expect(body.manifest.tags).toEqual(["latest"]);
    // Stored, and shown by the former one alone.
    expect(body.manifest.layers.some(({ cached }) => cached)).toBe(false);
    expect(await areCounted()).toBe(2);
    await cleared();
    expect(await seen()).toEqual(anew);
    expect(await areCounted()).toBe(1);
  });

  test("under other credentials there is what was shown again, under the ids that it had", async () => {
    first.auth = { kind: "basic", username: "a", password: "one" };
    const settings = { username: "a", password: "one" };
    await serve({ upstreams: [{ fake: first, settings }] });
    first.image(name, "latest", image);
    await pull();
    const before = await seen();
    await change({ username: "b", password: "two" });
    first.auth = { kind: "basic", username: "b", password: "two" };
    expect(await seen()).toEqual(nothing);
    await gone(before.ids);
    await (await weir.manifest(name, "latest")).bytes();
    const again = await seen();
    expect(again.counts).toEqual([again.ids.length]);
    expect(again.ids.length).toBeLessThan(3);
    expect(before.ids).toEqual(expect.arrayContaining(again.ids));
    await areCounted();
    await cleared();
    expect(await seen()).toEqual(again);
    expect(await areCounted()).toBe(1);
    await pull();
    expect(await weir.manifest(name, image.digest)).toMatchObject({ status: 200 });
    expect(await seen()).toEqual(before);
    expect(await areCounted()).toBe(1);
  });
});
