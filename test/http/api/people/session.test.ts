import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { goodPassword, idOf, sessionCookie, Visitor } from "../../../fakes/people.ts";
import { until } from "../../../fakes/until.ts";
import { adminToken, externalUrl, strangerToken, TestWeir } from "../../../fakes/weir.ts";

const adaToken = "a-token-of-ada-that-is-long-enough-to-be-one";
const readingToken = "a-token-of-ada-that-may-only-read-and-no-more";
const endingToken = "a-token-of-ada-that-ends-one-hour-after-noon";
const hour = 3_600_000;

let weir: TestWeir;
let visitor: Visitor;
let strangerId: number;
beforeEach(async () => {
  const token = (name: string, secret: string, scope: string, expiresAt?: number) => {
    return { name, secret, scopes: [scope], expiresAt };
  };
  const inAnHour = Date.UTC(2026, 0, 1, 1);
  weir = await TestWeir.start({
    upstreams: [],
    users: [
      {
        username: "ada",
        admin: false,
        memberships: [{ group: "default", role: "maintainer" }],
        tokens: [
          token("api", adaToken, "api"),
          token("reading", readingToken, "read_api"),
          token("ending", endingToken, "api", inAnHour),
        ],
      },
    ],
  });
  visitor = new Visitor(weir);
  strangerId = await idOf(weir, strangerToken);
});
afterEach(() => weir.stop());

const setPassword = (userId: number, password = goodPassword) =>
  weir.api("PUT", `/users/${userId}/password`, { password }, 204);
const message = (text: string) => ({ message: text });
const unauthorized = { status: 401, body: message("401 Unauthorized") };

describe("signing in", () => {
  test("by the administrator's token, before anybody has a password", async () => {
    expect(await visitor.name()).toBeUndefined();
    const { status, body, response } = await visitor.signIn({ token: adminToken });
    expect(status).toBe(201);
    const csrfToken = (body as { csrf_token: string }).csrf_token;
    expect(csrfToken).toMatch(/^[\da-f]{64}$/);
    expect(body).toEqual({
      user: { id: await idOf(weir, adminToken), username: "admin", admin: true },
      scope: "api",
      groups: [],
      session: {
        id: 1,
        method: "token",
        provider: null,
        created_at: "2026-01-01T00:00:00.000Z",
        last_seen_at: "2026-01-01T00:00:00.000Z",
        expires_at: "2026-01-08T00:00:00.000Z",
        idle_seconds: 28_800,
      },
      csrf_token: csrfToken,
      external_url: externalUrl,
    });
    expect(response.headers.getSetCookie()).toEqual([
      `${sessionCookie}=${visitor.secret}; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Strict`,
    ]);
    expect(visitor.secret).toMatch(/^weir_ses_\w{36}$/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect((await visitor.call("GET", "/session")).body).toEqual(body);
  });

  test("by password, with the groups that one is in; it opens what the user may", async () => {
    const adaId = await idOf(weir, adaToken);
    await setPassword(adaId);
    const { status, body } = await visitor.signIn({ username: "ada", password: goodPassword });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      user: { id: adaId, username: "ada", admin: false },
      groups: [{ full_path: "default", role: "maintainer" }],
      session: { method: "password" },
    });
    const registries = "/groups/default/-/virtual_registries/container/registries";
    expect((await visitor.call("GET", registries)).status).toBe(200);
    const made = await visitor.call("POST", registries, { name: "made in the console" });
    expect(made.status).toBe(201);
    const foreign = "/groups/other/-/virtual_registries/container/registries";
    expect((await visitor.call("GET", foreign)).status).toBe(404);
  });

  test("wrong, unknown, without a password and blocked look alike", async () => {
    await setPassword(strangerId);
    const wrong = [
      { username: "stranger", password: "not the right one" },
      { username: "nobody", password: goodPassword },
      { username: "ada", password: goodPassword },
      { username: "stranger", password: `${goodPassword} ` },
      { username: "stranger", password: "x".repeat(1025) },
    ];
    for (const given of wrong) {
      const { status, body, response } = await visitor.signIn(given);
      const text = "401 Unauthorized - the user name or the password is wrong";
      expect([given, status, body]).toEqual([given, 401, message(text)]);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await visitor.name()).toBeUndefined();
  });

  test("by a token: that is a use of it", async () => {
    const used = async () => {
      const { body } = await visitor.call("GET", "/personal_access_tokens");
      const tokens = body as { name: string; last_used_at: string | null }[];
      return tokens.find(({ name }) => name === "api")?.last_used_at;
    };
    await visitor.signIn({ token: adaToken });
    expect(await used()).toBeNull();
    weir.clock.step(10_000);
    await until(async () => (await used()) === "2026-01-01T00:00:00.000Z");
  });

  test("by a token that is wrong, only reads, or is a pull token: not", async () => {
    const text = "401 Unauthorized - the access token is not valid, or has not the scope api";
    const pullToken = await weir.token("library/app");
    for (const token of ["wrong", readingToken, pullToken, "x".repeat(2000)]) {
      const { status, body } = await visitor.signIn({ token });
      expect([status, body]).toEqual([401, message(text)]);
    }
  });

  test("a password in another composition of the same letters is the same", async () => {
    await setPassword(strangerId, "Übergrößenträger");
    const password = "Übergrößenträger".normalize("NFD");
    expect((await visitor.signIn({ username: "stranger", password })).status).toBe(201);
  });

  test("what is missing or too much is said", async () => {
    const one = { error: "username and password, or token alone, must be given" };
    for (const body of [
      {},
      { username: "ada" },
      { password: "x" },
      { token: "t", username: "a" },
    ]) {
      expect(await visitor.call("POST", "/session", body)).toMatchObject({
        status: 400,
        body: one,
      });
    }
    const unknown = await visitor.call("POST", "/session", { token: "t", admin: true });
    expect(unknown).toMatchObject({ status: 400, body: { error: "admin is not known" } });
    const form = await visitor.call("POST", "/session", new URLSearchParams({ token: adminToken }));
    expect(form).toMatchObject({
      status: 415,
      body: { error: "the body must be application/json" },
    });
  });

  test("it gives another session each time, and ends the one before", async () => {
    await visitor.signIn({ token: adminToken });
    const first = visitor.secret;
    // What somebody planted is no session that he could use later.
    visitor.browser.setCookie(weir.url, sessionCookie, `weir_ses_${"0".repeat(36)}`);
    await visitor.signIn({ token: adaToken });
    const second = visitor.secret;
    await visitor.signIn({ token: adminToken });
    expect(new Set([first, second, visitor.secret]).size).toBe(3);
    const other = new Visitor(weir);
    for (const [secret, name] of [
      [first, "admin"],
      [second, undefined],
      [visitor.secret, "admin"],
    ]) {
      other.browser.setCookie(weir.url, sessionCookie, secret);
      expect(await other.name()).toBe(name);
    }
  });

  test("the ways there are can be seen by everybody", async () => {
    const { status, body } = await visitor.call("GET", "/session/methods");
    expect([status, body]).toEqual([200, { password: true, token: true, providers: [] }]);
  });
});

