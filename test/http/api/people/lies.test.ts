import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPair } from "jose";
import { LyingProvider } from "../../../fakes/lying-provider.ts";
import { Visitor } from "../../../fakes/people.ts";
import { TestWeir } from "../../../fakes/weir.ts";

const secret = "a secret:with what headers/escape".replaceAll(" ", "+");
const path = "/session/oidc/liar";
const unconfirmed = { status: 401, body: message("liar did not confirm this sign-in; begin anew") };

function message(text: string): object {
  return { message: `401 Unauthorized - ${text}` };
}

let provider: LyingProvider;
let weir: TestWeir;
let visitor: Visitor;
beforeEach(async () => {
  provider = await LyingProvider.start();
  const liar = {
    name: "liar",
    issuer: provider.issuer,
    client_id: "weir",
    client_secret: secret,
    create_users: "true",
  };
  weir = await TestWeir.start({
    upstreams: [],
    env: { WEIR_CONFIG_FILE: "weir.yaml" },
    files: { "weir.yaml": JSON.stringify({ sign_in_providers: [liar] }) },
  });
  visitor = new Visitor(weir);
});
afterEach(async () => {
  await weir.stop();
  await provider.stop();
});

/** Signs in; the provider's token endpoint answers with what is made of the nonce. */
async function signIn(tokens: (nonce: string) => unknown) {
  const begun = await visitor.call("GET", path);
  if (begun.status !== 303) return begun;
  const { searchParams } = new URL(begun.response.headers.get("location") ?? "");
  const nonce = searchParams.get("nonce") ?? "";
  provider.tokenAnswer = async () => {
    const answer = await tokens(nonce);
    return answer instanceof Response ? answer : Response.json(answer);
  };
  const query = new URLSearchParams({ code: "1", state: searchParams.get("state") ?? "" });
  return visitor.call("GET", `${path}/callback?${query}`);
}

const bearer = { access_token: "a", token_type: "bearer" };
const given = async (idToken: Promise<string> | string) => ({ ...bearer, id_token: await idToken });

test("what is right is taken, the secret going by header, escaped", async () => {
  const { status } = await signIn((nonce) => given(provider.idToken(nonce)));
  expect(status).toBe(303);
  expect(await visitor.name()).toBe("eve");
  const asked = provider.requests.find(({ path }) => path === "/token");
  const [, basic = ""] = /^Basic (.+)$/.exec(asked?.headers.get("authorization") ?? "") ?? [];
  expect(decodeURIComponent(atob(basic))).toBe(`weir:${secret}`);
  const { code_verifier: verifier, ...form } = Object.fromEntries(new URLSearchParams(asked?.body));
  expect(verifier).toMatch(/^[\w-]{43}$/);
  expect(form).toEqual({
    grant_type: "authorization_code",
    code: "1",
    redirect_uri: expect.stringMatching(
      /^http:\/\/weir\.test:5000\/api\/v4\/session\/oidc\/liar\/callback$/,
    ),
  } as never);
});

test("by form where the provider takes it in no other way", async () => {
  provider.metadata = { token_endpoint_auth_methods_supported: ["client_secret_post"] };
  expect((await signIn((nonce) => given(provider.idToken(nonce)))).status).toBe(303);
  const asked = provider.requests.find(({ path }) => path === "/token");
  expect(asked?.headers.has("authorization")).toBe(false);
  expect(new URLSearchParams(asked?.body).get("client_secret")).toBe(secret);
});

