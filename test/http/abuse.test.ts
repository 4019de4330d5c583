import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { newSecret } from "../../src/lib/secret.ts";
import { FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import {
  adminToken,
  externalUrl,
  strangerToken,
  TestWeir,
  type WeirOptions,
} from "../fakes/weir.ts";

const service = new URL(externalUrl).host;
const prefix = "virtual_registries/container";
const name = "library/app";
const banned = "too many failed logins from this address; wait, and see to the credentials";

let upstream: FakeUpstream;
let weir: TestWeir;
let layer: string;
const env: Record<string, string> = {};

async function start(own: Record<string, string> = {}, options: Partial<WeirOptions> = {}) {
  // A trusted proxy on this machine tells where clients come from.
  Object.assign(env, { WEIR_TRUSTED_PROXIES: "127.0.0.1", ...own });
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env, ...options });
}

beforeEach(async () => {
  for (const key of Object.keys(env)) delete env[key];
  upstream = await FakeUpstream.start();
  layer = upstream.blob(name, sampleBytes(1000));
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const home = "192.0.2.1";
const away = "198.51.100.1";
const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;

/** A request that comes through the proxy, from this address. */
function ask(from: string, path: string, headers: Record<string, string> = {}, init = {}) {
  const forwarded = { "X-Forwarded-For": from, ...headers };
  return fetch(weir.url + path, { ...init, headers: forwarded });
}

function login(from: string, password: string, { user = "any", query = "" } = {}) {
  const headers = { Authorization: basic(user, password) };
  return ask(from, `/jwt/auth?service=${service}${query}`, headers);
}

async function statuses(times: number, once: () => Promise<Response>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) found.push((await once()).status);
  return found;
}

const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);

