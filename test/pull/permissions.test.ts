import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FakeUpstream } from "../fakes/upstream.ts";
import { get, type Login, mint, type Pulled, pullAs } from "../fakes/login.ts";
import { TestWeir } from "../fakes/weir.ts";

const dayMs = 86_400_000;
const own = "virtual_registries/container/1/library/app";
const other = "virtual_registries/container/2/library/app";
const proxy = (group: string) => `${group}/dependency_proxy/containers/library/app`;

let upstream: FakeUpstream;
let weir: TestWeir;

interface Made {
  id: number;
  token: string;
  username?: string;
}
const api = async (method: string, path: string, body?: object, status = 201) =>
  (await weir.api(method, path, body, status)) as Made;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.image("library/app", "1");
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    others: [{ fake: upstream }],
    groups: ["default/tools", "default/apart"],
    env: { WEIR_DEPENDENCY_PROXY_URL: upstream.url },
  });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

/** Groups by path: `default` 1, `other` 2, `default/tools` 3, `default/apart` 4. */
let count = 0;
const named = (what: string) => `${what}-${++count}`;
const newUser = async () => (await api("POST", "/users", { username: named("user") })).id;

/** A new user with this role in a group, and a token of these scopes. */
async function personal(scopes: string[], groupId = 1, level = 10): Promise<Login & Made> {
  const user = await newUser();
  const membership = { user_id: user, access_level: level };
  await api("POST", `/groups/${groupId}/members`, membership);
  const fields = { name: "t", scopes };
  const made = await api("POST", `/users/${user}/personal_access_tokens`, fields);
  return { ...made, username: "any", password: made.token };
}

async function grouped(scopes: string[], groupId = 1): Promise<Login & Made> {
  const fields = { name: named("bot"), scopes, access_level: 10 };
  const made = await api("POST", `/groups/${groupId}/access_tokens`, fields);
  return { ...made, username: "any", password: made.token };
}

async function deployed(scopes: string[], groupId = 1): Promise<Login & Made> {
  const made = await api("POST", `/groups/${groupId}/deploy_tokens`, { name: "d", scopes });
  return { ...made, username: made.username ?? "", password: made.token };
}

async function running(groupId = 1): Promise<Login & Made> {
  const user = await newUser();
  await api("POST", `/groups/${groupId}/members`, { user_id: user, access_level: 30 });
  const project = await api("POST", "/projects", { namespace_id: groupId, path: named("job") });
  const fields = { user_id: user, project_id: project.id };
  const made = await api("POST", "/admin/job_tokens", fields);
  return { ...made, username: "gitlab-ci-token", password: made.token };
}

const works: Pulled = { mint: 200, pull: 200 };
const opensNothing: Pulled = { mint: 200, pull: 404 };
const refused = (status: number): Pulled => ({ mint: status, pull: undefined });

const vr = ["read_virtual_registry", "write_virtual_registry"];
const registry = ["read_registry", "write_registry"];

/** The matrix of pulls: scopes, then what comes of it at a registry and at a Dependency Proxy of the group. */
const ofUsers: [scopes: string[], registry: Pulled, proxy: Pulled][] = [
  [["api"], works, works],
  [["read_api"], refused(403), refused(403)],
  [["read_virtual_registry"], works, works],
  [["write_virtual_registry"], works, works],
  [vr, works, works],
  [["read_registry"], refused(403), refused(403)],
  [["write_registry"], refused(403), refused(403)],
  [registry, works, works],
  [["read_registry", "read_virtual_registry"], works, works],
];

describe("personal and group access tokens", () => {
  for (const [scopes, atRegistry, atProxy] of ofUsers) {
    test(scopes.join(" and "), async () => {
      for (const login of [await personal(scopes), await grouped(scopes)]) {
        expect(await pullAs(weir, login, own)).toEqual(atRegistry);
        expect(await pullAs(weir, login, proxy("default"))).toEqual(atProxy);
        expect(await pullAs(weir, login, proxy("default/tools"))).toEqual(atProxy);
        const elsewhere = atRegistry.mint === 200 ? opensNothing : atRegistry;
        expect(await pullAs(weir, login, other)).toEqual(elsewhere);
        expect(await pullAs(weir, login, proxy("other"))).toEqual(elsewhere);
      }
    });
  }

  test("of a subgroup: the Dependency Proxies from there down, and no registry", async () => {
    for (const login of [await personal(["api"], 3), await grouped(["api"], 3)]) {
      expect(await pullAs(weir, login, own)).toEqual(opensNothing);
      expect(await pullAs(weir, login, proxy("default"))).toEqual(opensNothing);
      expect(await pullAs(weir, login, proxy("default/apart"))).toEqual(opensNothing);
      expect(await pullAs(weir, login, proxy("default/tools"))).toEqual(works);
    }
  });
});

