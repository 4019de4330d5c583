import { afterEach, beforeEach, describe, expect, type Mock, spyOn, test } from "bun:test";
import { Hashing } from "../../../../src/access/people/hashing.ts";
import { FakeUpstream } from "../../../fakes/upstream.ts";
import { goodPassword, idOf, sessionCookie, Visitor } from "../../../fakes/people.ts";
import { until } from "../../../fakes/until.ts";
import { adminToken, externalUrl, strangerToken, TestWeir } from "../../../fakes/weir.ts";

const adaToken = "a-token-of-ada-that-is-long-enough-to-be-one";
const next = "another password of hers";

let upstream: FakeUpstream;
let weir: TestWeir;
let adaId: number;
const start = async (env: Record<string, string> = {}) => {
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    users: [
      {
        username: "ada",
        admin: false,
        memberships: [{ group: "default", role: "guest" }],
        tokens: [{ name: "t", secret: adaToken, scopes: ["api"], expiresAt: undefined }],
      },
    ],
    env,
  });
  adaId = await idOf(weir, adaToken);
};
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  upstream.image("library/app", "latest");
  await start();
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const setPassword = (password = goodPassword) =>
  weir.api("PUT", `/users/${adaId}/password`, { password }, 204);
const scope = "repository:virtual_registries/container/1/library/app:pull";
const manifest = "/v2/virtual_registries/container/1/library/app/manifests/latest";

