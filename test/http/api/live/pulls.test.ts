import { describe, expect, test } from "bun:test";
import { nextByCode, nextByReason, nextOfRules } from "../../../../src/http/live/next.ts";
import { FakeUpstream, sampleBytes, Tap } from "../../../fakes/upstream.ts";
import { until } from "../../../fakes/until.ts";
import { adminToken, strangerToken } from "../../../fakes/weir.ts";
import { container, type Pull, read } from "./stream.ts";
import { fake, forEachTest, name, start, weir } from "../../one-upstream.ts";

forEachTest();

const pulls = async (query = "") => (await weir.api("GET", `${container}/pulls${query}`)) as Pull[];
async function pullsAs(token: string): Promise<Pull[]> {
  const answer = await fetch(`${weir.url}/api/v4${container}/pulls`, {
    headers: { "PRIVATE-TOKEN": token },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Pull[];
}
const member = (username: string, level: "guest" | "maintainer") => ({
  username,
  admin: false,
  memberships: [{ group: "default", role: level }],
  tokens: [
    {
      name: "t",
      secret: `a-token-of-${username}-of-some-length`,
      scopes: ["api"],
      expiresAt: undefined,
    },
  ],
});
const tokenOf = (username: string) => `a-token-of-${username}-of-some-length`;

describe("the latest pulls", () => {
  test("say what was asked for, through what, and what came of it", async () => {
    const image = fake.image(name, "1");
    await start();
    await read(weir.manifest(name, "1"));
    await read(weir.manifest(name, "1"));
    await read(weir.manifest(name, "1", { method: "HEAD" }));
    await read(weir.tags(name));
    await read(weir.referrers(name, image.digest));
    const list = await pulls();
    expect(
      list.map(({ kind, reference, cache_status: status }) => [kind, reference, status]),
    ).toEqual([
      ["referrers", image.digest, "miss"],
      ["tags", null, "miss"],
      ["manifest", "1", "hit"],
      ["manifest", "1", "hit"],
      ["manifest", "1", "miss"],
    ]);
    expect(list[3]).toEqual({
      id: expect.stringMatching(/^[\da-f]{12}-2$/) as string,
      at: new Date(weir.clock.now()).toISOString(),
      request_id: expect.stringMatching(/^[\da-f]{12}-\w+$/) as string,
      method: "GET",
      registry_id: 1,
      registry: "default",
      upstream_id: 1,
      upstream: "up1",
      repository: name,
      reference: "1",
      kind: "manifest",
      cache_status: "hit",
      reason: null,
      status: 200,
      bytes: image.payload.length,
      duration_ms: 0,
      outcome: "sent",
      error: null,
      actor: "admin",
    } as unknown as Pull);
    expect(list[2]).toMatchObject({ method: "HEAD", bytes: 0 });
  });

  test("a blob that is filled counts when its last byte has gone", async () => {
    await start();
    const digest = fake.blob(name, sampleBytes(3_000_000, 1));
    const tap = new Tap();
    fake.fault(`GET /v2/${name}/blobs/*`, { tap });
    tap.release(2_000_000);
    const gated = await weir.blob(name, digest);
    expect(await pulls()).toEqual([]);
    weir.clock.step(250);
    tap.open();
    await gated.arrayBuffer();
    await until(async () => (await pulls()).length === 1);
    const [pull] = await pulls();
    expect(pull).toMatchObject({
      kind: "blob",
      reference: digest,
      cache_status: "miss",
      bytes: 3_000_000,
      duration_ms: 250,
      outcome: "sent",
      error: null,
    });
  });

  test("who leaves has left, and who is cut is told why", async () => {
    await start();
    const bytes = sampleBytes(3_000_000, 2);
    const digest = fake.blob(name, bytes);
    const tap = new Tap();
    fake.fault(`GET /v2/${name}/blobs/${digest}`, { wrongByte: 2_999_000, tap });
    tap.release(2_000_000);
    const answer = await weir.blob(name, digest);
    tap.open();
    await answer.arrayBuffer().catch(() => undefined);
    await until(async () => (await pulls()).length === 1);
    expect((await pulls())[0]).toMatchObject({
      outcome: "cut",
      status: 200,
      error: {
        code: "upstream_invalid",
        message: `upstream "up1" sent bytes that are not ${digest}`,
        next: nextByReason.invalid,
      },
    });
    const other = fake.blob(name, sampleBytes(3_000_000, 3));
    const held = new Tap();
    fake.fault(`GET /v2/${name}/blobs/${other}`, { tap: held });
    held.release(2_000_000);
    const abort = new AbortController();
    const left = await weir.blob(name, other, { signal: abort.signal });
    await left.body?.getReader().read();
    abort.abort();
    await until(async () => (await pulls()).length === 2);
    held.open();
    expect((await pulls())[0]).toMatchObject({ outcome: "left", reference: other, error: null });
  });

  test("each failure has its reason in words, and what to do", async () => {
    await start();
    await read(weir.manifest(name, "nowhere"));
    fake.fault("* /v2/denied/*", { status: 403 });
    await read(weir.manifest("denied/app", "1"));
    fake.fault("* /v2/limited/*", { status: 429, headers: { "retry-after": "60" } });
    await read(weir.manifest("limited/app", "1"));
    await weir.api("PATCH", "/virtual_registries/container/upstreams/1", {
      rules: [{ target: "repository", effect: "deny", pattern: "secret/*" }],
    });
    await read(weir.manifest("secret/app", "1"));
    const errors = (await pulls()).map(({ error, cache_status: status }) => [status, error]);
    expect(errors).toEqual([
      [
        "absent",
        {
          code: "manifest_unknown",
          message: "the rules of this registry's upstreams do not allow this name",
          next: nextOfRules,
        },
      ],
      [
        "refused",
        {
          code: "rate_limited",
          message: expect.stringContaining('upstream "up1"') as string,
          next: nextByReason.rate_limited,
        },
      ],
      [
        "refused",
        {
          code: "upstream_unavailable",
          message: 'upstream "up1" does not let us pull this',
          next: nextByReason.denied,
        },
      ],
      [
        "absent",
        {
          code: "manifest_unknown",
          message: "no upstream of this registry has this manifest",
          next: nextByCode.manifest_unknown,
        },
      ],
    ]);
    expect((await pulls("?failed=true")).length).toBe(4);
    expect(new Set((await pulls()).map(({ upstream_id: id }) => id))).toEqual(new Set([1, null]));
  });

  test("are narrowed by registry, upstream, name and failure", async () => {
    fake.image(name, "1");
    fake.image("tools/deep/app", "1");
    await start();
    await read(weir.manifest(name, "1"));
    await read(weir.manifest("tools/deep/app", "1"));
    await read(weir.manifest(name, "gone"));
    const names = async (query: string) =>
      (await pulls(query)).map(({ repository, reference }) => `${repository}:${reference}`);
    expect(await names("?repository=deep")).toEqual(["tools/deep/app:1"]);
    expect(await names("?repository=tools/*")).toEqual([]);
    expect(await names("?repository=tools/**")).toEqual(["tools/deep/app:1"]);
    expect(await names("?failed=true")).toEqual([`${name}:gone`]);
    expect(await names("?failed=false&limit=2")).toEqual([`${name}:gone`, "tools/deep/app:1"]);
    expect(await names("?registry_id=2")).toEqual([]);
    expect(await names("?registry_id=1&upstream_id=1&repository=library")).toEqual([
      `${name}:gone`,
      `${name}:1`,
    ]);
    await weir.api("GET", `${container}/pulls?failed=yes`, undefined, 400);
    await weir.api("GET", `${container}/pulls?limit=0`, undefined, 400);
  });

  test("thousands of hits push no failure out, and each is remembered once", async () => {
    fake.image(name, "1");
    await start();
    await read(weir.manifest(name, "gone"));
    for (let i = 0; i < 1010; i++) await read(weir.manifest(name, "1"));
    const all = await pulls("?limit=9999");
    expect(all.length).toBe(1001);
    expect(all.at(-1)).toMatchObject({ reference: "gone" });
    expect(new Set(all.map(({ id }) => id)).size).toBe(1001);
  });

  test("who has pulled is for maintainers; strangers see nothing", async () => {
    fake.image(name, "1");
    await start({ users: [member("worker", "guest"), member("keeper", "maintainer")] });
    await read(weir.manifest(name, "1"));
    expect((await pullsAs(tokenOf("worker"))).map(({ actor }) => actor)).toEqual([null]);
    expect((await pullsAs(tokenOf("keeper"))).map(({ actor }) => actor)).toEqual(["admin"]);
    const refused = await fetch(`${weir.url}/api/v4${container}/pulls`, {
      headers: { "PRIVATE-TOKEN": strangerToken },
    });
    expect(refused.status).toBe(404);
    expect(await refused.text()).not.toContain("library");
  });

  test("another group's are not among them, nor those of a Dependency Proxy", async () => {
    fake.image(name, "1");
    await start({
      others: [{ fake }],
      env: { WEIR_DEPENDENCY_PROXY_URL: fake.url },
    });
    await read(weir.other(name, "manifests", "1"));
    expect(
      await read(weir.proxied("default/dependency_proxy/containers/app", "manifests", "1")),
    ).toBe(200);
    expect(await pulls()).toEqual([]);
    const others = await weir.api("GET", "/groups/other/-/virtual_registries/container/pulls");
    expect(others).toMatchObject([{ registry_id: 2 }]);
  });

  test("names at an upstream that is for a group's members are for them alone", async () => {
    const open = await FakeUpstream.start();
    fake.image("secret/app", "1");
    await start({
      upstreams: [{ fake, settings: { verifiedGroup: "secret" } }, { fake: open }],
      groups: ["secret"],
      users: [member("worker", "guest")],
    });
    const token = await weir.tokenFor("virtual_registries/container/1/secret/app", adminToken);
    const ask = (tag: string) =>
      read(
        fetch(weir.url + weir.path("secret/app", "manifests", tag), {
          headers: { Authorization: `Bearer ${token}` },
        }),
      );
    expect(await ask("1")).toBe(200);
    expect(await ask("gone")).toBe(404);
    expect((await pulls()).length).toBe(2);
    expect(await pullsAs(tokenOf("worker"))).toEqual([]);
    const health = await fetch(`${weir.url}/api/v4${container}/health`, {
      headers: { "PRIVATE-TOKEN": tokenOf("worker") },
    });
    const { upstreams } = (await health.json()) as { upstreams: { name: string }[] };
    expect(upstreams.map(({ name: one }) => one)).toEqual(["up2"]);
    await open.stop();
  });

  test("names are hidden from when their upstream is for a group's members, also those from before", async () => {
    fake.image(name, "1");
    await start({ groups: ["secret"], users: [member("worker", "guest")] });
    await read(weir.manifest(name, "1"));
    await read(weir.manifest(name, "gone"));
    expect((await pullsAs(tokenOf("worker"))).length).toBe(2);
    const change = { access: "verified", verified_group: "secret" };
    await weir.api("PATCH", "/virtual_registries/container/upstreams/1", change);
    expect(await pullsAs(tokenOf("worker"))).toEqual([]);
    expect((await pulls()).length).toBe(2);
  });

  test("a subgroup has none", async () => {
    await start({ groups: ["default/tools"] });
    const path = "/groups/default%2Ftools/-/virtual_registries/container";
    for (const part of ["pulls", "health", "events"]) {
      await weir.api("GET", `${path}/${part}`, undefined, 400);
    }
  });
});
