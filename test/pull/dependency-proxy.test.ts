import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { buildImage, type BuiltImage, FakeUpstream, Gate, sampleBytes } from "../fakes/upstream.ts";
import { strangerToken, TestWeir } from "../fakes/weir.ts";
import { until } from "../fakes/until.ts";

const dayMs = 86_400_000;
const tools = "acme/tools/dependency_proxy/containers";
const acme = "acme/dependency_proxy/containers";
const secrets = {
  acme: "of-a-guest-of-the-top-level-group-acme",
  tools: "of-a-guest-of-the-subgroup-acme-tools-1",
  writer: "of-a-guest-whose-token-may-only-write-1",
  registry: "of-a-guest-with-both-registry-scopes-12",
};

let upstream: FakeUpstream;
let weir: TestWeir;
let image: BuiltImage;

const user = (name: keyof typeof secrets, group: string, scopes: string[]) => ({
  username: name,
  admin: false,
  memberships: [{ group, role: "guest" as const }],
  tokens: [{ name: "t", secret: secrets[name], scopes, expiresAt: undefined }],
});

function start(env: Record<string, string> = {}): Promise<TestWeir> {
  return TestWeir.start({
    upstreams: [{ fake: upstream }],
    groups: ["acme", "acme/tools", "apart"],
    users: [
      user("acme", "acme", ["read_virtual_registry"]),
      user("tools", "acme/tools", ["api"]),
      user("writer", "acme", ["write_virtual_registry"]),
      user("registry", "acme", ["read_registry", "write_registry"]),
    ],
    env: { WEIR_DEPENDENCY_PROXY_URL: upstream.url, ...env },
  });
}