describe("failed logins", () => {
  test("ban their address after ten within a minute, good tokens included, and no other", async () => {
    await start();
    expect(await statuses(12, () => login(home, "wrong"))).toEqual([
      ...times(10, 401),
      ...times(2, 403),
    ]);
    const refused = await login(home, adminToken);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("retry-after")).toBe("3600");
    const { errors } = (await refused.json()) as { errors: object[] };
    expect(errors[0]).toMatchObject({ code: "DENIED", message: banned });
    expect((await login(away, adminToken)).status).toBe(200);
    weir.clock.step(3_600_000);
    expect((await login(home, adminToken)).status).toBe(200);
  });

  test("by POST and of the API count the same, and the ban is for all of these", async () => {
    await start();
    const form = { grant_type: "password", username: "ann", password: "wrong", service };
    const post = () =>
      ask(home, "/jwt/auth", {}, { method: "POST", body: new URLSearchParams(form) });
    const api = (token: string) => ask(home, "/api/v4/groups/1", { "PRIVATE-TOKEN": token });
    expect(await statuses(4, post)).toEqual(times(4, 401));
    expect(await statuses(3, () => api("wrong"))).toEqual(times(3, 401));
    const metrics = () => ask(home, "/metrics", { Authorization: "Bearer wrong" });
    expect(await statuses(3, metrics)).toEqual(times(3, 401));
    expect([(await post()).status, (await metrics()).status]).toEqual([403, 403]);
    const refused = await api(adminToken);
    expect([refused.status, await refused.json()]).toEqual([403, { message: banned }]);
    expect(refused.headers.get("retry-after")).toBe("3600");
  });

  test("of a whole /64 are one client's", async () => {
    await start();
    for (let i = 0; i < 10; i++) await login(`2001:db8::${i}`, "wrong");
    expect((await login("2001:db8::ffff", adminToken)).status).toBe(403);
    expect((await login("2001:db8:0:1::1", adminToken)).status).toBe(200);
  });

  test("are forgotten with a success", async () => {
    await start();
    for (const _ of times(3, 0)) {
      await statuses(9, () => login(home, "wrong"));
      expect((await login(home, adminToken)).status).toBe(200);
    }
  });

  test("leave pulls with a token that is there alone", async () => {
    await start();
    const token = await weir.token(name);
    await statuses(10, () => login(home, "wrong"));
    const pulled = await ask(home, weir.path(name, "blobs", layer), {
      Authorization: `Bearer ${token}`,
    });
    expect(pulled.status).toBe(200);
  });

  test("are none where nobody has tried to prove anything", async () => {
    await start();
    const strange = ["Basic !", "Bearer abc", `Basic ${btoa("nocolon")}`, basic("a", "b\r\nc: d")];
    for (const Authorization of [...strange, ...strange, ...strange]) {
      const asked = await ask(home, `/jwt/auth?service=${service}`, { Authorization });
      expect(asked.status).toBe(401);
    }
    await statuses(20, () => ask(home, `/jwt/auth?service=${service}`));
    await statuses(20, () => login(home, "", { user: "" }));
    await statuses(20, () => ask(home, "/v2/", { Authorization: "Bearer nonsense" }));
    await statuses(20, () => ask(home, "/api/v4/groups/1"));
    expect((await login(home, adminToken)).status).toBe(200);
  });

  const idToken = [{ alg: "RS256" }, { iss: "https://nobody.example" }, { signed: "by nobody" }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const ofJobs: [kind: string, secret: string][] = [
    ["job tokens", newSecret("weir_job_")],
    ["id tokens", idToken],
  ];
  test.each(ofJobs)(
    "with %s that have ended ban nobody, and such are not banned",
    async (_, secret) => {
      await start();
      const ended = () => login(home, secret, { user: "gitlab-ci-token" });
      expect(await statuses(30, ended)).toEqual(times(30, 401));
      expect((await login(home, adminToken)).status).toBe(200);
      await statuses(10, () => login(home, "wrong"));
      expect((await login(home, adminToken)).status).toBe(403);
      expect((await ended()).status).toBe(401);
    },
  );

  test("with a login at Docker Hub that a mirror's client does not need are none, and never refused", async () => {
    await start({ WEIR_MIRROR_ANONYMOUS_PULL: "true" });
    const query = `&scope=repository:${name}:pull`;
    const hub = () => login(home, "my Docker Hub password", { user: "me", query });
    expect(await statuses(30, hub)).toEqual(times(30, 200));
    expect((await login(home, adminToken)).status).toBe(200);
    await statuses(10, () => login(home, "wrong"));
    expect((await hub()).status).toBe(200);
    expect((await login(home, "weir_pat_mistyped", { query })).status).toBe(403);
  });

  test("of this machine and of those that are not limited ban nobody", async () => {
    await start({ WEIR_UNLIMITED_ADDRESSES: "198.51.100.0/24" });
    expect(await statuses(20, () => login(away, "wrong"))).toEqual(times(20, 401));
    expect(await statuses(20, () => login("127.0.0.1", "wrong"))).toEqual(times(20, 401));
  });

  test("count together for all whom a proxy on this machine asks for that is not trusted", async () => {
    await start({ WEIR_TRUSTED_PROXIES: "" });
    const wrong = await statuses(20, () => login(home, "wrong"));
    expect(wrong).toEqual([...times(10, 401), ...times(10, 403)]);
  });

  test("a trusted proxy that tells nobody's address is not this machine: no metrics", async () => {
    await start({ WEIR_TRUSTED_PROXIES: "127.0.0.1" });
    expect((await fetch(`${weir.url}/metrics`)).status).toBe(401);
    await weir.stop();
    await start({ WEIR_TRUSTED_PROXIES: "" });
    expect((await fetch(`${weir.url}/metrics`)).status).toBe(200);
  });

  test("ban nobody where that is switched off", async () => {
    await start({ WEIR_LOGIN_BAN_SECONDS: "0" });
    expect(await statuses(30, () => login(home, "wrong"))).toEqual(times(30, 401));
  });
});

