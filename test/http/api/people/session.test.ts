import { describe, expect, test } from "bun:test";
import { goodPassword, idOf, sessionCookie, Visitor } from "../../../fakes/people.ts";
import { until } from "../../../fakes/until.ts";
import { adminToken, externalUrl } from "../../../fakes/weir.ts";
import {
  adaToken,
  forEachTest,
  message,
  readingToken,
  setPassword,
  strangerId,
  visitor,
  weir,
} from "./ada.ts";

forEachTest();

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
