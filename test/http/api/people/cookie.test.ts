import { describe, expect, test } from "bun:test";
import { sessionCookie } from "../../../fakes/people.ts";
import { adminToken, externalUrl } from "../../../fakes/weir.ts";
import { adaToken, forEachTest, message, unauthorized, visitor, weir } from "./ada.ts";

forEachTest();

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