describe("pulls", () => {
  test("beyond the limit of an address are refused until its 15 seconds are over", async () => {
    await start({ WEIR_PULL_RATE_LIMIT: "5" });
    const Authorization = `Bearer ${await weir.token(name)}`;
    const pull = (from: string) => ask(from, weir.path(name, "blobs", layer), { Authorization });
    expect(await statuses(5, () => pull(home))).toEqual(times(5, 200));
    weir.clock.step(4000);
    const refused = await pull(home);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "11"]);
    const { errors } = (await refused.json()) as { errors: object[] };
    const message = "too many requests from this address; try again later";
    expect(errors[0]).toMatchObject({ code: "TOOMANYREQUESTS", message });
    expect((await ask(home, "/v2/")).status).toBe(429);
    expect((await pull(away)).status).toBe(200);
    expect(await statuses(10, () => pull("127.0.0.1"))).toEqual(times(10, 200));
    weir.clock.step(11_000);
    expect((await pull(home)).status).toBe(200);
  });

  test("have no limit where it is 0, and for those that are not limited", async () => {
    await start({ WEIR_PULL_RATE_LIMIT: "1", WEIR_UNLIMITED_ADDRESSES: home });
    expect(await statuses(5, () => ask(home, "/v2/"))).toEqual(times(5, 401));
    await weir.halt();
    env["WEIR_PULL_RATE_LIMIT"] = "0";
    await weir.run();
    expect(await statuses(5, () => ask(away, "/v2/"))).toEqual(times(5, 401));
  });
});