describe("an id token is refused", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const wrong: [what: string, claims: Record<string, unknown>][] = [
    ["with another nonce", { nonce: "another" }],
    ["without a nonce", { nonce: undefined }],
    ["for another client", { aud: "another" }],
    ["for several, at another's request", { aud: ["weir", "another"], azp: "another" }],
    ["of another issuer", { iss: "https://another.example" }],
    ["that is over", { exp: now() - 120, iat: now() - 240 }],
    ["that never ends", { exp: undefined }],
    ["about nobody", { sub: undefined }],
    ["about an empty name", { sub: "" }],
  ];
  test.each(wrong)("%s", async (_, claims) => {
    const reply = await signIn((nonce) => given(provider.idToken(nonce, claims)));
    expect(reply).toMatchObject(unconfirmed);
    expect(await visitor.name()).toBeUndefined();
  });

  test("signed by somebody else, or by the client's secret", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    const forged = (nonce: string) => given(provider.idToken(nonce, {}, { key: privateKey }));
    expect(await signIn(forged)).toMatchObject(unconfirmed);
    const key = new TextEncoder().encode(secret);
    const own = (nonce: string) => given(provider.idToken(nonce, {}, { alg: "HS256", key }));
    expect(await signIn(own)).toMatchObject(unconfirmed);
  });

  test("not signed, cut, or not there", async () => {
    const unsigned = async (nonce: string) => {
      const [, payload = ""] = (await provider.idToken(nonce)).split(".");
      return given(`${btoa(JSON.stringify({ alg: "none" })).replace(/=+$/, "")}.${payload}.`);
    };
    expect(await signIn(unsigned)).toMatchObject(unconfirmed);
    const cut = async (nonce: string) => given((await provider.idToken(nonce)).slice(0, -20));
    expect(await signIn(cut)).toMatchObject(unconfirmed);
    expect(await signIn(() => bearer)).toMatchObject(unconfirmed);
  });

  test("where user info is of somebody else", async () => {
    provider.userInfo = { sub: "2", preferred_username: "mallory" };
    const bare = (nonce: string) =>
      given(provider.idToken(nonce, { preferred_username: undefined }));
    expect(await signIn(bare)).toMatchObject(unconfirmed);
    provider.userInfo = { sub: "1", preferred_username: "mallory" };
    expect((await signIn(bare)).status).toBe(303);
    expect(await visitor.name()).toBe("mallory");
  });
});

describe("the provider", () => {
  test("that cannot be asked is left alone for some seconds, however many want to sign in", async () => {
    provider.metadata = { issuer: "https://another.example" };
    for (let i = 0; i < 5; i++) expect((await visitor.call("GET", path)).status).toBe(401);
    expect(provider.requests).toHaveLength(1);
    provider.metadata = {};
    weir.clock.step(5000);
    expect((await visitor.call("GET", path)).status).toBe(303);
    expect(provider.requests).toHaveLength(2);
  });

  test("may call itself by no other name, and lead nowhere else", async () => {
    for (const metadata of [
      { issuer: "https://another.example" },
      { authorization_endpoint: undefined },
      { authorization_endpoint: "javascript:alert(1)" },
    ]) {
      provider.metadata = metadata;
      const reply = await visitor.call("GET", path);
      expect([metadata, reply.status]).toEqual([metadata, 401]);
      expect(reply.response.headers.get("location")).toBeNull();
      weir.clock.step(5000);
    }
  });

  test("that redirects, fails or talks without end is not followed", async () => {
    const unavailable = { status: 503 };
    for (const [answer, expected] of [
      [() => Response.redirect(`${provider.issuer}/elsewhere`, 302), unconfirmed],
      [() => new Response("", { status: 500 }), unconfirmed],
      [
        () => new Response("no JSON", { headers: { "Content-Type": "application/json" } }),
        unconfirmed,
      ],
      [() => Response.json({ error: "invalid_client" }, { status: 401 }), unconfirmed],
      [() => new Response("x".repeat(300 << 10)), unavailable],
    ] as const) {
      expect(await signIn(answer)).toMatchObject(expected);
    }
    expect(provider.requests.map(({ path }) => path)).not.toContain("/elsewhere");
    expect(JSON.stringify(weir.logLines)).not.toContain(secret);
  });

  test("that hangs is given up", async () => {
    const held = Promise.withResolvers<Response>();
    const asked = Promise.withResolvers<void>();
    const reply = signIn(() => {
      asked.resolve();
      return held.promise;
    });
    await asked.promise;
    weir.clock.step(10_000);
    expect(await reply).toMatchObject({
      status: 503,
      body: {
        message:
          "503 Service Unavailable - liar cannot be asked at the moment (timeout); try again later",
      },
    });
    held.resolve(new Response(""));
  });
});
