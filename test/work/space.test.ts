import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { storeOfWeir } from "../fakes/store-facts.ts";
import { settle } from "../fakes/settle.ts";
import { until } from "../fakes/until.ts";
import { type BuiltImage, buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const size = 10_000;
const minute = 60_000;
const graceMs = 300_000;
let upstream: FakeUpstream;
let weir: TestWeir;

/** An image with one layer of its own, of `size` bytes. */
const imageOf = (repository: string, seed: number): BuiltImage =>
  upstream.image(
    repository,
    "latest",
    buildImage({ layers: [sampleBytes(size, seed)], label: repository }),
  );

beforeEach(async () => {
  upstream = await FakeUpstream.start();
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

async function start(env: Record<string, string> = {}, others = false): Promise<void> {
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    ...(others && { others: [{ fake: upstream }] }),
    env,
  });
}

/** Pulls all of an image; how its layers were answered. */
async function pull(repository: string, other = false): Promise<string[]> {
  const get = (kind: "manifests" | "blobs", reference: string) =>
    other ? weir.other(repository, kind, reference) : weir.pull(repository, kind, reference);
  const answer = await get("manifests", "latest");
  expect(answer.status).toBe(200);
  const manifest = (await answer.json()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const statuses: string[] = [];
  for (const { digest } of [manifest.config, ...manifest.layers]) {
    const blob = await get("blobs", digest);
    expect(blob.status).toBe(200);
    expect<string>(digestOf(await blob.bytes())).toBe(digest);
    const status = blob.headers.get("x-weir-cache")?.split(";")[0] ?? "";
    statuses.push(status);
    if (status !== "bypass" && !other) await weir.settled(repository, digest);
  }
  await settle(weir, 0);
  return statuses.slice(1);
}

const facts = () => storeOfWeir(weir);
const upstreamId = async (group = "default") => {
  const list = (await weir.api(
    "GET",
    `/groups/${group}/-/virtual_registries/container/upstreams`,
  )) as { id: number }[];
  return list[0]?.id ?? 0;
};
/** What `/readyz` says of the store, beside its 200. */
const stated = async () => {
  const answer = await fetch(`${weir.url}/readyz`);
  const { parts } = (await answer.json()) as { parts: Record<string, string> };
  expect(answer.status).toBe(200);
  return parts["blob_store"];
};
const impaired = async () =>
  /^weir_impaired\{part="blob_store"\} (\d)$/m.exec(
    await (await fetch(`${weir.url}/metrics`)).text(),
  )?.[1];
const cannotBeKept =
  "more is cached than a limit allows, and nothing of it can go: weir evict --dry-run says why";
const tooLarge =
  "blobs are passed through that are larger than a limit of the cache: the log names them";
const workOf = async (name: string) =>
  ((await weir.api("GET", "/work")) as { name: string; message: string | null }[]).find(
    (one) => one.name === name,
  );

describe("limits", () => {
  test("of the instance: what was not pulled for the longest time goes, and its bytes after the grace", async () => {
    await start({ WEIR_CACHE_MAX_BYTES: "36000" });
    for (const [index, name] of ["a/one", "a/two", "a/three", "a/four"].entries()) {
      imageOf(name, index + 1);
      await pull(name);
      weir.clock.step(minute);
    }
    await pull("a/one");
    await settle(weir, 2 * minute);
    expect(await pull("a/one")).toEqual(["hit"]);
    expect((await facts()).files.size).toBe(8);
    await settle(weir, graceMs + 3 * minute);
    // The second was the oldest by then; it and nothing else is gone.
    expect((await facts()).files.size).toBe(6);
    expect(await pull("a/one")).toEqual(["hit"]);
    expect(await pull("a/three")).toEqual(["hit"]);
    expect(await pull("a/four")).toEqual(["hit"]);
    expect(await pull("a/two")).toEqual(["miss"]);
  });

  test("of an upstream, set through the API: others keep what they share with it", async () => {
    await start({}, true);
    imageOf("a/one", 1);
    imageOf("a/two", 2);
    for (const name of ["a/one", "a/two"]) {
      await pull(name);
      await pull(name, true);
      weir.clock.step(minute);
    }
    const id = await upstreamId();
    const where = `/virtual_registries/container/upstreams/${id}`;
    expect(await weir.api("GET", where)).toMatchObject({ cache_max_bytes: null });
    await weir.api("PATCH", where, { cache_max_bytes: 15_000 });
    await settle(weir, 3 * minute + graceMs);
    expect((await facts()).files.size).toBe(4);
    expect((await facts()).bytesOf("upstream", id)).toBeLessThanOrEqual(15_000);
    expect(await pull("a/one", true)).toEqual(["hit"]);
    expect(await pull("a/two")).toEqual(["hit"]);
    // Not by the neighbour's proof: the own upstream is asked first.
    expect((await pull("a/one"))[0]).not.toBe("hit");
  });

  test("of a group, for administrators to set; its owners see it", async () => {
    await start();
    imageOf("a/one", 1);
    imageOf("a/two", 2);
    await pull("a/one");
    weir.clock.step(minute);
    await pull("a/two");
    const where = "/groups/default/-/virtual_registries/space";
    const { cached_bytes: before } = (await weir.api("GET", where)) as { cached_bytes: number };
    expect(before).toBeGreaterThan(2 * size);
    await weir.api("PUT", where, { cache_max_bytes: 15_000 });
    const preview = (await weir.api("GET", "/space/evictions")) as {
      entries: { relative_path: string }[];
    }[];
    expect(preview).toMatchObject([
      { scope: "group", name: "default", reason: "limit", bytes: before, bound: 15_000, left: 0 },
    ]);
    const paths = preview[0]?.entries.map(({ relative_path: one }) => one) ?? [];
    expect(paths).toContain("/a/one/manifests/latest");
    expect(paths.every((one) => one.startsWith("/a/one/"))).toBe(true);
    await weir.api("POST", "/space/evictions", {}, 202);
    await settle(weir, 0);
    expect(await weir.api("GET", "/space/evictions")).toEqual([]);
    expect(((await weir.api("GET", where)) as { cached_bytes: number }).cached_bytes).toBeLessThan(
      15_000,
    );
  });

  test("no image loses a layer while its manifest stays: a layer that a later image shares goes after that, not before", async () => {
    await start();
    const repository = "a/app";
    const layers = (own: number) => [sampleBytes(size, 1), sampleBytes(3000, own)];
    const tags = ["v1", "v2"].map((label, n) => {
      upstream.image(repository, label, buildImage({ label, layers: layers(n + 2) }));
      return label;
    });
    /** How each part of the image is answered. */
    const pullTag = async (tag: string) => {
      const answer = await weir.pull(repository, "manifests", tag);
      if (answer.status !== 200) return [answer.status];
      const { config, layers: all } = (await answer.json()) as {
        config: { digest: string };
        layers: { digest: string }[];
      };
      const statuses = [answer.status];
      for (const { digest } of [config, ...all]) {
        const blob = await weir.pull(repository, "blobs", digest);
        await blob.bytes();
        statuses.push(blob.status);
        if (blob.status === 200) await weir.settled(repository, digest);
      }
      return statuses;
    };
    for (const tag of tags) {
      expect(await pullTag(tag)).toEqual([200, 200, 200, 200]);
      weir.clock.step(minute);
    }
    const id = await upstreamId();
    // More than the first image has for itself, and less than that and the shared layer.
    const bytes = (await facts()).bytesOf("upstream", id) - 5000;
    await weir.api("PATCH", `/virtual_registries/container/upstreams/${id}`, {
      cache_max_bytes: bytes,
    });
    await settle(weir, 2 * minute);
    await settle(weir, graceMs + 3 * minute);
    expect((await facts()).bytesOf("upstream", id)).toBeLessThanOrEqual(bytes);
    upstream.fault("*", { status: 503 });
    const [manifest, ...blobs] = await pullTag("v2");
    expect(manifest === 200 ? blobs : []).toEqual(manifest === 200 ? [200, 200, 200] : []);
  });

  test("what is pinned stays, and what that needs, and the work says that the limit cannot be kept", async () => {
    await start();
    imageOf("a/one", 1);
    await pull("a/one");
    const id = await upstreamId();
    const entries = (await weir.api(
      "GET",
      `/virtual_registries/container/upstreams/${id}/cache_entries`,
    )) as { id: number; relative_path: string }[];
    const tag = entries.find(({ relative_path: one }) => one.endsWith("/manifests/latest"));
    await weir.api("POST", `/virtual_registries/container/cache_entries/${tag?.id}/pin`);
    await weir.api("PATCH", `/virtual_registries/container/upstreams/${id}`, {
      cache_max_bytes: 10_500,
    });
    await settle(weir, 2 * minute);
    expect(await pull("a/one")).toEqual(["hit"]);
    expect((await workOf("eviction"))?.message).toContain(
      "what is left is pinned, was pulled a moment ago, or shares its content with entries that stay",
    );
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({ message: "a limit cannot be kept", scope: "upstream", id }),
    );
    expect([await stated(), await impaired()]).toEqual([cannotBeKept, "1"]);
    await weir.api("PATCH", `/virtual_registries/container/upstreams/${id}`, {
      cache_max_bytes: 15_000,
    });
    await settle(weir, 2 * minute);
    expect([await stated(), await impaired()]).toEqual(["ok", "0"]);
  });

  test("smaller than one blob: it is passed through; smaller than one image: pulls go on", async () => {
    await start();
    imageOf("a/one", 1);
    await weir.api("PATCH", `/virtual_registries/container/upstreams/${await upstreamId()}`, {
      cache_max_bytes: 5000,
    });
    expect(await pull("a/one")).toEqual(["bypass"]);
    expect(await pull("a/one")).toEqual(["bypass"]);
    const passed = {
      level: "warn",
      message: "blob is passed through, not stored",
      upstream: "up1",
      reason: "larger than cache_max_bytes of its upstream or group",
      size,
      bound: 5000,
    };
    expect(weir.logLines).toContainEqual(expect.objectContaining(passed));
    expect([await stated(), await impaired()]).toEqual([tooLarge, "1"]);
    weir.clock.step(14 * minute);
    expect(await stated()).toBe(tooLarge);
    weir.clock.step(minute);
    expect(await stated()).toBe("ok");
    const several = [sampleBytes(4000, 7), sampleBytes(4000, 8)];
    upstream.image("a/two", "latest", buildImage({ layers: several }));
    expect(await pull("a/two")).toEqual(["miss", "miss"]);
    await settle(weir, 0);
    await settle(weir, 2 * minute);
    await settle(weir, graceMs + 2 * minute);
    expect((await facts()).bytesOf("upstream", await upstreamId())).toBeLessThanOrEqual(5000);
    expect(await pull("a/two")).toHaveLength(2);
  });

  test.each([
    ["WEIR_CACHE_MAX_BYTES", "warn", tooLarge],
    ["WEIR_MAX_BLOB_BYTES", "info", "ok"],
  ])("a blob that is larger than %s: the log says so", async (setting, level, state) => {
    await start({ [setting]: "5000" });
    imageOf("a/one", 1);
    expect(await pull("a/one")).toEqual(["bypass"]);
    const reason = `larger than ${setting}`;
    const passed = { level, message: "blob is passed through, not stored", reason, bound: 5000 };
    expect(weir.logLines).toContainEqual(expect.objectContaining(passed));
    expect(await stated()).toBe(state);
    // Whose size nobody has said before it came.
    const image = imageOf("a/two", 2);
    upstream.fault(`GET *blobs/${image.layers[0]}`, {
      headers: { "content-length": null },
      framing: "close",
    });
    weir.clock.step(20 * minute);
    expect(await stated()).toBe("ok");
    await pull("a/two");
    expect(await stated()).toBe(state);
  });

  test("less free than WEIR_MIN_FREE_BYTES: nothing is stored, and /readyz and the log say it", async () => {
    await start({ WEIR_MIN_FREE_BYTES: "4000TB" });
    imageOf("a/one", 1);
    expect(await pull("a/one")).toEqual(["bypass"]);
    expect([await stated(), await impaired()]).toEqual([
      "stores nothing more: less than WEIR_MIN_FREE_BYTES is free on the disk of the data folder",
      "1",
    ]);
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({ reason: "too little free space to store more" }),
    );
  });
});