describe("a session ends", () => {
  test("by signing out, on the server too", async () => {
    await visitor.signIn({ token: adminToken });
    const { secret } = visitor;
    const { status, response } = await visitor.call("DELETE", "/session");
    expect(status).toBe(204);
    expect(response.headers.getSetCookie()).toEqual([
      `${sessionCookie}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict`,
    ]);
    expect(visitor.secret).toBeUndefined();
    visitor.browser.setCookie(weir.url, sessionCookie, secret);
    expect(await visitor.name()).toBeUndefined();
  });

  test("when nobody was there for eight hours, and not before", async () => {
    await visitor.signIn({ token: adminToken });
    for (let i = 0; i < 3; i++) {
      weir.clock.step(8 * hour - 1);
      expect(await visitor.name()).toBe("admin");
    }
    weir.clock.step(8 * hour);
    expect(await visitor.name()).toBeUndefined();
  });

  test("after seven days, whoever is there", async () => {
    await visitor.signIn({ token: adminToken });
    for (let i = 0; i < 7 * 4; i++) {
      expect(await visitor.name()).toBe("admin");
      weir.clock.step(6 * hour);
    }
    expect(await visitor.name()).toBeUndefined();
  });

  test("with the token that it was begun with", async () => {
    const ending = new Visitor(weir);
    await ending.signIn({ token: endingToken });
    await visitor.signIn({ token: adminToken });
    const { secret } = visitor;
    weir.clock.step(hour - 1);
    expect(await ending.name()).toBe("ada");
    weir.clock.step(1);
    expect(await ending.name()).toBeUndefined();
    await weir.halt();
    const env = { WEIR_ADMIN_TOKEN: "another-administrator-token-for-tests" };
    weir = await TestWeir.start({ upstreams: [], dataDir: weir.dataDir, env });
    const next = new Visitor(weir);
    next.browser.setCookie(weir.url, sessionCookie, secret);
    expect(await next.name()).toBeUndefined();
  });

  test("with its user's right to be here", async () => {
    await setPassword(strangerId);
    const given = { username: "stranger", password: goodPassword };
    await visitor.signIn(given);
    await weir.api("POST", `/users/${strangerId}/block`, undefined, 201);
    expect(await visitor.name()).toBeUndefined();
    const text = "401 Unauthorized - the user name or the password is wrong";
    expect(await visitor.signIn(given)).toMatchObject({ status: 401, body: message(text) });
    await weir.api("POST", `/users/${strangerId}/unblock`, undefined, 201);
    expect(await visitor.name()).toBeUndefined();
    expect((await visitor.signIn(given)).status).toBe(201);
  });

  test("with what its user may: a role that is taken is gone at the next request", async () => {
    await visitor.signIn({ token: adaToken });
    const registries = "/groups/default/-/virtual_registries/container/registries";
    expect((await visitor.call("GET", registries)).status).toBe(200);
    const adaId = await idOf(weir, adaToken);
    await weir.api("DELETE", `/groups/default/members/${adaId}`, undefined, 204);
    expect((await visitor.call("GET", registries)).status).toBe(404);
  });

  test("with the revocation of its token; what it makes ends no later than that", async () => {
    const ending = new Visitor(weir);
    await ending.signIn({ token: endingToken });
    const late = { name: "late", scopes: ["api"], expires_at: "2026-02-01" };
    const made = await ending.call("POST", "/personal_access_tokens", late);
    expect(made).toMatchObject({
      status: 400,
      body: {
        message: { expires_at: ["must not be after that of the token that is used to make it"] },
      },
    });
    const own = new Visitor(weir);
    await own.signIn({ token: adaToken });
    const fresh = await own.call("POST", "/personal_access_tokens", { name: "n", scopes: ["api"] });
    const { id, token } = fresh.body as { id: number; token: string };
    await visitor.signIn({ token });
    expect(await visitor.name()).toBe("ada");
    await weir.api("DELETE", `/personal_access_tokens/${id}`, undefined, 204);
    expect(await visitor.name()).toBeUndefined();
  });

  test("one of several by its id; those of others cannot be", async () => {
    const others = [new Visitor(weir), new Visitor(weir)];
    await visitor.signIn({ token: adminToken });
    for (const other of others) await other.signIn({ token: adminToken });
    const stranger = new Visitor(weir);
    await stranger.signIn({ token: strangerToken });
    const { body } = await visitor.call("GET", "/user/sessions");
    const listed = (body as { id: number; current: boolean }[]).map(({ id, current }) => [
      id,
      current,
    ]);
    expect(listed).toEqual([
      [1, true],
      [2, false],
      [3, false],
    ]);
    expect(JSON.stringify(body)).not.toContain("weir_ses_");
    expect((await stranger.call("DELETE", "/user/sessions/2")).status).toBe(404);
    expect(await others[0]?.name()).toBe("admin");
    expect((await visitor.call("DELETE", "/user/sessions/2")).status).toBe(204);
    expect((await visitor.call("DELETE", "/user/sessions/2")).status).toBe(404);
    expect(await others[0]?.name()).toBeUndefined();
    expect(await others[1]?.name()).toBe("admin");
  });

  test("not by a restart", async () => {
    await visitor.signIn({ token: adminToken });
    const { secret } = visitor;
    await weir.halt();
    await weir.run();
    visitor.browser.setCookie(weir.url, sessionCookie, secret);
    expect(await visitor.name()).toBe("admin");
  });
});