/** What the token endpoint says to a user name and a password. */
async function login(username: string, password: string) {
  const query = new URLSearchParams({ service: new URL(externalUrl).host, scope });
  const basic = Buffer.from(`${username}:${password}`).toString("base64");
  const response = await fetch(`${weir.url}/jwt/auth?${query}`, {
    headers: { Authorization: `Basic ${basic}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function pull(token: unknown): Promise<number> {
  const headers = { Authorization: `Bearer ${String(token)}` };
  return (await fetch(weir.url + manifest, { headers })).status;
}

async function put(path: string, body: object, token = adminToken) {
  const response = await fetch(`${weir.url}/api/v4${path}`, {
    method: "PUT",
    headers: { "PRIVATE-TOKEN": token, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? (JSON.parse(text) as unknown) : undefined };
}

describe("a password at the token endpoint", () => {
  test("opens pulls for a member", async () => {
    await setPassword();
    const { status, body } = await login("ada", goodPassword);
    expect(status).toBe(200);
    expect(await pull(body["token"])).toBe(200);
    expect(await pull(body["token"])).toBe(200);
  });

  test("opens nothing for who is no member", async () => {
    const id = await idOf(weir, strangerToken);
    await weir.api("PUT", `/users/${id}/password`, { password: goodPassword }, 204);
    const { status, body } = await login("stranger", goodPassword);
    expect(status).toBe(200);
    expect(await pull(body["token"])).toBe(404);
  });

  test("wrong, unknown and none look alike", async () => {
    await setPassword();
    const replies = [
      await login("ada", "not the right one"),
      await login("nobody", goodPassword),
      await login("stranger", goodPassword),
      await login("ada", ""),
      await login("ada", "x".repeat(1025)),
      await login("ada", `weir_pat_${"0".repeat(36)}`),
      await login("ada", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EifQ.c2lnbmVk"),
    ];
    for (const reply of replies) expect(reply).toEqual({ ...replies[0], status: 401 } as never);
  });

  test("another one ends what was issued for the former at once, the same one too", async () => {
    await setPassword();
    const first = (await login("ada", goodPassword)).body["token"];
    expect(await pull(first)).toBe(200);
    await setPassword();
    expect(await pull(first)).toBe(401);
    const second = (await login("ada", goodPassword)).body["token"];
    expect(await pull(second)).toBe(200);
    await setPassword(next);
    expect(await pull(second)).toBe(401);
    expect((await login("ada", goodPassword)).status).toBe(401);
    expect((await login("ada", next)).status).toBe(200);
  });

  test("opens nothing more once its user is blocked", async () => {
    await setPassword();
    const { token } = (await login("ada", goodPassword)).body;
    expect(await pull(token)).toBe(200);
    await weir.api("POST", `/users/${adaId}/block`, undefined, 201);
    expect(await pull(token)).toBe(401);
    expect((await login("ada", goodPassword)).status).toBe(401);
  });

  test("goes with the user's e-mail address, too", async () => {
    const body = { username: "eve", name: "Eve", email: "eve@example.com" };
    const { id } = (await weir.api("POST", "/users", body, 201)) as { id: number };
    await weir.api("PUT", `/users/${id}/password`, { password: goodPassword }, 204);
    expect((await login("Eve@Example.com", goodPassword)).status).toBe(200);
    expect((await login("eve", goodPassword)).status).toBe(200);
  });

  test("is no credential of the management API", async () => {
    await setPassword();
    for (const headers of [
      { Authorization: `Basic ${btoa(`ada:${goodPassword}`)}` },
      { "PRIVATE-TOKEN": goodPassword },
      { Authorization: `Bearer ${(await login("ada", goodPassword)).body["token"] as string}` },
    ]) {
      const response = await fetch(`${weir.url}/api/v4/session`, { headers });
      expect([headers, response.status]).toEqual([headers, 401]);
    }
  });

  test("is not hashed for a mirror's clients, who send what they have elsewhere", async () => {
    await weir.stop();
    await start({ WEIR_MIRROR_ANONYMOUS_PULL: "true" });
    await setPassword();
    const query = new URLSearchParams({
      service: new URL(externalUrl).host,
      scope: "repository:library/app:pull",
    });
    const headers = { Authorization: `Basic ${btoa("ada:her password at Docker Hub")}` };
    const verify = spyOn(Bun.password, "verify");
    try {
      for (let i = 0; i < 3; i++) {
        expect((await fetch(`${weir.url}/jwt/auth?${query}`, { headers })).status).toBe(200);
      }
      expect(verify).not.toHaveBeenCalled();
      expect((await login("ada", goodPassword)).status).toBe(200);
    } finally {
      verify.mockRestore();
    }
  });
});

describe("switched off", () => {
  test("passwords open nothing, and what they had opened is shut; tokens go on", async () => {
    await setPassword();
    const { token } = (await login("ada", goodPassword)).body;
    const former = new Visitor(weir);
    await former.signIn({ username: "ada", password: goodPassword });
    const formerSecret = former.secret;
    await weir.halt();
    const options = { upstreams: [{ fake: upstream }], dataDir: weir.dataDir };
    weir = await TestWeir.start({ ...options, env: { WEIR_PASSWORD_SIGN_IN: "false" } });
    expect(await pull(token)).toBe(401);
    expect((await login("ada", goodPassword)).status).toBe(401);
    const visitor = new Visitor(weir);
    visitor.browser.setCookie(weir.url, sessionCookie, formerSecret);
    expect(await visitor.name()).toBeUndefined();
    const byPassword = await visitor.signIn({ username: "ada", password: goodPassword });
    expect(byPassword).toMatchObject({
      status: 404,
      body: { message: "404 Not Found - signing in by password is switched off" },
    });
    expect((await visitor.call("GET", "/session/methods")).body).toMatchObject({ password: false });
    expect((await visitor.signIn({ token: adaToken })).status).toBe(201);
  });
});

describe("setting a password", () => {
  test("is for administrators, of users that are there", async () => {
    const password = goodPassword;
    const path = `/users/${adaId}/password`;
    const forbidden = { status: 403, body: { message: "403 Forbidden" } };
    expect(await put(path, { password }, adaToken)).toEqual(forbidden);
    expect(await put(path, { password }, strangerToken)).toEqual(forbidden);
    expect(await put(`/users/${adaId + 99}/password`, { password })).toEqual({
      status: 404,
      body: { message: "404 User Not Found" },
    });
    expect(await put(path, { password })).toEqual({ status: 204, body: undefined });
  });

  test("ends all sessions of the user", async () => {
    const visitor = new Visitor(weir);
    await visitor.signIn({ token: adaToken });
    expect(await visitor.name()).toBe("ada");
    await setPassword();
    expect(await visitor.name()).toBeUndefined();
  });

  const rows: [password: unknown, body: object][] = [
    [undefined, { error: "password is missing" }],
    [7, { error: "password is invalid" }],
    ["", { error: "password is empty" }],
    ["short", { message: { password: ["is too short (minimum is 12 characters)"] } }],
    ["ééééabcdefg", { message: { password: ["is too short (minimum is 12 characters)"] } }],
    ["abcdef".repeat(171), { message: { password: ["is too long (maximum is 1024 bytes)"] } }],
    [
      "abababababababab",
      { message: { password: ["is too simple (it must have 5 different characters)"] } },
    ],
    ["weir_pat_something", { message: { password: ["must not look like a token"] } }],
    ["eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", { message: { password: ["must not look like a token"] } }],
  ];
  test.each(rows)("%p is refused", async (password, body) => {
    expect(await put(`/users/${adaId}/password`, { password })).toEqual({ status: 400, body });
  });

  test("the longest and the shortest can be signed in with", async () => {
    const visitor = new Visitor(weir);
    for (const password of ["abcdefghijkl", "abcdefgh".repeat(128), "日本語のパスワードです。ね"]) {
      await setPassword(password);
      expect((await visitor.signIn({ username: "ada", password })).status).toBe(201);
    }
  });
});

describe("changing one's own", () => {
  const change = (visitor: Visitor, old: string, password: string) =>
    visitor.call("PUT", "/user/password", { current_password: old, password });
  const wrong = { status: 400, body: { message: { current_password: ["is wrong"] } } };

  test("needs the old one; it ends the other sessions and not this one", async () => {
    await setPassword();
    const [visitor, other] = [new Visitor(weir), new Visitor(weir)];
    for (const one of [visitor, other]) {
      await one.signIn({ username: "ada", password: goodPassword });
    }
    expect(await change(visitor, next, next)).toMatchObject(wrong);
    expect(await other.name()).toBe("ada");
    expect((await change(visitor, goodPassword, next)).status).toBe(204);
    expect(await visitor.name()).toBe("ada");
    expect(await other.name()).toBeUndefined();
    expect(await change(visitor, goodPassword, next)).toMatchObject(wrong);
    expect((await login("ada", next)).status).toBe(200);
  });

  test("who has none cannot", async () => {
    const visitor = new Visitor(weir);
    await visitor.signIn({ token: adaToken });
    expect(await change(visitor, "", next)).toMatchObject({ status: 400 });
    expect(await change(visitor, next, next)).toMatchObject(wrong);
  });

  test("of two at once one is too late", async () => {
    await setPassword();
    const [visitor, other] = [new Visitor(weir), new Visitor(weir)];
    for (const one of [visitor, other]) {
      await one.signIn({ username: "ada", password: goodPassword });
    }
    const passwords = [next, "yet another password"] as const;
    const both = await Promise.all([
      change(visitor, goodPassword, passwords[0]),
      change(other, goodPassword, passwords[1]),
    ]);
    const [won, ...others] = both.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(won).toBe(204);
    // Who comes in the midst of the first finds another password, who comes after it no session.
    expect([[400], [401]]).toContainEqual(others);
    for (const [index, { status }] of both.entries()) {
      const expected = status === 204 ? 200 : 401;
      expect((await login("ada", passwords[index] ?? "")).status).toBe(expected);
    }
  });
});

test("one's own password is not replaced without the old one, by an administrator either", async () => {
  const { id } = (await weir.api("GET", "/user")) as { id: number };
  await weir.api("PUT", `/users/${id}/password`, { password: goodPassword }, 204);
  const again = await weir.api("PUT", `/users/${id}/password`, { password: next }, 400);
  expect(again).toEqual({
    message: { id: ["is your own: PUT /user/password asks for the old one"] },
  });
  expect((await login("admin", goodPassword)).status).toBe(200);
});

describe("an administrator's token that ends", () => {
  const forbidden = {
    message: expect.stringContaining("403 Forbidden - this lets somebody sign in without an end"),
  };
  const ending = async () => {
    const { id } = (await weir.api("GET", "/user")) as { id: number };
    const fields = { name: "ends", scopes: ["api"] };
    const made = await weir.api("POST", `/users/${id}/personal_access_tokens`, fields, 201);
    return { id, token: (made as { token: string }).token };
  };

  test("gives nobody a password, oneself included, nor an identity at a provider", async () => {
    const { id, token } = await ending();
    for (const [path, body] of [
      [`/users/${adaId}/password`, { password: goodPassword }],
      [`/users/${id}/password`, { password: goodPassword }],
      [`/users/${adaId + 99}/password`, { password: goodPassword }],
      [`/users/${adaId}/identities/company`, { subject: "4711" }],
    ] as const) {
      expect([path, await put(path, body, token)]).toEqual([
        path,
        { status: 403, body: forbidden },
      ]);
    }
    expect((await login("ada", goodPassword)).status).toBe(401);
  });

  test("does so by no session either; one by password does", async () => {
    const { id, token } = await ending();
    const visitor = new Visitor(weir);
    await visitor.signIn({ token });
    const give = () => visitor.call("PUT", `/users/${adaId}/password`, { password: goodPassword });
    expect(await give()).toMatchObject({ status: 403, body: forbidden });
    await weir.api("PUT", `/users/${id}/password`, { password: next }, 204);
    await visitor.signIn({ username: "admin", password: next });
    expect(await give()).toMatchObject({ status: 204 });
    expect((await login("ada", goodPassword)).status).toBe(200);
  });
});

describe("many at once", () => {
  const real = Bun.password.verify.bind(Bun.password);
  let verify: Mock<typeof real>;
  beforeEach(() => {
    verify = spyOn(Bun.password, "verify");
  });
  afterEach(() => verify.mockRestore());

  /** Calls `one` for `0` to `of - 1` at once, and lets nothing be hashed to its end before `refused` of them are answered. */
  async function atOnce<T>(of: number, refused: number, one: (i: number) => Promise<T>) {
    const gate = Promise.withResolvers<void>();
    verify.mockImplementation(async (...args) => {
      await gate.promise;
      return real(...args);
    });
    let answered = 0;
    const all = Array.from({ length: of }, async (_, i) => {
      const answer = await one(i);
      answered++;
      return answer;
    });
    await until(() => answered === refused);
    gate.resolve();
    return Promise.all(all);
  }

  test("some are hashed, some wait, and the rest is refused before it costs anything", async () => {
    await setPassword();
    const taken = new Hashing().most + 16;
    const replies = await atOnce(40, 40 - taken, (i) => login(`ada${i}`, "not the right one"));
    const statuses = replies.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(taken);
    expect(statuses.filter((status) => status === 429)).toHaveLength(40 - taken);
    expect(verify).toHaveBeenCalledTimes(taken);
    const busy = replies.find(({ status }) => status === 429);
    expect(busy?.body).toMatchObject({
      errors: [
        {
          code: "TOOMANYREQUESTS",
          message: "too many sign-ins at the moment; wait, and try again",
        },
      ],
    });
    expect((await login("ada", goodPassword)).status).toBe(200);
  });

  test("the same from one address waits for one of them, right or wrong", async () => {
    await setPassword();
    const all = (password: string) =>
      Promise.all(Array.from({ length: 40 }, async () => (await login("ada", password)).status));
    // Each for itself, most would be refused: an account has four places.
    expect(new Set(await all(goodPassword))).toEqual(new Set([200]));
    expect(new Set(await all("not the right one"))).toEqual(new Set([401]));
  });

  test("for the console too, with the time to wait", async () => {
    await setPassword();
    const visitor = new Visitor(weir);
    const replies = await atOnce(20, 16, (i) =>
      visitor.signIn({ username: "ada", password: `not the right one ${i}` }),
    );
    const busy = replies.find(({ status }) => status === 429);
    expect(busy?.response.headers.get("retry-after")).toBe("2");
    expect(visitor.browser.cookie(weir.url, sessionCookie)).toBeUndefined();
  });
});

test("a password is stored as argon2id, and never logged or shown", async () => {
  await setPassword();
  await login("ada", goodPassword);
  const visitor = new Visitor(weir);
  await visitor.signIn({ username: "ada", password: goodPassword });
  await weir.halt();
  const stored = await weir.known();
  expect(stored).toContain("$argon2id$v=19$");
  expect(stored).not.toContain(goodPassword);
  expect(JSON.stringify(weir.logLines)).not.toContain(goodPassword);
});