/** Of a group; the registry is the top-level group's. */
const ofDeployTokens: [groupId: number, scopes: string[], registry: Pulled, proxy: Pulled][] = [
  [1, ["read_virtual_registry"], works, works],
  [1, vr, works, works],
  [1, registry, opensNothing, works],
  [1, ["write_virtual_registry"], refused(403), refused(403)],
  [1, ["read_registry"], refused(403), refused(403)],
  [1, ["write_registry"], refused(403), refused(403)],
  [2, vr, opensNothing, opensNothing],
  [3, vr, opensNothing, opensNothing],
];

describe("deploy tokens", () => {
  for (const [groupId, scopes, atRegistry, atProxy] of ofDeployTokens) {
    test(`of group ${groupId}: ${scopes.join(" and ")}`, async () => {
      const login = await deployed(scopes, groupId);
      expect(await pullAs(weir, login, own)).toEqual(atRegistry);
      expect(await pullAs(weir, login, proxy("default"))).toEqual(atProxy);
      const below = groupId === 3 ? works : atProxy;
      expect(await pullAs(weir, login, proxy("default/tools"))).toEqual(below);
      const apart = groupId === 1 ? atProxy : opensNothing;
      expect(await pullAs(weir, login, proxy("default/apart"))).toEqual(apart);
    });
  }

  test("the user name must be the token's, whether given or made", async () => {
    const made = await deployed(vr);
    expect(made.username).toBe(`gitlab+deploy-token-${made.id}`);
    const fields = { name: "d", scopes: vr, username: "robot" };
    const given = await api("POST", "/groups/1/deploy_tokens", fields);
    expect(await pullAs(weir, { username: "robot", password: given.token }, own)).toEqual(works);
    for (const username of [made.username, "Robot", "robot ", "any", ""]) {
      const wrong = { username, password: given.token };
      expect(await pullAs(weir, wrong, own)).toEqual(refused(401));
    }
  });
});

describe("job tokens", () => {
  test("act as the user while the job runs, by their own login alone", async () => {
    const login = await running();
    expect(await pullAs(weir, login, own)).toEqual(works);
    expect(await pullAs(weir, login, proxy("default/tools"))).toEqual(works);
    expect(await pullAs(weir, login, other)).toEqual(opensNothing);
    expect(await pullAs(weir, { ...login, username: "any" }, own)).toEqual(refused(401));
    await weir.api("DELETE", `/admin/job_tokens/${login.id}`, undefined, 204);
    expect(await pullAs(weir, login, own)).toEqual(refused(401));
  });
});

test("nobody, and a login for another service", async () => {
  expect(await pullAs(weir, undefined, own)).toEqual(refused(401));
  expect(await pullAs(weir, { username: "", password: "" }, own)).toEqual(refused(401));
  expect((await fetch(`${weir.url}/v2/${own}/manifests/1`)).status).toBe(401);
  const { username, password } = await personal(["api"]);
  const headers = { Authorization: `Basic ${btoa(`${username}:${password}`)}` };
  const elsewhere = `${weir.url}/jwt/auth?service=other&scope=repository:${own}:pull`;
  expect((await fetch(elsewhere, { headers })).status).toBe(400);
});

