import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { idOf, sessionCookie, Visitor } from "../../../fakes/people.ts";
import { RealProvider } from "../../../fakes/real-provider.ts";
import { adminToken, externalUrl, strangerToken, TestWeir } from "../../../fakes/weir.ts";

const secret = "a-secret-of-the-client-that-only-two-know";
const path = "/api/v4/session/oidc/company";
const callback = `${externalUrl}${path}/callback`;
const keptCookie = "__Host-weir_sign_in";

let provider: RealProvider;
let weir: TestWeir;
let visitor: Visitor;

async function start(changes: Record<string, unknown> = {}): Promise<void> {
  const configuration = {
    sign_in_providers: [
      {
        name: "company",
        title: "The Company",
        issuer: provider.issuer,
        client_id: "weir",
        client_secret: secret,
        create_users: "true",
        scopes: ["profile", "email", "groups"],
        roles: [
          { value: "engineers", group: "default", role: "developer" },
          { value: "leads", group: "default", role: "maintainer" },
          { value: "leads", group: "other", role: "guest" },
          { value: "nobody-there", group: "no-such-group", role: "owner" },
        ],
        ...changes,
      },
    ],
  };
  weir = await TestWeir.start({
    upstreams: [],
    env: { WEIR_CONFIG_FILE: "weir.yaml" },
    files: { "weir.yaml": JSON.stringify(configuration) },
  });
  visitor = new Visitor(weir);
}

beforeEach(async () => {
  provider = await RealProvider.start({ id: "weir", secret, redirectUri: callback });
  provider.people.set("4711", {
    sub: "4711",
    preferred_username: "ada",
    name: "Ada Lovelace",
    email: "ada@example.com",
    email_verified: true,
    groups: ["engineers"],
  });
  await start();
});
afterEach(async () => {
  await weir.stop();
  await provider.stop();
});

/** Addresses of ours lead to where the server really listens. */
const here = (url: string) => url.replace(externalUrl, weir.url);

/** To the provider, and what the browser is sent back with. */
async function comeBack(who = visitor, sub = "4711", query = ""): Promise<string> {
  const response = await who.browser.send("GET", `${weir.url}${path}${query}`);
  expect(response.status).toBe(303);
  return provider.login(who.browser, response.headers.get("location") ?? "", sub);
}

async function finish(url: string, who = visitor) {
  const response = await who.browser.send("GET", here(url));
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text ? (JSON.parse(text) as { message?: string }) : undefined };
}

const signIn = async (who = visitor, sub = "4711", query = "") =>
  finish(await comeBack(who, sub, query), who);

const me = async (who = visitor) => (await who.call("GET", "/session")).body;

