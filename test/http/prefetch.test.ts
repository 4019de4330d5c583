import { describe, expect, test } from "bun:test";
import { until } from "../fakes/until.ts";
import { buildImage, buildIndex, Gate, sampleBytes } from "../fakes/upstream.ts";
import { adminToken } from "../fakes/weir.ts";
import { fake, forEachTest, name, start, weir } from "./one-upstream.ts";

const hourMs = 3_600_000;
const ofRegistry = "/virtual_registries/container/registries/1/prefetches";
const one = (id: number) => `/virtual_registries/container/prefetches/${id}`;

forEachTest();

interface Part {
  done: number;
  total: number;
}
interface Prefetch {
  id: number;
  status: string;
  next_run_at: string | null;
  last_run_at: string | null;
  progress: { images: Part; objects: Part; bytes: Part };
  images: {
    image: string;
    status: string;
    reason: string | null;
    digest: string | null;
    retry_at: string | null;
    objects: Part;
    bytes: Part;
  }[];
}

const create = async (fields: object) =>
  (await weir.api("POST", ofRegistry, fields, 202)) as Prefetch;
const get = async (id: number) => (await weir.api("GET", one(id))) as Prefetch;
/** How it has ended; the runner looks when it is woken, and each minute. */
async function ended(id: number): Promise<Prefetch> {
  await until(async () => ["finished", "failed"].includes((await get(id)).status));
  return get(id);
}
const cached = async (kind: "manifests" | "blobs", reference: string) => {
  const answer = await weir.pull(name, kind, reference);
  await answer.arrayBuffer();
  return answer.headers.get("x-weir-cache")?.split(";")[0] ?? String(answer.status);
};

function multi() {
  return buildIndex({
    amd64: buildImage({ layers: [sampleBytes(3000, 1), sampleBytes(2_000_000, 2)] }),
    arm64: buildImage({ architecture: "arm64", layers: [sampleBytes(3000, 3)] }),
  });
}