describe("sweep", () => {
  test("what a purge has left goes after the grace, not before; what is needed again stays", async () => {
    await start();
    imageOf("a/one", 1);
    await pull("a/one");
    const cache = `/virtual_registries/container/upstreams/${await upstreamId()}/cache`;
    await weir.api("DELETE", cache, undefined, 204);
    await settle(weir, minute);
    expect((await facts()).files.size).toBe(2);
    await pull("a/one");
    await settle(weir, graceMs + 3 * minute);
    expect((await facts()).files.size).toBe(2);
    await weir.api("DELETE", cache, undefined, 204);
    await settle(weir, graceMs + 4 * minute);
    expect(await facts()).toMatchObject({
      files: new Map(),
      rows: new Map(),
      manifests: 0,
      stored: 0,
    });
  });

  test("a file that a kill has left without a record goes, when it is old", async () => {
    await start();
    const file = path.join(weir.folder("blobs"), "sha256", "ab", `ab${"0".repeat(62)}`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "left");
    const at = weir.clock.now() / 1000;
    utimesSync(file, at, at);
    await settle(weir, 11 * minute);
    expect((await facts()).files.size).toBe(1);
    weir.clock.step(25 * 60 * minute);
    await settle(weir, minute);
    expect((await facts()).files.size).toBe(1);
    await settle(weir, graceMs + 3 * minute);
    expect(await facts()).toMatchObject({
      files: new Map(),
      removing: new Set(),
      stored: 0,
      leaving: 0,
    });
  });

  test("a deletion that a kill has interrupted is finished, wherever that was", async () => {
    await start();
    imageOf("a/one", 1);
    await pull("a/one");
    const cache = `/virtual_registries/container/upstreams/${await upstreamId()}/cache`;
    await weir.api("DELETE", cache, undefined, 204);
    await settle(weir, 2 * minute);
    await weir.halt();
    await weir.query(`update blobs set removing_at = ${weir.clock.now()}`);
    await weir.run();
    // Until it is clear that nobody goes on with it, what is stored anew waits; those who pull it do not.
    let isPulled = false;
    const pulled = pull("a/one").finally(() => (isPulled = true));
    await until(() => {
      if (weir.clock.next <= 100) weir.clock.step(weir.clock.next);
      return isPulled;
    });
    expect(await pulled).toEqual(["miss"]);
    expect((await facts()).wrong).toEqual([]);
    await settle(weir, graceMs + 3 * minute);
    expect(await pull("a/one")).toEqual(["hit"]);
  });
});

