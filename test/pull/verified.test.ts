import { afterEach, beforeEach, expect, test } from "bun:test";
import { get, mint } from "../fakes/login.ts";
import { buildImage, type BuiltImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const prefix = "virtual_registries/container/1";
const secrets = {
  reader: "of-a-guest-of-the-top-level-group-here",
  member: "of-a-guest-of-the-subgroup-default-team1",
  owner: "of-an-owner-of-the-top-level-group-here",
};

let open: FakeUpstream;
let closed: FakeUpstream;
let weir: TestWeir;
let secret: BuiltImage;

const user = (username: keyof typeof secrets, memberships: [string, "guest" | "owner"][]) => ({
  username,
  admin: false,
  memberships: memberships.map(([group, role]) => ({ group, role })),
  tokens: [{ name: "t", secret: secrets[username], scopes: ["api"], expiresAt: undefined }],
});

beforeEach(async () => {
  [open, closed] = [await FakeUpstream.start(), await FakeUpstream.start()];
  secret = closed.image("app", "1", buildImage({ layers: [sampleBytes(3000)] }));
  weir = await TestWeir.start({
    upstreams: [{ fake: closed, settings: { verifiedGroup: "cleared" } }, { fake: open }],
    groups: ["cleared"],
    users: [
      user("reader", [["default", "guest"]]),
      user("member", [
        ["default", "guest"],
        ["cleared", "guest"],
      ]),
      user("owner", [["default", "owner"]]),
    ],
  });
});
afterEach(async () => {
  await weir.stop();
  await Promise.all([open.stop(), closed.stop()]);
});

async function pull(who: keyof typeof secrets, path: string): Promise<Response> {
  const [name = ""] = path.split(/\/(?:manifests|blobs|tags|referrers)\//);
  const login = { username: "any", password: secrets[who] };
  return get(weir, String(await mint(weir, login, `${prefix}/${name}`)), `${prefix}/${path}`);
}
const api = async (who: keyof typeof secrets, path: string) => {
  const headers = { "PRIVATE-TOKEN": secrets[who] };
  const answer = await fetch(`${weir.url}/api/v4/virtual_registries/container/${path}`, {
    headers,
  });
  return { status: answer.status, text: await answer.text() };
};

test("on a miss: members get it, others do not, and the upstream hears nothing of them", async () => {
  expect((await pull("reader", "app/manifests/1")).status).toBe(404);
  expect(closed.seen()).toEqual([]);
  expect(open.count("* /v2/app/manifests/1")).toBeGreaterThan(0);
  expect((await pull("owner", "app/manifests/1")).status).toBe(404);
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
});

test("on a hit: what is cached is there for members alone, by tag, by digest and as a blob", async () => {
  const layer = secret.layers[0] ?? "";
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
  await (await pull("member", `app/blobs/${layer}`)).arrayBuffer();
  await weir.settled("app", layer);
  await closed.stop();
  for (const path of ["app/manifests/1", `app/manifests/${secret.digest}`, `app/blobs/${layer}`]) {
    const cached = await pull("member", path);
    expect([path, cached.status]).toEqual([path, 200]);
    expect(cached.headers.get("x-weir-cache")).toStartWith("hit");
    const refused = await pull("reader", path);
    expect([path, refused.status]).toEqual([path, 404]);
    // Not even its name.
    expect([...refused.headers.values()].join() + (await refused.text())).not.toContain("up1");
  }
});

test("lists, explain and the list of entries leave it out", async () => {
  open.image("app", "public");
  await pull("member", "app/manifests/1");
  const tags = async (who: keyof typeof secrets) =>
    ((await (await pull(who, "app/tags/list")).json()) as { tags: string[] }).tags;
  expect(await tags("member")).toEqual(["1", "public"]);
  expect(await tags("reader")).toEqual(["public"]);
  const explain = "registries/1/explain?image=app:1";
  expect((await api("member", explain)).text).toContain(secret.digest);
  expect((await api("reader", explain)).text).not.toContain(secret.digest);
  expect((await api("reader", explain)).text).not.toContain("up1");
  expect((await api("member", "upstreams/1/cache_entries")).text).toContain(secret.digest);
  expect(await api("reader", "upstreams/1/cache_entries")).toEqual({
    status: 404,
    text: '{"message":"404 Not found"}',
  });
  expect((await api("member", "upstreams/1/repositories")).text).toContain('"app"');
  expect((await api("reader", "upstreams/1/repositories")).status).toBe(404);
  const entries = JSON.parse((await api("member", "upstreams/1/cache_entries")).text) as {
    id: string;
  }[];
  const entry = `cache_entries/${entries[0]?.id}`;
  expect((await api("member", entry)).text).toContain(secret.digest);
  expect(await api("reader", entry)).toEqual({ status: 404, text: '{"message":"404 Not found"}' });
  expect((await api("reader", "upstreams/1")).status).toBe(200);
});

test("who leaves the group loses it at the next request, and who comes has it", async () => {
  const users = (await weir.api("GET", "/users?search=member")) as { id: number }[];
  const id = users[0]?.id;
  const member = `/groups/cleared/members`;
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
  await weir.api("DELETE", `${member}/${id}`, undefined, 204);
  expect((await pull("member", "app/manifests/1")).status).toBe(404);
  await weir.api("POST", member, { user_id: id, access_level: 10 }, 201);
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
});

test("shared again, it is everybody's; with nothing else there is no registry", async () => {
  await weir.api("DELETE", "/virtual_registries/container/upstreams/2", undefined, 204);
  expect((await pull("reader", "app/manifests/1")).status).toBe(404);
  const path = "/virtual_registries/container/upstreams/1";
  await weir.api("PATCH", path, { access: "shared" });
  expect((await pull("reader", "app/manifests/1")).status).toBe(200);
  const verified = { access: "verified", verified_group: "cleared" };
  expect(await weir.api("PATCH", path, verified)).toMatchObject(verified);
  expect((await pull("reader", "app/manifests/1")).status).toBe(404);
});

test("a role in a group above the named one counts, and a project in it does not", async () => {
  const group = { parent_id: 3, name: "Inner", path: "inner" };
  const { id } = (await weir.api("POST", "/groups", group, 201)) as { id: number };
  const path = "/virtual_registries/container/upstreams/1";
  const verified = { access: "verified", verified_group: "cleared/inner" };
  await weir.api("PATCH", path, verified);
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
  const project = { namespace_id: id, path: "app" };
  const made = (await weir.api("POST", "/projects", project, 201)) as { id: number };
  const reader = { username: "reader", access_level: 50 };
  await weir.api("POST", `/projects/${made.id}/members`, reader, 201);
  expect((await pull("reader", "app/manifests/1")).status).toBe(404);
});

test("deploy tokens of the registry's group and anonymous visitors belong to no other group", async () => {
  const scopes = ["read_virtual_registry"];
  const deployed = async (group: string) => {
    const made = await weir.api(
      "POST",
      `/groups/${group}/deploy_tokens`,
      { name: "d", scopes },
      201,
    );
    const { username, token } = made as { username: string; token: string };
    const login = { username, password: token };
    return get(weir, String(await mint(weir, login, `${prefix}/app`)), `${prefix}/app/manifests/1`);
  };
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
  expect((await deployed("default")).status).toBe(404);
  expect((await deployed("cleared")).status).toBe(404);
});

test("without a login, where that is enough, it is not there", async () => {
  const env = { WEIR_ANONYMOUS_PULL: "true" };
  const anybodys = await TestWeir.start({
    upstreams: [{ fake: closed, settings: { verifiedGroup: "cleared" } }, { fake: open }],
    groups: ["cleared"],
    env,
  });
  open.image("app", "public");
  const bare = async (tag: string) =>
    (await fetch(`${anybodys.url}/v2/${prefix}/app/manifests/${tag}`)).status;
  try {
    expect(await bare("public")).toBe(200);
    expect(await bare("1")).toBe(404);
    expect(closed.seen()).toEqual([]);
  } finally {
    await anybodys.stop();
  }
});

test("of a group that is gone, nobody is a member; it stays so until it is said otherwise", async () => {
  await weir.api("DELETE", "/groups/cleared", undefined, 204);
  expect((await pull("member", "app/manifests/1")).status).toBe(404);
  const path = "/virtual_registries/container/upstreams/1";
  const changed = await weir.api("PATCH", path, { name: "renamed" });
  expect(changed).toMatchObject({ name: "renamed", access: "verified", verified_group: null });
  expect((await pull("member", "app/manifests/1")).status).toBe(404);
  await weir.api("PATCH", path, { access: "shared" });
  expect((await pull("member", "app/manifests/1")).status).toBe(200);
});

test("what may not be said of it", async () => {
  const path = "/virtual_registries/container/upstreams/1";
  const refused: [object, string][] = [
    [{ access: "verified" }, '{"error":"verified_group is missing"}'],
    [{ verified_group: null }, '{"error":"access is missing beside verified_group"}'],
    [{ verified_group: "default" }, '{"error":"verified_group needs access to be verified"}'],
    [
      { access: "verified", verified_group: "nowhere" },
      '{"message":{"verified_group":["is no group"]}}',
    ],
  ];
  for (const [body, text] of refused) {
    expect(weir.api("PATCH", path, body)).rejects.toThrow(`400 ${text}`);
  }
  // Groups that one cannot see are as good as none.
  const headers = { "PRIVATE-TOKEN": secrets.owner, "Content-Type": "application/json" };
  const name = async (verified_group: string) => {
    const body = JSON.stringify({ access: "verified", verified_group });
    const answer = await fetch(`${weir.url}/api/v4${path}`, { method: "PATCH", headers, body });
    return [answer.status, await answer.text()];
  };
  expect(await name("cleared")).toEqual(await name("nowhere"));
  expect((await name("default"))[0]).toBe(200);
});