describe("a pull token", () => {
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const claims = (token: string) =>
    JSON.parse(atob(token.split(".")[1] ?? "")) as { access: object[] };

  async function tokenFor(scope: string, secret = adminToken): Promise<string> {
    const query = `&scope=${encodeURIComponent(scope)}`;
    const { token } = (await (await login(home, secret, { query })).json()) as { token: string };
    return token;
  }

  test("for another's registry opens nothing, whatever actions were asked for", async () => {
    await start();
    const path = weir.path(name, "blobs", layer);
    const scope = `repository:${prefix}/1/${name}:pull,push,delete,*`;
    const token = await tokenFor(scope, strangerToken);
    expect(claims(token).access).toEqual([
      { type: "repository", name: `${prefix}/1/${name}`, actions: ["pull"] },
    ]);
    const unknown = await tokenFor(`repository:${prefix}/999/${name}:pull`, strangerToken);
    const foreign = await ask(home, path, bearer(token));
    const none = await ask(home, path.replace("/1/", "/999/"), bearer(unknown));
    expect([foreign.status, none.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe(await none.text());
    const own = await tokenFor(scope);
    for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
      expect((await ask(home, path, bearer(own), { method })).status).toBe(405);
    }
    const catalog = await tokenFor("registry:catalog:*");
    expect(claims(catalog).access).toEqual([]);
    expect((await ask(home, path, bearer(catalog))).status).toBe(401);
  });

  test("for hundreds of scopes fits into a request, and one for a thousand is refused in time", async () => {
    await start();
    const scopes = (count: number) =>
      Array.from({ length: count }, (_, i) => `repository:r${i}:pull`).join(" ");
    const token = await tokenFor(scopes(400));
    expect(claims(token).access).toHaveLength(100);
    expect((await ask(home, "/v2/", bearer(token))).status).toBe(200);
    const form = {
      grant_type: "password",
      username: "any",
      password: adminToken,
      service,
      scope: scopes(1000),
    };
    const asked = await ask(
      home,
      "/jwt/auth",
      {},
      { method: "POST", body: new URLSearchParams(form) },
    );
    expect(asked.status).toBe(413);
    const url = `/jwt/auth?service=${service}&scope=${encodeURIComponent(scopes(1000))}`;
    expect((await ask(home, url, { Authorization: basic("a", adminToken) })).status).toBe(431);
  });

  test("that is cut off, put together or not ours is the same as none", async () => {
    await start();
    const path = weir.path(name, "blobs", layer);
    const token = await weir.token(name);
    const other = await tokenFor("repository:other:pull");
    const [head = "", body = ""] = token.split(".");
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    const plain = await ask(home, path);
    for (const wrong of [
      token.slice(0, -5),
      `${head}.${body}`,
      `${head}.${body}.${other.split(".")[2]}`,
      `${none}.${body}.`,
      adminToken,
    ]) {
      const answer = await ask(home, path, bearer(wrong));
      expect([answer.status, await answer.clone().text()]).toEqual([
        401,
        await plain.clone().text(),
      ]);
      expect(answer.headers.get("www-authenticate")).toBe(plain.headers.get("www-authenticate"));
    }
    expect((await ask(home, path, bearer(token))).status).toBe(200);
  });

  test("ends with its owner's access token", async () => {
    await start();
    const token = await weir.token(name);
    const path = weir.path(name, "blobs", layer);
    expect((await ask(home, path, bearer(token))).status).toBe(200);
    await weir.halt();
    env["WEIR_ADMIN_TOKEN"] = newSecret("weir_pat_");
    await weir.run();
    expect((await ask(home, path, bearer(token))).status).toBe(401);
  });

  test("of a group that has moved opens that group, and not the one that took its path", async () => {
    const ann = newSecret("weir_pat_");
    const tokens = [{ name: "t", secret: ann, scopes: ["api"], expiresAt: undefined }];
    const memberships = [{ group: "acme", role: "guest" as const }];
    const users = [{ username: "ann", admin: false, memberships, tokens }];
    upstream.image(name, "latest");
    await start(
      { WEIR_DEPENDENCY_PROXY_URL: upstream.url },
      { users, groups: ["acme", "newcomer"] },
    );
    const image = (group: string) => `${group}/dependency_proxy/containers/${name}`;
    const pull = (group: string, token: string) =>
      ask(home, `/v2/${image(group)}/manifests/latest`, bearer(token));
    const token = await tokenFor(`repository:${image("acme")}:pull`, ann);
    expect((await pull("acme", token)).status).toBe(200);
    await weir.api("PUT", "/groups/acme", { path: "moved" });
    expect((await pull("acme", token)).status).toBe(200);
    expect((await pull("moved", token)).status).toBe(401);
    await weir.api("PUT", "/groups/newcomer", { path: "acme" });
    expect((await pull("acme", token)).status).toBe(404);
    const moved = await tokenFor(`repository:${image("moved")}:pull`, ann);
    expect((await pull("moved", moved)).status).toBe(200);
  });

  test("goes on through a change of the secret key, and so do upstreams' logins", async () => {
    const [former, present] = [newSecret("weir_key_"), newSecret("weir_key_")];
    await start({ WEIR_SECRET_KEY: former });
    const token = await weir.token(name);
    const path = weir.path(name, "blobs", layer);
    const restarted = async (keys: Record<string, string>) => {
      await weir.halt();
      delete env["WEIR_SECRET_KEY_PREVIOUS"];
      Object.assign(env, keys);
      await weir.run();
      return (await ask(home, path, bearer(token))).status;
    };
    const both = { WEIR_SECRET_KEY: present, WEIR_SECRET_KEY_PREVIOUS: former };
    expect(await restarted(both)).toBe(200);
    expect(await restarted({ WEIR_SECRET_KEY: present })).toBe(401);
  });
});

test("a parameter that stands twice in a password grant is refused by name", async () => {
  await start();
  const body = new URLSearchParams({ grant_type: "password", username: "a", password: "b" });
  body.append("password", adminToken);
  const answer = await ask(home, "/jwt/auth", {}, { method: "POST", body });
  const { errors } = (await answer.json()) as { errors: { message: string }[] };
  expect([answer.status, errors[0]?.message]).toEqual([
    400,
    "a parameter must not be given more than once",
  ]);
});