describe("signing in at an identity provider", () => {
  test("the browser is sent there with state, nonce and PKCE, and keeps nothing readable", async () => {
    const response = await visitor.browser.send("GET", `${weir.url}${path}`);
    const url = new URL(response.headers.get("location") ?? "");
    expect(url.origin).toBe(provider.issuer);
    const {
      state,
      nonce,
      code_challenge: challenge,
      ...rest
    } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      client_id: "weir",
      redirect_uri: callback,
      response_type: "code",
      scope: "openid profile email groups",
      code_challenge_method: "S256",
    });
    for (const text of [state, nonce, challenge]) expect(text).toMatch(/^[\w-]{43}$/);
    const kept = visitor.browser.cookie(weir.url, keptCookie) ?? "";
    expect(response.headers.getSetCookie()).toEqual([
      `${keptCookie}=${kept}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax`,
    ]);
    expect(kept).not.toContain(state ?? "");
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("a new person gets a user, with what the claims give, and a session", async () => {
    const { status, headers } = await signIn(visitor, "4711", "?return_to=/registries%3Fa%3D1");
    expect([status, headers.get("location")]).toEqual([303, "/registries?a=1"]);
    expect(headers.getSetCookie()).toEqual([
      `${sessionCookie}=${visitor.secret}; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Strict`,
      `${keptCookie}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`,
    ]);
    expect(await me()).toMatchObject({
      user: { username: "ada", admin: false },
      groups: [{ full_path: "default", role: "developer" }],
      session: { method: "provider", provider: "company" },
    });
    const logged = JSON.stringify(weir.logLines);
    for (const hidden of [secret, visitor.secret ?? secret]) expect(logged).not.toContain(hidden);
  });

  test("is on record: who has come, what the provider made of him, and who was not let in", async () => {
    await signIn();
    await finish(`${callback}?code=wrong&state=wrong`, new Visitor(weir));
    type Event = { action: string; result: string; actor: { name: string }; details: object };
    const events = (await weir.api("GET", "/audit_events")) as Event[];
    const named = (name: string) => events.filter(({ action }) => action === name);
    expect(named("user.create")).toMatchObject([{ actor: { name: "provider" } }]);
    expect(named("member.add")).toMatchObject([
      { actor: { name: "provider" }, group_id: 1, details: { role: "developer" } },
    ]);
    const logins = named("login").map(({ result, actor, details }) => [
      result,
      actor.name,
      details,
    ]);
    expect(logins.toSorted()).toEqual([
      ["failure", "", { provider: "company" }],
      ["success", "ada", { credential: "provider:company" }],
    ]);
  });

  test("the second time it is the same user, by issuer and subject alone", async () => {
    await signIn();
    const first = (await me()) as { user: { id: number } };
    const person = provider.people.get("4711");
    provider.people.set("4711", { ...person, sub: "4711", preferred_username: "countess" });
    const again = new Visitor(weir);
    await signIn(again);
    expect(await me(again)).toMatchObject({ user: { id: first.user.id, username: "ada" } });
  });

  test("what the claims give follows them at each sign-in; what others gave stays", async () => {
    await signIn();
    const { user } = (await me()) as { user: { id: number } };
    const groups = async (claim: unknown) => {
      const person = { ...provider.people.get("4711"), sub: "4711", groups: claim };
      provider.people.set("4711", person);
      const again = new Visitor(weir);
      expect((await signIn(again)).status).toBe(303);
      return ((await me(again)) as { groups: object[] }).groups;
    };
    expect(await groups(["leads", "engineers"])).toMatchObject([
      { full_path: "default", role: "maintainer" },
      { full_path: "other", role: "guest" },
    ]);
    expect(await groups("engineers")).toMatchObject([{ full_path: "default", role: "developer" }]);
    expect(await groups(["nobody-there", 7, null])).toEqual([]);
    expect(await groups(undefined)).toEqual([]);
    expect(await groups({ engineers: true })).toEqual([]);
    await weir.api("DELETE", `/users/${user.id}/identities/company`, undefined, 204);
  });

  test("the same user name is no proof: nobody becomes somebody who is there", async () => {
    for (const sub of ["1", "2"]) {
      const preferred_username = sub === "1" ? "stranger" : "admin";
      provider.people.set(sub, { sub, preferred_username, email_verified: true });
      const { status, body, headers } = await signIn(new Visitor(weir), sub);
      expect(status).toBe(403);
      expect(body?.message).toBe(
        `403 Forbidden - another user has the user name ${preferred_username}; an administrator can link this identity to him`,
      );
      expect(headers.getSetCookie().join()).not.toContain(sessionCookie);
    }
  });

  test("a user name that can be none here is refused", async () => {
    for (const name of [undefined, "", "a b", "../x", ["ada"], "x".repeat(256)]) {
      provider.people.set("1", { sub: "1", preferred_username: name });
      const { status, body } = await signIn(new Visitor(weir), "1");
      expect([name, status]).toEqual([name, 403]);
      expect(body?.message).toBe(
        "403 Forbidden - the identity provider gives no user name that can be one here (claim preferred_username)",
      );
    }
  });

  test("an administrator links an identity to a user, and takes it away", async () => {
    const id = await idOf(weir, strangerToken);
    const link = `/users/${id}/identities/company`;
    await weir.api("PUT", link, { subject: "4711" }, 204);
    await weir.api("PUT", link, { subject: "4711" }, 204);
    expect(await weir.api("GET", `/users/${id}/identities`)).toEqual([
      { provider: "company", issuer: provider.issuer, subject: "4711" },
    ]);
    await signIn();
    expect(await me()).toMatchObject({
      user: { id, username: "stranger" },
      groups: [{ full_path: "default", role: "developer" }],
    });
    expect(
      await weir.api("PUT", `/users/${id + 1}/identities/company`, { subject: "4711" }, 400),
    ).toEqual({
      message: { subject: ["belongs to another user; take it from him first"] },
    });
    await weir.api("PUT", `/users/${id + 99}/identities/company`, { subject: "1" }, 404);
    await weir.api("PUT", `/users/${id}/identities/nowhere`, { subject: "1" }, 404);
    await weir.api("DELETE", link, undefined, 204);
    await weir.api("DELETE", link, undefined, 404);
    expect(await visitor.name()).toBeUndefined();
    const headers = { "PRIVATE-TOKEN": strangerToken };
    const groups = await fetch(`${weir.url}/api/v4/session`, { headers });
    expect(await groups.json()).toMatchObject({ groups: [] });
    for (const [method, to] of [
      ["GET", `/users/${id}/identities`],
      ["PUT", link],
      ["DELETE", link],
    ] as const) {
      const init = { method, headers: { ...headers, "Content-Type": "application/json" } };
      expect((await fetch(`${weir.url}/api/v4${to}`, init)).status).toBe(403);
    }
  });

  test("nobody gets a user where create_users is not set", async () => {
    await weir.stop();
    await start({ create_users: "false" });
    const { status, body } = await signIn();
    expect([status, body?.message]).toEqual([
      403,
      "403 Forbidden - nobody here has this identity; an administrator can link it to a user, or set create_users",
    ]);
  });

  test("the way is listed for everybody, and others are not there", async () => {
    expect((await visitor.call("GET", "/session/methods")).body).toMatchObject({
      providers: [{ name: "company", title: "The Company", path }],
    });
    for (const to of ["/session/oidc/other", "/session/oidc/other/callback?code=1"]) {
      expect(await visitor.call("GET", to)).toMatchObject({
        status: 404,
        body: { message: "404 Not Found - there is no such identity provider" },
      });
    }
  });

  test("the way back stays on this server", async () => {
    for (const target of ["https://evil.example", "//evil.example", "/\\evil.example", "x"]) {
      const query = `?return_to=${encodeURIComponent(target)}`;
      expect(await visitor.call("GET", `/session/oidc/company${query}`)).toMatchObject({
        status: 400,
        body: { error: "return_to must be a path of this server" },
      });
    }
  });

  test("a blocked user is not let in", async () => {
    await signIn();
    const { user } = (await me()) as { user: { id: number } };
    await weir.api("POST", `/users/${user.id}/block`, undefined, 201);
    expect(await visitor.name()).toBeUndefined();
    expect(await signIn(new Visitor(weir))).toMatchObject({
      status: 403,
      body: { message: "403 Forbidden - this user is blocked; an administrator can unblock him" },
    });
  });

  test("two people of one provider are two users", async () => {
    provider.people.set("2", { sub: "2", preferred_username: "bob", email: "ada@example.com" });
    const bob = new Visitor(weir);
    await signIn();
    await signIn(bob, "2");
    expect([await visitor.name(), await bob.name()]).toEqual(["ada", "bob"]);
  });

  test("a session ends when the provider is configured no more", async () => {
    await signIn();
    const former = visitor.secret;
    await weir.halt();
    weir = await TestWeir.start({ upstreams: [], dataDir: weir.dataDir });
    const next = new Visitor(weir);
    next.browser.setCookie(weir.url, sessionCookie, former);
    expect(await next.name()).toBeUndefined();
  });
});