beforeEach(async () => {
  upstream = await FakeUpstream.start();
  image = upstream.image("library/app", "1", buildImage({ layers: [sampleBytes(5000)] }));
  weir = await start();
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const cache = (response: Response) => response.headers.get("x-weir-cache");
const status = (response: Response) => cache(response)?.split(";")[0];
const tag = (name = `${acme}/library/app`, secret = secrets.acme) =>
  weir.proxied(name, "manifests", "1", { secret });
const heads = () => upstream.count("HEAD /v2/library/app/manifests/1");
const gets = () => upstream.count("GET /v2/library/app/*");
const layer = () => image.layers[0] ?? "";

async function seen(response: Response) {
  const { date: _, "x-request-id": __, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, body: await response.text(), headers };
}

describe("a pull", () => {
  test("by tag, by digest and of a blob: each once from the upstream, byte for byte", async () => {
    const miss = await tag();
    expect([miss.status, cache(miss)]).toEqual([200, 'miss; upstream="dependency-proxy"; age=0']);
    expect(await miss.bytes()).toEqual(new Uint8Array(image.payload));
    const options = { secret: secrets.acme };
    const digest = () => weir.proxied(`${acme}/library/app`, "manifests", image.digest, options);
    expect([status(await digest()), status(await digest())]).toEqual(["hit", "hit"]);
    const blob = () => weir.proxied(`${acme}/library/app`, "blobs", layer(), options);
    const first = await blob();
    expect([first.status, status(first)]).toEqual([200, "miss"]);
    expect(await first.bytes()).toEqual(sampleBytes(5000));
    await until(async () => status(await blob()) === "hit");
    expect([heads(), gets()]).toEqual([0, 2]);
  });

  test("a tag is checked at each pull by HEAD, digests and blobs never", async () => {
    await tag();
    for (const count of [1, 2, 3]) {
      const pulled = await tag();
      expect([status(pulled), heads()]).toEqual(["revalidated", count]);
      await pulled.body?.cancel();
    }
    const head = await weir.proxied(`${acme}/library/app`, "manifests", "1", { method: "HEAD" });
    expect([head.status, heads()]).toEqual([200, 4]);
    expect(gets()).toBe(1);
  });

  test("many at once: one check for all", async () => {
    const headers = { Authorization: `Bearer ${await weir.tokenFor(`${acme}/library/app`)}` };
    const pull = () => fetch(`${weir.url}/v2/${acme}/library/app/manifests/1`, { headers });
    await pull();
    const gate = new Gate();
    upstream.fault("HEAD *", { gate });
    const before = await weir.begun();
    const pulls = Array.from({ length: 20 }, pull);
    await weir.waiting(before, 20);
    gate.open();
    expect(new Set((await Promise.all(pulls)).map(status))).toEqual(new Set(["revalidated"]));
    expect(heads()).toBe(1);
  });

  test("a tag that has moved is fetched at once, and its old digest stays", async () => {
    await tag();
    const moved = upstream.image("library/app", "1", buildImage({ layers: [sampleBytes(7)] }));
    const pulled = await tag();
    expect([status(pulled), pulled.headers.get("docker-content-digest")]).toEqual([
      "miss",
      moved.digest,
    ]);
    const old = await weir.proxied(`${acme}/library/app`, "manifests", image.digest);
    expect(status(old)).toBe("hit");
  });

  test("a name without a slash means library/…, and is the same entry", async () => {
    await tag(`${acme}/app`);
    expect(status(await tag(`${acme}/library/app`))).toBe("revalidated");
    expect(gets()).toBe(1);
    expect((await tag(`${acme}/other/app`)).status).toBe(404);
    expect(upstream.count("GET /v2/other/app/manifests/1")).toBe(1);
  });

  test("containerd's ns: Docker Hub is what it stands for, another host is not there", async () => {
    const headers = { Authorization: `Bearer ${await weir.tokenFor(`${acme}/library/app`)}` };
    const pulled = (ns: string) =>
      fetch(`${weir.url}/v2/${acme}/library/app/manifests/1?ns=${ns}`, { headers });
    expect(status(await pulled("docker.io"))).toBe("miss");
    expect((await pulled("ghcr.io")).status).toBe(404);
    expect(upstream.count()).toBe(1);
  });

  test("a failing upstream: the copy with the reason, and no new check for a minute", async () => {
    await tag();
    upstream.fault("*", { status: 500 });
    expect(cache(await tag())).toBe('stale; upstream="dependency-proxy"; age=0; reason="broken"');
    const asked = upstream.count();
    weir.clock.step(59_000);
    expect(cache(await tag())).toContain('reason="check postponed"');
    expect(upstream.count()).toBe(asked);
    upstream.heal();
    weir.clock.step(61_000);
    expect(status(await tag())).toBe("revalidated");
  });

  test("what the upstream has no more is served for a week, then it is gone", async () => {
    await tag();
    upstream.remove("/v2/library/app/manifests/1");
    expect(cache(await tag())).toContain('reason="absent at its upstream"');
    weir.clock.step(169 * 3_600_000);
    expect((await tag()).status).toBe(404);
  });

  test("nothing cached and a failing upstream: 503 with the reason, 429 for a limit", async () => {
    upstream.fault("*", { status: 500 });
    const failed = await tag();
    expect(failed.status).toBe(503);
    expect(await failed.json()).toMatchObject({
      errors: [{ detail: { upstreams: [{ upstream: "dependency-proxy", reason: "broken" }] } }],
    });
    weir.clock.step(dayMs);
    upstream.heal();
    upstream.fault("*", { status: 429 });
    expect((await tag()).status).toBe(429);
  });
});

describe("groups", () => {
  test("a subgroup has a cache of its own; roles come down to it, and do not go up", async () => {
    expect(status(await tag(`${tools}/app`, secrets.tools))).toBe("miss");
    expect(status(await tag(`${tools}/app`, secrets.acme))).toBe("revalidated");
    expect((await tag(`${acme}/app`, secrets.tools)).status).toBe(404);
    expect(status(await tag(`${acme}/app`, secrets.acme))).toBe("miss");
    expect(gets()).toBe(2);
  });

  test("bytes of another group are seen by who has had them from its own upstream", async () => {
    const blob = (name: string, secret: string) =>
      weir.proxied(`${name}/app`, "blobs", layer(), { secret });
    const first = await blob(tools, secrets.tools);
    await first.bytes();
    const second = await blob(acme, secrets.acme);
    await second.bytes();
    expect([status(first), status(second)]).toEqual(["miss", "miss"]);
  });

  test("a renamed group is found by both paths, with what is below; a new group takes the old one", async () => {
    await tag(`${tools}/app`, secrets.tools);
    await weir.api("PUT", "/groups/acme", { path: "Umbrella" });
    const now = "umbrella/tools/dependency_proxy/containers/app";
    for (const name of [`${tools}/app`, now]) {
      expect(status(await tag(name, secrets.tools))).toBe("revalidated");
    }
    expect(gets()).toBe(1);
    await weir.api("PUT", "/groups/apart", { path: "acme" });
    expect((await tag(`${acme}/app`, secrets.acme)).status).toBe(404);
    expect((await tag(`${tools}/app`, secrets.tools)).status).toBe(404);
    expect(status(await tag(now, secrets.tools))).toBe("revalidated");
  });

  test("unknown, foreign, switched off: one and the same 404, with nobody asked", async () => {
    const off = "apart/dependency_proxy/containers/app";
    await weir.api("PUT", "/groups/apart/dependency_proxy/settings", { enabled: false });
    const unknown = await seen(await tag("nowhere/dependency_proxy/containers/app"));
    expect(unknown.status).toBe(404);
    expect(unknown.body).toContain("NAME_UNKNOWN");
    const registry = "virtual_registries/container/999/app";
    for (const [name, secret] of [
      [`${acme}/app`, strangerToken],
      [`${acme}/app`, secrets.tools],
      [off, strangerToken],
      [off, undefined],
      [registry, undefined],
    ] as const) {
      expect(
        await seen(await weir.proxied(name, "manifests", "1", secret ? { secret } : {})),
      ).toEqual(unknown);
    }
    expect(upstream.count()).toBe(0);
    // Nor does who may not pull leave anything behind.
    const hidden = "select group_id from upstreams where kind = 'dependency_proxy'";
    expect(await weir.query(hidden)).toEqual([]);
    await weir.api("PUT", "/groups/apart/dependency_proxy/settings", { enabled: true });
    expect((await weir.proxied(off, "manifests", "1")).status).toBe(200);
  });

  test("switching off ends what was cached too, on the next request", async () => {
    await tag();
    await weir.api("PUT", "/groups/acme/dependency_proxy/settings", { enabled: false });
    const digest = await weir.proxied(`${acme}/library/app`, "manifests", image.digest);
    expect([digest.status, upstream.count()]).toEqual([404, 1]);
  });
});

describe("tokens", () => {
  test("both registry scopes open one, and so does the right to write a virtual registry", async () => {
    for (const secret of [secrets.registry, secrets.writer]) {
      expect((await tag(`${acme}/app`, secret)).status).toBe(200);
    }
  });

  test("anonymous pulls, where they are allowed", async () => {
    const url = () => `${weir.url}/v2/${acme}/app/manifests/1`;
    expect((await fetch(url())).status).toBe(401);
    await weir.stop();
    weir = await start({ WEIR_ANONYMOUS_PULL: "true" });
    expect((await fetch(url())).status).toBe(200);
  });
});

describe("the upstream's login", () => {
  const settings = "/groups/acme/dependency_proxy/settings";

  test("is sent to the upstream's token service, and each entry is confirmed under it", async () => {
    await tag();
    upstream.auth = { kind: "bearer", username: "ann", password: "pw", anonymous: false };
    await weir.api("PUT", settings, { identity: "ann", secret: "pw" });
    const pulled = await weir.proxied(`${acme}/app`, "manifests", image.digest);
    expect([pulled.status, status(pulled)]).toEqual([200, "revalidated"]);
    await weir.api("PUT", settings, { identity: "ann", secret: "wrong" });
    const refused = await weir.proxied(`${acme}/app`, "manifests", image.digest);
    expect(refused.status).toBe(503);
  });

  test("does not follow to another upstream, and neither do entries", async () => {
    await weir.api("PUT", settings, { identity: "ann", secret: "pw" });
    await tag();
    await weir.halt();
    const other = await FakeUpstream.start();
    const before = upstream.count();
    try {
      other.image("library/app", "1", image);
      const moved = await TestWeir.start({
        upstreams: [{ fake: upstream }],
        groups: ["acme"],
        env: { WEIR_DEPENDENCY_PROXY_URL: other.url },
        dataDir: weir.dataDir,
      });
      expect(await moved.api("GET", settings)).toEqual({ enabled: true, identity: null });
      expect(moved.logLines).toContainEqual(
        expect.objectContaining({ message: "the login of a Dependency Proxy is gone" }),
      );
      expect(status(await moved.proxied(`${acme}/app`, "manifests", "1"))).toBe("miss");
      expect(other.seen().every(({ headers }) => !headers.get("authorization"))).toBe(true);
      expect(upstream.count()).toBe(before);
      await moved.halt();
    } finally {
      await other.stop();
    }
  });
});

test("switched off for the whole server nothing of it is there, and what is cached is kept", async () => {
  await tag();
  await weir.halt();
  const off = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    groups: ["acme"],
    env: { WEIR_DEPENDENCY_PROXY_URL: upstream.url, WEIR_DEPENDENCY_PROXY_ENABLED: "false" },
    dataDir: weir.dataDir,
  });
  try {
    const group = "/groups/acme/dependency_proxy";
    expect((await off.proxied(`${acme}/library/app`, "manifests", "1")).status).toBe(404);
    for (const what of ["settings", "ttl_policy"]) {
      expect(await off.api("GET", `${group}/${what}`, undefined, 404)).toBeDefined();
      expect(await off.api("PUT", `${group}/${what}`, { enabled: true }, 404)).toBeDefined();
    }
    expect(await off.api("DELETE", `${group}/cache`, undefined, 404)).toBeDefined();
  } finally {
    await off.halt();
  }
  await weir.run();
  expect(status(await tag())).toBe("revalidated");
});