describe("prefetch", () => {
  test("brings what the platform needs, once, and pulls of it are hits that ask nobody", async () => {
    const index = fake.image(name, "1", multi());
    await start();
    const { id, status } = await create({ images: [`${name}:1`] });
    expect(status).toBe("scheduled");
    const run = await ended(id);
    const [amd64, arm64] = index.members;
    expect(run).toMatchObject({
      status: "finished",
      next_run_at: null,
      progress: { images: { done: 1, total: 1 }, objects: { done: 5, total: 5 } },
    });
    expect(run.images[0]).toMatchObject({ status: "done", reason: null, digest: index.digest });
    const { done, total } = run.progress.bytes;
    expect(done).toBe(total);
    expect(done).toBeGreaterThan(2_003_000);
    const asked = fake.count();
    expect(await cached("manifests", "1")).toBe("hit");
    expect(await cached("manifests", amd64?.digest ?? "")).toBe("hit");
    for (const digest of amd64?.blobs.keys() ?? [])
      expect(await cached("blobs", digest)).toBe("hit");
    expect(fake.count()).toBe(asked);
    expect(fake.count(`* */manifests/${arm64?.digest}`)).toBe(0);
    for (const digest of amd64?.blobs.keys() ?? []) {
      expect(fake.count(`GET /v2/${name}/blobs/${digest}`)).toBe(1);
    }
  });

  test("all platforms, variants, and an image by digest", async () => {
    const index = fake.image(name, "1", multi());
    await start();
    const all = await ended((await create({ images: [`${name}:1`], platforms: ["all"] })).id);
    expect(all.progress.objects).toEqual({ done: 8, total: 8 });
    const arm = { images: [`${name}@${index.digest}`], platforms: ["linux/arm64/v8"] };
    const again = await ended((await create(arm)).id);
    expect(again.progress.objects).toEqual({ done: 4, total: 4 });
    const none = await ended((await create({ ...arm, platforms: ["linux/s390x"] })).id);
    expect(none.images[0]).toMatchObject({
      status: "failed",
      reason: "not fit: the image has no member for linux/s390x",
    });
  });

  test("says of each image what became of it", async () => {
    fake.image(name, "1");
    fake.image(name, "wrong", buildImage({ label: "wrong" }));
    fake.fault(`GET /v2/${name}/manifests/wrong`, { body: "{}" });
    fake.image("private/app", "1");
    fake.fault("* /v2/private/*", { status: 403 });
    await start();
    const images = [`${name}:gone`, "private/app:1", `${name}:wrong`, `${name}:1`];
    const { id } = await create({ images });
    await until(async () => {
      const { status, images } = await get(id);
      const waits = images.filter((image) => image.status === "pending");
      const isQuiet = waits.every(({ retry_at: at }) => Date.parse(at ?? "") > weir.clock.now());
      if (isQuiet) weir.clock.step(60_000);
      return status === "failed";
    });
    const run = await get(id);
    expect(run.status).toBe("failed");
    expect(run.images.map(({ reason }) => reason?.split(":")[0])).toEqual([
      "absent",
      "denied",
      "wrong content",
      undefined,
    ]);
    const events = (await weir.api("GET", "/audit_events?action=prefetch.run")) as object[];
    expect(events[0]).toMatchObject({ result: "failure", details: { images_failed: 3 } });
  });

  test("asked to slow down it waits as it was told, and goes on", async () => {
    fake.image(name, "1");
    fake.fault(`GET /v2/${name}/manifests/1`, {
      status: 429,
      headers: { "retry-after": "1800" },
      times: 1,
    });
    await start();
    const { id } = await create({ images: [`${name}:1`] });
    await until(async () => (await get(id)).images[0]?.retry_at !== null);
    const waiting = await get(id);
    expect(waiting.images[0]?.reason).toStartWith("waits: ");
    const asked = fake.count();
    weir.clock.step(29 * 60_000);
    expect((await get(id)).status).toBe("running");
    expect(fake.count()).toBe(asked);
    weir.clock.step(3 * 60_000);
    expect((await ended(id)).status).toBe("finished");
  });

  test("what a rate limit leaves is for clients", async () => {
    fake.image(name, "1");
    fake.image(name, "2", buildImage({ label: "2" }));
    const headers = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "5;w=21600" };
    fake.fault(`GET /v2/${name}/manifests/*`, { headers });
    await start();
    expect(await cached("manifests", "1")).toBe("miss");
    const { id } = await create({ images: [`${name}:2`] });
    await until(async () => (await get(id)).images[0]?.retry_at !== null);
    expect((await get(id)).images[0]?.reason).toBe(
      'waits: the rate limit of upstream "up1" is nearly used up, and what is left is for clients',
    );
    expect(fake.count(`* /v2/${name}/manifests/2`)).toBe(0);
    expect(await cached("manifests", "2")).toBe("miss");
    weir.clock.step(hourMs + 60_000);
    expect((await ended(id)).status).toBe("finished");
  });

  test("is gone on with after a stop, without asking for what is there", async () => {
    const image = fake.image(
      name,
      "1",
      buildImage({ layers: [sampleBytes(500, 7), sampleBytes(600, 8)] }),
    );
    const last = image.layers[1] ?? "";
    fake.fault(`GET /v2/${name}/blobs/${last}`, { hang: true });
    await start();
    const { id } = await create({ images: [`${name}:1`] });
    await until(() => fake.count(`GET /v2/${name}/blobs/${last}`) > 0);
    const first = image.layers[0] ?? "";
    await until(async () => (await get(id)).images[0]?.digest !== null);
    await weir.settled(name, first);
    await weir.halt();
    fake.heal();
    const before = [fake.count(`* /v2/${name}/manifests/*`), fake.count(`GET *${first}`)];
    await weir.run();
    weir.clock.step(120_000);
    const run = await ended(id);
    expect(run).toMatchObject({ status: "finished", progress: { objects: { done: 4, total: 4 } } });
    expect([fake.count(`* /v2/${name}/manifests/*`), fake.count(`GET *${first}`)]).toEqual(before);
  });

  test("runs again when its hours are over, and finds what has changed", async () => {
    fake.image(name, "1");
    await start({ upstreams: [{ fake, settings: { cacheValidityHours: 1 } }] });
    const { id } = await create({ images: [`${name}:1`], every_hours: 6 });
    const run = await ended(id);
    expect(run.next_run_at).toBe(new Date(weir.clock.now() + 6 * hourMs).toISOString());
    const moved = fake.image(name, "1", buildImage({ label: "moved" }));
    weir.clock.step(6 * hourMs);
    await until(async () => (await get(id)).images[0]?.digest === moved.digest);
    await until(async () => (await get(id)).status === "finished");
    expect(await cached("manifests", moved.digest)).toBe("hit");
  });

  test("counts as no download", async () => {
    fake.image(name, "1");
    await start();
    await ended((await create({ images: [`${name}:1`] })).id);
    weir.clock.step(60_000);
    const entries = (await weir.api(
      "GET",
      "/virtual_registries/container/upstreams/1/cache_entries",
    )) as { downloads_count: number }[];
    expect(entries.length).toBe(4);
    expect(entries.map((entry) => entry.downloads_count)).toEqual([0, 0, 0, 0]);
  });

  test("asks no upstream that is for a group's members", async () => {
    fake.image(name, "1");
    await start({
      groups: ["secret"],
      upstreams: [{ fake, settings: { verifiedGroup: "secret" } }],
    });
    const run = await ended((await create({ images: [`${name}:1`] })).id);
    expect(run.images[0]?.reason).toBe("absent: this registry has no upstreams");
    expect(fake.count()).toBe(0);
  });

  test("a deleted one ends; one that is deleted with its registry too", async () => {
    fake.image(name, "1");
    fake.fault(`GET /v2/${name}/blobs/*`, { hang: true });
    await start();
    const { id } = await create({ images: [`${name}:1`] });
    await until(() => fake.count(`GET /v2/${name}/blobs/*`) > 0);
    await weir.api("DELETE", one(id), undefined, 204);
    await weir.api("GET", one(id), undefined, 404);
    expect(await weir.api("GET", ofRegistry)).toEqual([]);
    const other = await create({ images: [`${name}:1`] });
    await weir.api("DELETE", "/virtual_registries/container/registries/1", undefined, 204);
    await weir.api("GET", one(other.id), undefined, 404);
  });

  test("what cannot be is refused by name", async () => {
    await start();
    const refused: [object, string][] = [
      [{}, "images is missing"],
      [{ images: [] }, "images"],
      [{ images: ["library/alpine:3:20"] }, "images[0]"],
      [{ images: ["https://x/y"] }, "images[0]"],
      [{ images: ["a", "a"] }, "has one twice"],
      [{ images: ["a"], platforms: ["linux"] }, "platforms[0]"],
      [{ images: ["a"], every_hours: 0 }, "every_hours"],
      [{ images: Array.from({ length: 101 }, (_, i) => `a${i}`) }, "must be at most 100"],
    ];
    for (const [fields, text] of refused) {
      expect(JSON.stringify(await weir.api("POST", ofRegistry, fields, 400))).toContain(text);
    }
  });
});

