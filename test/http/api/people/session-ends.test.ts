import { describe, expect, test } from "bun:test";
import { goodPassword, idOf, sessionCookie, Visitor } from "../../../fakes/people.ts";
import { adminToken, strangerToken } from "../../../fakes/weir.ts";
import {
  adaToken,
  endingToken,
  forEachTest,
  hour,
  message,
  setPassword,
  startAnew,
  strangerId,
  visitor,
  weir,
} from "./ada.ts";

forEachTest();

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
    const env = { WEIR_ADMIN_TOKEN: "another-administrator-token-for-tests" };
    await startAnew(env);
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