describe("what is not pulled any more", () => {
  /** Until what was counted by then is written, too. */
  const step = async (ms: number) => {
    weir.clock.step(ms);
    await weir.waiting(await weir.begun(), 0);
  };
  const policy = "/groups/acme/dependency_proxy/ttl_policy";
  const blob = () => weir.proxied(`${acme}/app`, "blobs", layer());
  const digest = () => weir.proxied(`${acme}/app`, "manifests", image.digest);
  const rows = async () => {
    const text = "select reference from cache_entries where repository = 'library/app'";
    return (await weir.query(text)).length;
  };

  test("stays as long as nobody wants it gone", async () => {
    await tag();
    await step(400 * dayMs);
    upstream.fault("*", { reset: true });
    expect(status(await tag())).toBe("stale");
    expect(await rows()).toBeGreaterThan(0);
  });

  test("is asked for anew from the very moment on, and counts anew", async () => {
    await weir.api("PUT", policy, { enabled: true, ttl: 2 });
    await tag();
    await (await blob()).bytes();
    await until(async () => status(await blob()) === "hit");
    await tag();
    // So that no run of the day comes in between: what is seen is what pulls see.
    await step(2 * dayMs - 20_000);
    expect(status(await digest())).toBe("hit");
    await step(10_000);
    const before = gets();
    await step(20_000);
    expect(status(await digest())).toBe("hit"); // it was pulled 30 s ago
    expect(status(await tag())).toBe("miss");
    expect(status(await tag())).toBe("revalidated");
    expect(gets()).toBe(before + 1);
  });

  test("a tag is pulled by HEAD too: that is all a client asks that has the image", async () => {
    await weir.api("PUT", policy, { enabled: true, ttl: 2 });
    await tag();
    for (let days = 0; days < 4; days++) {
      await step(dayMs);
      const head = await weir.proxied(`${acme}/app`, "manifests", "1", { method: "HEAD" });
      expect(status(head)).toBe("revalidated");
    }
    await step(dayMs);
    upstream.fault("*", { reset: true });
    expect(status(await tag())).toBe("stale");
  });

  test("is deleted by the run of the day, and by one soon after a start", async () => {
    await weir.api("PUT", policy, { enabled: true, ttl: 3 });
    await tag();
    await (await blob()).bytes();
    await until(async () => status(await blob()) === "hit");
    expect(await rows()).toBe(4);
    await step(2 * dayMs);
    expect(status(await digest())).toBe("hit");
    // Counted, before the run of the day asks.
    await step(20_000);
    await step(dayMs - 20_000);
    // The tag is gone; what was pulled stays with all that it leads to.
    await until(async () => (await rows()) === 3);
    expect(status(await digest())).toBe("hit");
    await weir.halt();
    weir.clock.step(5 * dayMs);
    await weir.run();
    await step(dayMs / 24);
    await until(async () => (await rows()) === 0);
  });

  test("a purge leaves nothing of this group, and the others alone", async () => {
    await tag(`${acme}/app`);
    await tag(`${tools}/app`, secrets.tools);
    await weir.api("DELETE", "/groups/acme/dependency_proxy/cache", undefined, 202);
    upstream.fault("*", { reset: true });
    expect((await digest()).status).toBe(503);
    expect(status(await tag(`${tools}/app`, secrets.tools))).toBe("stale");
  });
});