test("a file that is short is noticed before headers go out, put aside and fetched again", async () => {
  await start();
  const { layers } = imageOf("a/one", 1);
  await pull("a/one");
  const hex = layers[0]?.slice(7) ?? "";
  truncateSync(path.join(weir.folder("blobs"), "sha256", hex.slice(0, 2), hex), 100);
  expect((await pull("a/one"))[0]).not.toBe("hit");
  await weir.settled("a/one", layers[0] ?? "");
  expect(await pull("a/one")).toEqual(["hit"]);
  expect(readdirSync(path.join(weir.dataDir, "quarantine"))).toEqual([`sha256-${hex}`]);
});

test("the scrub puts aside what is wrong, fetches it again and says so", async () => {
  await start();
  const { layers } = imageOf("a/one", 1);
  await pull("a/one");
  const hex = layers[0]?.slice(7) ?? "";
  const file = path.join(weir.folder("blobs"), "sha256", hex.slice(0, 2), hex);
  const before = await Bun.file(file).bytes();
  writeFileSync(file, sampleBytes(size, 99));
  await settle(weir, 2 * 60 * minute, 30 * minute);
  expect(await Bun.file(file).bytes()).toEqual(before);
  expect(readdirSync(path.join(weir.dataDir, "quarantine"))).toEqual([`sha256-${hex}`]);
  expect((await workOf("scrub"))?.message).toBe(
    "1 stored objects were wrong or missing, 1 of them were fetched again; the log names them",
  );
  expect(await weir.api("GET", "/audit_events?action=store.scrub")).toMatchObject([
    { actor: { kind: "system" }, details: { damaged: 1, repaired: 1, first: layers[0] } },
  ]);
  expect(await pull("a/one")).toEqual(["hit"]);
  expect((await workOf("quarantine"))?.message).toBe(
    `objects put aside in quarantine: 1, of ${size} bytes; they stay for 30 days at most`,
  );
  const metrics = async () => (await fetch(`${weir.url}/metrics`)).text();
  expect(await metrics()).toContain(`weir_quarantine_bytes ${size}\n`);
  const days = 24 * 60 * minute;
  await settle(weir, 29 * days, 29 * days);
  expect(readdirSync(path.join(weir.dataDir, "quarantine"))).toHaveLength(1);
  await settle(weir, 2 * days, 2 * days);
  expect(readdirSync(path.join(weir.dataDir, "quarantine"))).toEqual([]);
  expect(await metrics()).toContain("weir_quarantine_bytes 0\n");
});

test("two who verify at once, beside pulls: what is wrong is put aside once, and right afterwards", async () => {
  await start();
  const images = ["a/one", "a/two", "a/three"].map(
    (name, i) => [name, imageOf(name, i + 1)] as const,
  );
  const layers: string[] = [];
  for (const [name, image] of images) {
    await pull(name);
    for (const digest of image.layers) {
      layers.push(digest);
      await weir.spoil(digest, sampleBytes(size, 99));
    }
  }
  const verify = async (repair: boolean) => {
    const found: { digest: string; outcome: string }[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const fields = { ...(after && { after }), repair };
      const step = (await weir.api("POST", "/verify", fields)) as {
        next: string | null;
        findings: typeof found;
      };
      found.push(...step.findings);
      after = step.next;
    }
    return found;
  };
  const both = await Promise.all([verify(true), verify(true)]);
  const found = both.flat();
  expect(found.map(({ digest }) => digest).sort()).toEqual(layers.toSorted());
  expect(found.every(({ outcome }) => outcome === "repaired")).toBe(true);
  for (const [name] of images) expect(await pull(name)).toEqual(["hit"]);
  expect(await verify(false)).toEqual([]);
  expect((await facts()).wrong).toEqual([]);
});