describe("a cookie", () => {
  const groups = "/groups/default";
  const forbidden = (text: string) => ({ status: 403, body: message(`403 Forbidden - ${text}`) });
  const mustBeOurs =
    "this must be sent by a page of this server: Sec-Fetch-Site must be same-origin, or Origin that of WEIR_EXTERNAL_URL";
  const needsToken =
    "with a login cookie, a change needs the header X-CSRF-Token with the csrf_token of GET /api/v4/session";

  test("changes nothing for pages of others", async () => {
    await visitor.signIn({ token: adminToken });
    const change = async (headers: object) => {
      const url = `${weir.url}/api/v4${groups}`;
      const response = await visitor.browser.send("PUT", url, { body: { name: "x" }, headers });
      return { status: response.status, body: (await response.json()) as unknown };
    };
    for (const headers of [
      { Origin: "https://evil.example.com" },
      { Origin: "null" },
      { Origin: "http://weir.test" },
      { Origin: externalUrl, "Sec-Fetch-Site": "cross-site" },
      { Origin: externalUrl, "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
      {},
    ]) {
      expect([headers, await change(headers)]).toEqual([headers, forbidden(mustBeOurs)]);
    }
    expect(await change({ Origin: externalUrl })).toMatchObject({ status: 200 });
    expect(await change({ "Sec-Fetch-Site": "same-origin" })).toMatchObject({ status: 200 });
  });

  test("changes nothing without the token of the session, nor by a form", async () => {
    await visitor.signIn({ token: adminToken });
    const right = visitor.browser.csrfToken;
    for (const wrong of [undefined, "", "0".repeat(64), `${right}0`]) {
      visitor.browser.csrfToken = wrong;
      expect(await visitor.call("PUT", groups, { name: "x" })).toMatchObject(forbidden(needsToken));
      expect(await visitor.call("DELETE", "/session")).toMatchObject(forbidden(needsToken));
    }
    visitor.browser.csrfToken = right;
    const form = await visitor.call("PUT", groups, new URLSearchParams({ name: "x" }));
    expect(form).toMatchObject({ status: 415 });
    expect(await visitor.call("PUT", groups, { name: "x" })).toMatchObject({ status: 200 });
  });

  test("does not count beside an access token, right or wrong", async () => {
    await visitor.signIn({ token: adminToken });
    const beside = async (headers: object) => visitor.call("GET", "/session", undefined, headers);
    const ada = await beside({ "PRIVATE-TOKEN": adaToken });
    expect(ada.body).toMatchObject({ user: { username: "ada" }, session: null, csrf_token: null });
    for (const headers of [
      { "PRIVATE-TOKEN": "wrong" },
      { Authorization: "Bearer wrong" },
      { Authorization: "Basic YTpi" },
    ]) {
      expect(await beside(headers)).toMatchObject(unauthorized);
    }
    const out = await visitor.call("DELETE", "/session", undefined, { "PRIVATE-TOKEN": adaToken });
    expect(out).toMatchObject({
      status: 400,
      body: { error: "there is no session: an access token was given" },
    });
  });

  test("opens neither /v2/, nor the token endpoint, nor metrics; as a token it opens nothing", async () => {
    await visitor.signIn({ token: adminToken });
    const service = new URL(externalUrl).host;
    const proxied = { "X-Forwarded-For": "192.0.2.1" };
    for (const path of ["/v2/", `/jwt/auth?service=${service}`, "/metrics"]) {
      const response = await visitor.browser.send("GET", weir.url + path, { headers: proxied });
      expect([path, response.status]).toEqual([path, 401]);
    }
    for (const headers of [
      { "PRIVATE-TOKEN": visitor.secret },
      { Authorization: `Bearer ${visitor.secret}` },
    ]) {
      expect(await visitor.call("GET", "/session", undefined, headers)).toMatchObject(unauthorized);
    }
  });

  test("twice, cut or altered it is none", async () => {
    await visitor.signIn({ token: adminToken });
    const { secret = "" } = visitor;
    for (const cookie of [
      `${sessionCookie}=${secret}; ${sessionCookie}=${secret}`,
      `${sessionCookie}=${secret.slice(0, -1)}`,
      `${sessionCookie}="${secret}"`,
      `weir_session=${secret}`,
      `${sessionCookie}=${secret.toUpperCase()}`,
    ]) {
      const headers = { Cookie: cookie };
      const response = await fetch(`${weir.url}/api/v4/session`, { headers });
      expect([cookie, response.status]).toEqual([cookie, 401]);
    }
  });

  test("is stored as a hash alone, and never logged", async () => {
    await visitor.signIn({ token: adminToken });
    await visitor.call("GET", "/session");
    const { secret = "none" } = visitor;
    await weir.halt();
    expect(await weir.known()).not.toContain(secret.slice(9));
    expect(JSON.stringify(weir.logLines)).not.toContain(secret.slice(9));
  });
});

describe("on record", () => {
  const recorded = async (query = "") => {
    const events = (await weir.api("GET", `/audit_events?per_page=100${query}`)) as {
      action: string;
      result: string;
      actor: { name: string };
      details: Record<string, unknown>;
    }[];
    return events;
  };

  test("are signing in and out, another password, and each failure", async () => {
    const adaId = await idOf(weir, adaToken);
    await setPassword(adaId);
    await visitor.signIn({ username: "ada", password: goodPassword });
    const another = { current_password: goodPassword, password: "another good password" };
    expect((await visitor.call("PUT", "/user/password", another)).status).toBe(204);
    expect((await visitor.call("DELETE", "/session")).status).toBe(204);
    await visitor.signIn({ username: "ada", password: goodPassword });
    await visitor.signIn({ username: "nobody at all", password: goodPassword });

    const own = (await recorded("&actor=ada")).map(({ action, result }) => `${action} ${result}`);
    expect(own.toSorted()).toEqual([
      "login success",
      "password.set success",
      "session.end success",
    ]);
    const [failure] = (await recorded("&action=login")).filter(
      ({ result }) => result === "failure",
    );
    expect(failure?.details).toMatchObject({ count: 2, accounts: ["ada"], unknown_accounts: 1 });
    expect(JSON.stringify(await recorded())).not.toMatch(/horse|nobody at all|another good/);
  });
});