describe("events of a prefetch", () => {
  const follow = (id: number, signal?: AbortSignal) =>
    fetch(`${weir.url}/api/v4${one(id)}/events`, {
      headers: { "PRIVATE-TOKEN": adminToken },
      ...(signal && { signal }),
    });

  test("tell how far it is, and end with the run", async () => {
    fake.image(name, "1");
    const gate = new Gate();
    fake.fault(`GET /v2/${name}/blobs/*`, { gate });
    await start();
    const { id } = await create({ images: [`${name}:1`] });
    await until(() => fake.count(`GET /v2/${name}/blobs/*`) > 0);
    const answer = await follow(id);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    let text = "";
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async () => {
      const part = await reader?.read();
      text += part?.value ?? "";
      return part?.done === true;
    };
    await read();
    expect(text).toStartWith("event: progress\ndata: {");
    for (let i = 0; i < 16; i++) {
      weir.clock.step(1000);
      await get(id);
    }
    while (!text.includes(": still here")) await read();
    gate.open();
    let isOver = false;
    const reading = (async () => {
      while (!(await read()));
      isOver = true;
    })();
    await until(async () => {
      weir.clock.step(1000);
      await get(id);
      return isOver;
    });
    await reading;
    const [last = ""] = text.trimEnd().split("\n\n").slice(-1);
    expect(last).toStartWith("event: end\n");
    expect(JSON.parse(last.split("data: ")[1] ?? "")).toMatchObject({ id, status: "finished" });
  });

  test("who leaves is forgotten, and a stop waits for nobody who listens", async () => {
    fake.image(name, "1");
    fake.fault(`GET /v2/${name}/blobs/*`, { hang: true });
    await start();
    const { id } = await create({ images: [`${name}:1`] });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => {
        const abort = new AbortController();
        return follow(id, abort.signal).then((answer) => ({ answer, abort }));
      }),
    );
    expect((await follow(id)).status).toBe(429);
    const another = (await weir.api("POST", "/users", { username: "other", admin: true }, 201)) as {
      id: number;
    };
    const fields = { name: "t", scopes: ["read_api"] };
    const path = `/users/${another.id}/personal_access_tokens`;
    const token = (await weir.api("POST", path, fields, 201)) as { id: number; token: string };
    const others = await fetch(`${weir.url}/api/v4${one(id)}/events`, {
      headers: { "PRIVATE-TOKEN": token.token },
    });
    expect(others.status).toBe(200);
    await others.body?.cancel();
    for (const { abort } of answers) abort.abort();
    await until(async () => {
      const answer = await follow(id);
      return answer.status === 200;
    });
    await weir.halt();
    await weir.run();
  });

  test("end for whoever's token is revoked meanwhile", async () => {
    fake.image(name, "1");
    fake.fault(`GET /v2/${name}/blobs/*`, { hang: true });
    await start();
    const { id } = await create({ images: [`${name}:1`] });
    const fields = { name: "t", scopes: ["read_api"] };
    const token = (await weir.api("POST", "/personal_access_tokens", fields, 201)) as {
      id: number;
      token: string;
    };
    const answer = await fetch(`${weir.url}/api/v4${one(id)}/events`, {
      headers: { "PRIVATE-TOKEN": token.token },
    });
    expect(answer.status).toBe(200);
    let isOver = false;
    const reading = answer.text().then((text) => {
      isOver = true;
      return text;
    });
    for (let i = 0; i < 20; i++) {
      weir.clock.step(1000);
      await get(id);
    }
    expect(isOver).toBe(false);
    await weir.api("DELETE", `/personal_access_tokens/${token.id}`, undefined, 204);
    let steps = 0;
    await until(async () => {
      if (steps++ < 20) weir.clock.step(1000);
      await get(id);
      return isOver;
    });
    expect(await reading).not.toContain("event: end");
  });

  test("are for those who may see the prefetch", async () => {
    await start();
    const answer = await fetch(`${weir.url}/api/v4${one(1)}/events`);
    expect(answer.status).toBe(401);
    expect((await follow(1)).status).toBe(404);
  });
});