describe("what comes back is refused", () => {
  const elsewhere =
    "401 Unauthorized - this sign-in was begun in another browser, at another address of this server, or too long ago; begin anew";
  const unconfirmed = "401 Unauthorized - The Company did not confirm this sign-in; begin anew";

  test("in another browser, or without what this one has kept", async () => {
    const url = await comeBack();
    expect(await finish(url, new Visitor(weir))).toMatchObject({
      status: 401,
      body: { message: elsewhere },
    });
    // What another one has kept goes with another state.
    const victim = new Visitor(weir);
    await comeBack(victim);
    expect(await finish(url, victim)).toMatchObject({
      status: 401,
      body: { message: unconfirmed },
    });
    expect(await victim.name()).toBeUndefined();
    expect((await finish(url)).status).toBe(303);
  });

  test("altered, or kept for another provider", async () => {
    const url = await comeBack();
    const kept = visitor.browser.cookie(weir.url, keptCookie) ?? "";
    for (const wrong of [kept.slice(0, -4), `${kept.slice(0, -6)}AAAA==`, "v1.x.y.z", ""]) {
      visitor.browser.setCookie(weir.url, keptCookie, wrong);
      expect(await finish(url)).toMatchObject({ status: 401, body: { message: elsewhere } });
    }
  });

  test("after ten minutes", async () => {
    const url = await comeBack();
    weir.clock.step(600_000);
    expect(await finish(url)).toMatchObject({ status: 401, body: { message: elsewhere } });
  });

  test("with another state, none, two, another code or an error", async () => {
    for (const [name, value, message] of [
      ["state", "x".repeat(43), unconfirmed],
      ["state", undefined, unconfirmed],
      ["code", "another-code", unconfirmed],
      ["iss", "https://evil.example", unconfirmed],
      ["error", "access_denied", "401 Unauthorized - The Company did not let you in; begin anew"],
    ] as const) {
      const wrong = new URL(await comeBack());
      if (value === undefined) wrong.searchParams.delete(name);
      else wrong.searchParams.set(name, value);
      expect([name, await finish(wrong.href)]).toMatchObject([
        name,
        { status: 401, body: { message } },
      ]);
    }
    const twice = new URL(await comeBack());
    twice.searchParams.append("state", "x");
    expect(await finish(twice.href)).toMatchObject({ status: 400 });
    expect(await visitor.name()).toBeUndefined();
  });

  test("for the second time", async () => {
    const url = await comeBack();
    const kept = visitor.browser.cookie(weir.url, keptCookie);
    expect((await finish(url)).status).toBe(303);
    expect(await finish(url)).toMatchObject({ status: 401, body: { message: elsewhere } });
    const asked = provider.requests.length;
    visitor.browser.setCookie(weir.url, keptCookie, kept);
    const used = "401 Unauthorized - this sign-in has come back already; begin anew";
    expect(await finish(url)).toMatchObject({ status: 401, body: { message: used } });
    expect(provider.requests.length).toBe(asked);
  });

  test("by a code that was given for another sign-in", async () => {
    const former = await comeBack();
    expect((await finish(former)).status).toBe(303);
    const url = new URL(await comeBack());
    url.searchParams.set("code", new URL(former).searchParams.get("code") ?? "");
    expect(await finish(url.href)).toMatchObject({ status: 401, body: { message: unconfirmed } });
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({
        message: "a sign-in at an identity provider failed",
        provider: "company",
        answer: "invalid_grant",
      }) as never,
    );
  });

  test("while the provider is down: it is said, and made up for", async () => {
    const url = await comeBack();
    await provider.stop();
    const down = {
      status: 503,
      body: {
        message:
          "503 Service Unavailable - The Company cannot be asked at the moment (unreachable); try again later",
      },
    };
    expect(await finish(url)).toMatchObject(down);
    weir.clock.step(600_000);
    expect(await visitor.call("GET", "/session/oidc/company")).toMatchObject(down);
    // Everything else goes on.
    expect((await visitor.signIn({ token: adminToken })).status).toBe(201);
  });

  test("where the address of the provider may not be asked", async () => {
    await weir.stop();
    const before = provider.requests.length;
    await start();
    await weir.halt();
    const env = { WEIR_CONFIG_FILE: "weir.yaml", WEIR_ALLOWED_UPSTREAM_ADDRESSES: "192.0.2.1" };
    const provided = {
      name: "company",
      issuer: provider.issuer,
      client_id: "weir",
    };
    const files = { "weir.yaml": JSON.stringify({ sign_in_providers: [provided] }) };
    weir = await TestWeir.start({ upstreams: [], dataDir: weir.dataDir, env, files });
    const blocked = await new Visitor(weir).call("GET", "/session/oidc/company");
    expect(blocked).toMatchObject({
      status: 503,
      body: {
        message:
          "503 Service Unavailable - company cannot be asked at the moment (blocked); try again later",
      },
    });
    expect(provider.requests.length).toBe(before);
  });
});

test("metadata are asked for once for all, and anew after ten minutes", async () => {
  const count = () =>
    provider.requests.filter((one) => one.endsWith("/.well-known/openid-configuration")).length;
  const begin = () => visitor.browser.send("GET", `${weir.url}${path}`);
  await Promise.all([begin(), begin(), begin()]);
  expect(count()).toBe(1);
  weir.clock.step(600_000);
  await begin();
  expect(count()).toBe(2);
});
