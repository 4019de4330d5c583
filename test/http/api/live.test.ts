import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../../fakes/until.ts";
import { FakeUpstream } from "../../fakes/upstream.ts";
import { adminToken, TestWeir } from "../../fakes/weir.ts";
import { base } from "./world.ts";

const name = "library/app";
let upstream: FakeUpstream;
let weir: TestWeir;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.image(name, "latest");
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

async function call(method: string, path: string, body?: object) {
  const response = await fetch(weir.url + path, {
    method,
    headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text ? (JSON.parse(text) as unknown) : undefined };
}
const pull = async () => {
  const response = await weir.manifest(name, "latest");
  await response.arrayBuffer();
  return { status: response.status, cache: response.headers.get("x-weir-cache")?.split(";")[0] };
};

test("what is changed by the API counts for the next pull", async () => {
  expect(await pull()).toEqual({ status: 200, cache: "miss" });
  expect(await pull()).toEqual({ status: 200, cache: "hit" });
  const entries = await call("GET", `${base}/upstreams/1/cache_entries?search=latest`);
  expect(entries.body).toMatchObject([{ relative_path: `/${name}/manifests/latest` }]);
  const [entry] = entries.body as { id: string }[];
  expect((await call("DELETE", `${base}/cache_entries/${entry?.id}`)).status).toBe(204);
  expect((await pull()).cache).not.toBe("hit");

  const rules = [{ target: "repository", effect: "deny", pattern: "library/*" }];
  expect((await call("PATCH", `${base}/upstreams/1`, { rules })).body).toMatchObject({ rules });
  expect((await pull()).status).toBe(404);
  await call("PATCH", `${base}/upstreams/1`, { rules: [] });
  expect((await pull()).status).toBe(200);

  const [place] = (
    (await call("GET", `${base}/registries/1`)).body as { registry_upstreams: { id: number }[] }
  ).registry_upstreams;
  await call("DELETE", `${base}/registry_upstreams/${place?.id}`);
  expect((await pull()).status).toBe(404);
  await call("POST", `${base}/registry_upstreams`, { registry_id: 1, upstream_id: 1 });
  expect((await pull()).status).toBe(200);
});

test("the connection of the upstream is tested, refreshing and explaining reach the pull", async () => {
  expect(await call("POST", `${base}/upstreams/1/test`)).toEqual({
    status: 200,
    body: { success: true },
  });
  const image = `?image=${name}:latest`;
  const { status, body } = await call("POST", `${base}/registries/1/refresh${image}`);
  expect([status, body]).toMatchObject([200, { cache: { upstream: "up1" } }]);
  const { digest } = body as { digest: string };
  expect((await call("GET", `${base}/registries/1/explain${image}`)).body).toMatchObject({
    upstreams: [{ upstream: "up1", position: 1, repository: name, denied_by: null }],
    decision: { status: "hit", upstream: "up1", digest },
  });
});

test("a test that succeeds ends the rest of an upstream that has failed, and no other test does", async () => {
  upstream.fault("* /v2/*", { status: 500 });
  // What is not cached is asked for, until the breaker is open.
  for (let i = 0; i < 6; i++) await weir.manifest("library/other", `t${i}`);
  const state = async () => {
    const { body } = await call("GET", `${base}/upstreams/1`);
    return (body as { health: { breaker: string } }).health.breaker;
  };
  expect(await state()).toBe("open");
  const test = (body: object = {}) => call("POST", `${base}/upstreams/1/test`, body);
  expect((await test()).body).toMatchObject({ success: false });
  upstream.heal();
  // With another login it is another one that has answered.
  expect((await test({ username: "a", password: "b" })).body).toEqual({ success: true });
  expect(await state()).toBe("open");
  expect((await test()).body).toEqual({ success: true });
  expect(await state()).toBe("closed");
  expect(weir.logLines).toContainEqual(
    expect.objectContaining({
      message: "upstream is back",
      upstream: "up1",
      why: "a test has succeeded",
    }),
  );
  const asked = upstream.count();
  await weir.manifest("library/other", "again");
  expect(upstream.count()).toBeGreaterThan(asked);
});

test("a pull that fails says so in the words of a pull", async () => {
  const { status, body } = await call("POST", `${base}/registries/1/refresh?image=${name}:nowhere`);
  expect([status, body]).toMatchObject([404, { message: expect.any(String) as string }]);
});

test("a body that is too large is refused in the words of the API, and no other", async () => {
  const huge = { name: "x".repeat(10 << 20) };
  for (const path of [`${base}/registries/1`, "/api/v4/groups", "/api/v4/nowhere"]) {
    const method = path.endsWith("/1") ? "PATCH" : "POST";
    expect(await call(method, path, huge)).toEqual({
      status: 413,
      body: { message: "the body must have at most 65536 bytes" },
    });
  }
});

test("rules that are added one by one count for the next pull, and so does their end", async () => {
  const rules = `${base}/upstreams/1/rules`;
  const rule = { target: "repository", effect: "deny", pattern: "library/*" };
  const { status, body } = await call("POST", rules, rule);
  expect([status, body]).toEqual([
    201,
    { id: expect.any(Number) as number, upstream_id: 1, ...rule },
  ]);
  expect((await call("GET", `${base}/upstreams/1`)).body).toMatchObject({ rules: [rule] });
  expect((await pull()).status).toBe(404);
  const one = `${rules}/${(body as { id: number }).id}`;
  expect((await call("PATCH", one, { pattern: "other/*" })).status).toBe(200);
  expect((await pull()).status).toBe(200);
  expect((await call("PATCH", one, rule)).status).toBe(200);
  expect((await pull()).status).toBe(404);
  expect((await call("DELETE", one)).status).toBe(204);
  expect((await pull()).status).toBe(200);
  expect((await call("GET", rules)).body).toEqual([]);
});

test("an inner address can be an upstream's only where that is allowed", async () => {
  const create = async (url: string) => {
    const made = await call("POST", `${base}/registries/1/upstreams`, { url, name: "inner" });
    if (made.status === 201) {
      await call("DELETE", `${base}/upstreams/${(made.body as { id: number }).id}`);
    }
    return made.status;
  };
  const inner = [
    "http://10.0.0.1",
    "http://169.254.169.254",
    "http://0xa000001",
    "http://[::1]:5000",
    "http://[::ffff:10.0.0.1]",
    "http://0.0.0.0",
  ];
  for (const url of inner) expect([url, await create(url)]).toEqual([url, 400]);
  for (const url of ["http://127.0.0.1:1", "https://192.0.3.1", "https://nowhere.invalid"]) {
    expect([url, await create(url)]).toEqual([url, 201]);
  }
  const moved = await call("PATCH", `${base}/upstreams/1`, { url: "http://192.168.0.1" });
  expect(moved.status).toBe(400);
});

test("a registry that is deleted is gone at once, and what it had cached is within a minute", async () => {
  const fake = await FakeUpstream.start();
  fake.image(name, "latest");
  const other = await TestWeir.start({ upstreams: [{ fake }] });
  try {
    expect((await other.manifest(name, "latest")).status).toBe(200);
    const response = await fetch(`${other.url}${base}/registries/1`, {
      method: "DELETE",
      headers: { "PRIVATE-TOKEN": adminToken },
    });
    expect(response.status).toBe(204);
    expect((await other.manifest(name, "latest")).status).toBe(404);
    other.clock.step(60_000);
    const gone = () =>
      other.logLines.find(
        ({ message }) =>
          message === "what removed upstreams and former settings have left is cleared away",
      );
    await until(() => gone() !== undefined);
    expect(gone()?.["count"]).toBeGreaterThan(1);
  } finally {
    await other.stop();
    await fake.stop();
  }
});