describe("what ends, ends at the next request, and a pull token that was had before with it", () => {
  const ends: [string, () => Promise<Login & Made>, (made: Made) => Promise<unknown>][] = [
    [
      "a personal access token",
      () => personal(["api"]),
      ({ id }) => weir.api("DELETE", `/personal_access_tokens/${id}`, undefined, 204),
    ],
    [
      "a group access token",
      () => grouped(["api"]),
      ({ id }) => weir.api("DELETE", `/groups/1/access_tokens/${id}`, undefined, 204),
    ],
    [
      "a deploy token",
      () => deployed(vr),
      ({ id }) => weir.api("DELETE", `/groups/1/deploy_tokens/${id}`, undefined, 204),
    ],
    [
      "a job token",
      () => running(),
      ({ id }) => weir.api("DELETE", `/admin/job_tokens/${id}`, undefined, 204),
    ],
    [
      "a token that was rotated",
      () => personal(["api"]),
      ({ id }) => weir.api("POST", `/personal_access_tokens/${id}/rotate`, undefined, 200),
    ],
  ];
  test.each(ends)("%s", async (_, make, end) => {
    const login = await make();
    const token = await mint(weir, login, own);
    if (typeof token === "number") throw new Error(`no token: ${token}`);
    const pull = async () => (await get(weir, token, `${own}/manifests/1`)).status;
    expect(await pull()).toBe(200);
    await end(login);
    expect(await pull()).toBe(401);
    expect(await pullAs(weir, login, own)).toEqual(refused(401));
  });

  test("a user who is blocked, and who comes back", async () => {
    const login = await personal(["api"]);
    const { user_id: user } = login as unknown as { user_id: number };
    const token = String(await mint(weir, login, own));
    const pull = async () => (await get(weir, token, `${own}/manifests/1`)).status;
    expect(await pull()).toBe(200);
    for (const [out, back] of [
      ["block", "unblock"],
      ["deactivate", "activate"],
    ]) {
      await api("POST", `/users/${user}/${out}`);
      expect(await pull()).toBe(401);
      expect(await pullAs(weir, login, own)).toEqual(refused(401));
      await api("POST", `/users/${user}/${back}`);
      expect(await pull()).toBe(200);
    }
  });

  test("a membership and a role", async () => {
    const login = await personal(["api"]);
    const { user_id: user } = login as unknown as { user_id: number };
    const token = String(await mint(weir, login, own));
    const pull = async () => (await get(weir, token, `${own}/manifests/1`)).status;
    expect(await pull()).toBe(200);
    await weir.api("DELETE", `/groups/1/members/${user}`, undefined, 204);
    expect(await pull()).toBe(404);
    expect(await pullAs(weir, login, own)).toEqual(opensNothing);
  });

  test("a token and a membership at their time, without anybody doing anything", async () => {
    const day = (days: number) =>
      new Date(weir.clock.now() + days * dayMs).toISOString().slice(0, 10);
    const user = await newUser();
    const until = { user_id: user, access_level: 10, expires_at: day(2) };
    await api("POST", "/groups/1/members", until);
    const fields = { name: "t", scopes: ["api"], expires_at: day(3) };
    const made = await api("POST", `/users/${user}/personal_access_tokens`, fields);
    const login = { username: "any", password: made.token };
    const midnight = Math.ceil(weir.clock.now() / dayMs) * dayMs;
    weir.clock.step(midnight - weir.clock.now() + dayMs - 1);
    expect(await pullAs(weir, login, own)).toEqual(works);
    // To the millisecond, and with the token that was had a moment ago.
    const token = String(await mint(weir, login, own));
    weir.clock.step(1);
    expect((await get(weir, token, `${own}/manifests/1`)).status).toBe(
      midnight + dayMs >= Date.parse(day(0)) + 2 * dayMs ? 404 : 200,
    );
  });
});

describe("members of projects", () => {
  test("pull from the registries of the top-level group, which is logged, and from no Dependency Proxy", async () => {
    const user = await newUser();
    const project = await api("POST", "/projects", { namespace_id: 3, path: named("p") });
    await api("POST", `/projects/${project.id}/members`, { user_id: user, access_level: 10 });
    const fields = { name: "t", scopes: ["read_virtual_registry"] };
    const made = await api("POST", `/users/${user}/personal_access_tokens`, fields);
    const login = { username: "any", password: made.token };
    expect(await pullAs(weir, login, own)).toEqual(works);
    const line = weir.logLines.findLast((one) => one["path"] === `/v2/${own}/manifests/1`);
    expect(line).toMatchObject({ level: "info", right: "by_project", status: 200 });
    expect(await pullAs(weir, login, other)).toEqual(opensNothing);
    for (const group of ["default", "default/tools"]) {
      expect(await pullAs(weir, login, proxy(group))).toEqual(opensNothing);
    }
    await weir.api("DELETE", `/projects/${project.id}`, undefined, 204);
    expect(await pullAs(weir, login, own)).toEqual(opensNothing);
    const others = weir.logLines.findLast((one) => one["actor"] === "admin");
    expect(others).not.toHaveProperty("right");
  });
});
