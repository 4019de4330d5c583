import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { exportSPKI } from "jose";
import { readJwt } from "../../src/access/jwt.ts";
import type { OidcIssuer } from "../../src/work/contract.ts";
import { FakeIssuer, fakeKey } from "../fakes/issuer.ts";
import { until } from "../fakes/until.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { externalUrl, TestWeir } from "../fakes/weir.ts";

const name = (registry: number) => `virtual_registries/container/${registry}/library/alpine`;
const refusal =
  '{"errors":[{"code":"UNAUTHORIZED","message":"the password or access token that was given is not valid"}]}';

let upstream: FakeUpstream;
let issuer: FakeIssuer;
let weir: TestWeir;

beforeEach(async () => {
  upstream = await FakeUpstream.start();
  upstream.image("library/alpine", "latest");
  issuer = await FakeIssuer.start();
});

afterEach(async () => {
  await weir.stop();
  await issuer.stop();
  await upstream.stop();
});

async function start(
  changes: Partial<OidcIssuer> = {},
  more: Partial<Parameters<typeof TestWeir.start>[0]> = {},
): Promise<void> {
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    others: [{ fake: upstream }],
    groups: ["default/tools", "default/tools/sub"],
    oidcIssuers: [issuer.settings(changes)],
    ...more,
    env: { WEIR_DEPENDENCY_PROXY_URL: upstream.url, ...more.env },
  });
}

/** What the token endpoint answers to this password. */
async function login(password: string, repository = name(1), username = "oidc"): Promise<Response> {
  const service = new URL(externalUrl).host;
  const query = new URLSearchParams({ service, scope: `repository:${repository}:pull` });
  const Authorization = `Basic ${btoa(`${username}:${password}`)}`;
  return fetch(`${weir.url}/jwt/auth?${query}`, { headers: { Authorization } });
}

interface Issued {
  token: string;
  expires_in: number;
}

async function pullToken(password: string, repository = name(1)): Promise<Issued> {
  const answer = await login(password, repository);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Issued;
}

const manifest = (token: string, repository = name(1)) =>
  fetch(`${weir.url}/v2/${repository}/manifests/latest`, {
    headers: { Authorization: `Bearer ${token}` },
  });

/** The status of a pull with nothing but this password. */
async function pull(password: string, repository = name(1)): Promise<number> {
  const { token } = await pullToken(password, repository);
  return (await manifest(token, repository)).status;
}

async function refused(password: string, reason?: string, username?: string): Promise<void> {
  const before = weir.logLines.length;
  const answer = await login(password, name(1), username);
  expect([answer.status, await answer.text()]).toEqual([401, refusal]);
  const said = weir.logLines.slice(before).find(({ message }) => message === "id token refused");
  expect(said?.["reason"]).toBe(reason);
}

const now = () => Math.floor(weir.clock.now() / 1000);
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;

describe("an id token as the password", () => {
  test("pulls, whatever the user name, and the issuer is asked once for all", async () => {
    await start();
    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, i) => issuer.token(weir.clock.now(), { jti: String(i) })),
    );
    const statuses = tokens.map(async (token) => pull(token));
    expect(await Promise.all(statuses)).toEqual(tokens.map(() => 200));
    for (const username of ["gitlab-ci-token", "x", ""]) {
      expect((await login(tokens[0] ?? "", name(1), username)).status).toBe(200);
    }
    expect(issuer.asked).toEqual([1, 1]);
  });

  test("is told of in the log by its project, never as it is", async () => {
    await start();
    const idToken = await issuer.token(weir.clock.now());
    const { token } = await pullToken(idToken);
    await manifest(token);
    expect(weir.logLines.at(-1)).toMatchObject({ status: 200, actor: "ci:forge:acme/app" });
    const [, , signature = "?"] = idToken.split(".");
    expect(JSON.stringify(weir.logLines)).not.toContain(signature);
    expect(claimsOf(token)["sub"]).toMatch(/^ci:[\da-f]{16}\.0\.\d+\.acme\/app$/);
  });

  const named: [claims: Record<string, unknown>, actor: string][] = [
    [{ repository: "acme/web" }, "acme/app"],
    [{ project_path: undefined, repository: "acme/web" }, "acme/web"],
    [{ project_path: 7, repository: "" }, "project_path:acme/app:ref_type:branch:ref:main"],
    [{ project_path: "acme/a b\u0000ü\n" }, "acme/a_b___"],
    [{ project_path: `acme/${"x".repeat(300)}` }, `acme/${"x".repeat(195)}...`],
  ];
  test.each(named)("%j has a name that can be printed", async (claims, actor) => {
    await start({
      rules: [{ claims: { sub: "*acme/**" }, group: "default", pull: ["registries"] }],
    });
    const { token } = await pullToken(await issuer.token(weir.clock.now(), claims));
    expect((await manifest(token)).status).toBe(200);
    expect(weir.logLines.at(-1)?.["actor"]).toBe(`ci:forge:${actor}`);
  });

  test("opens what the first rule that matches says, and nothing else", async () => {
    const rule = (project: string, group: string, pull: OidcIssuer["rules"][number]["pull"]) => ({
      claims: { project_path: project },
      group,
      pull,
    });
    const both = ["registries" as const, "dependency_proxies" as const];
    await start({
      rules: [
        rule("acme/secret", "other", ["registries"]),
        rule("acme/proxy", "default", ["dependency_proxies"]),
        rule("acme/tools", "default/tools", ["dependency_proxies"]),
        rule("acme/**", "default", both),
      ],
    });
    const proxy = (group: string) => `${group}/dependency_proxy/containers/library/alpine`;
    const places = [
      name(1),
      name(2),
      proxy("default"),
      proxy("default/tools"),
      proxy("default/tools/sub"),
      proxy("other"),
    ];
    const table: [project: string, opened: number[]][] = [
      ["acme/secret", [1]],
      ["acme/proxy", [2, 3, 4]],
      ["acme/tools", [3, 4]],
      ["acme/app", [0, 2, 3, 4]],
    ];
    for (const [project, opened] of table) {
      const token = await issuer.token(weir.clock.now(), { project_path: project });
      const statuses: number[] = [];
      for (const place of places) statuses.push(await pull(token, place));
      expect([project, statuses]).toEqual([
        project,
        places.map((_, index) => (opened.includes(index) ? 200 : 404)),
      ]);
    }
    await refused(await issuer.token(weir.clock.now(), { project_path: "evil/app" }), "no rule");
  });

  test("is none for the management API, and no pull token either", async () => {
    await start();
    const token = await issuer.token(weir.clock.now());
    const { token: pullable } = await pullToken(token);
    for (const secret of [token, pullable]) {
      for (const headers of [{ "PRIVATE-TOKEN": secret }, { Authorization: `Bearer ${secret}` }]) {
        expect((await fetch(`${weir.url}/api/v4/groups/1`, { headers })).status).toBe(401);
      }
    }
    expect((await manifest(token)).status).toBe(401);
    // A pull token is signed by us, but it is no id token.
    await refused(pullable);
  });

  test("RS256 and EdDSA, where that is allowed; keys of other kinds beside them do not matter", async () => {
    const [rsa, edward] = [await fakeKey("rsa", "RS256"), await fakeKey("edward", "EdDSA")];
    await start({ algorithms: ["RS256", "EdDSA"] });
    const secret = { kty: "oct", k: "c2VjcmV0", kid: "rsa", alg: "HS256" };
    const huge = { ...rsa.public, n: "A".repeat(2000), kid: "huge" };
    issuer.publish([secret, huge, { kty: 7 }, rsa.public, edward.public, issuer.key.public]);
    for (const key of [rsa, edward]) {
      expect(await pull(await issuer.token(weir.clock.now(), {}, { key }))).toBe(200);
    }
    await refused(await issuer.token(weir.clock.now()), "algorithm");
    const big = await issuer.token(weir.clock.now(), {}, { key: rsa, header: { kid: "huge" } });
    await refused(big, "key");
  });

  test("without a key's name does where there is one key, and not where there are several", async () => {
    await start();
    const header = { kid: undefined };
    expect(await pull(await issuer.token(weir.clock.now(), {}, { header }))).toBe(200);
    issuer.publish([issuer.key.public, (await fakeKey("two")).public]);
    weir.clock.step(600_000);
    await refused(await issuer.token(weir.clock.now(), {}, { header }), "key");
  });

  test("the issuer's required claims hold for every rule", async () => {
    await start({ requiredClaims: { namespace_id: "42" } });
    expect(await pull(await issuer.token(weir.clock.now(), { namespace_id: 42 }))).toBe(200);
    await refused(await issuer.token(weir.clock.now(), { namespace_id: 43 }), "no rule");
    await refused(await issuer.token(weir.clock.now()), "no rule");
  });

  test("audiences that are configured stand for ours", async () => {
    await start({ audiences: ["containers", "cache"] });
    const aud = (value: unknown) => issuer.token(weir.clock.now(), { aud: value });
    expect(await pull(await aud("cache"))).toBe(200);
    expect(await pull(await aud(["x", "containers"]))).toBe(200);
    await refused(await aud("weir.test:5000"), "claim aud");
  });

  test("this server's URL is an audience as well as its host", async () => {
    await start();
    const aud = (value: unknown) => issuer.token(weir.clock.now(), { aud: value });
    expect(await pull(await aud(externalUrl))).toBe(200);
    for (const wrong of [
      "weir.test",
      `${externalUrl}/`,
      "",
      [],
      [[externalUrl]],
      undefined,
      null,
    ]) {
      await refused(await aud(wrong), "claim aud");
    }
  });
});

describe("what is issued for it", () => {
  test("ends when it ends, to the second, whatever the leeway", async () => {
    await start({ leewaySeconds: 60 });
    const { token, expires_in: seconds } = await pullToken(await issuer.token(weir.clock.now()));
    expect(seconds).toBe(300);
    weir.clock.step(299_000);
    expect((await manifest(token)).status).toBe(200);
    weir.clock.step(1000);
    expect((await manifest(token)).status).toBe(401);
  });

  test("lives no longer than any pull token, however long the id token does", async () => {
    await start();
    for (const exp of [now() + 1_000_000, 1e12, Number.MAX_VALUE]) {
      const { token, expires_in: seconds } = await pullToken(
        await issuer.token(weir.clock.now(), { exp }),
      );
      expect(seconds).toBe(900);
      expect((await manifest(token)).status).toBe(200);
    }
  });

  test("goes on after a restart, unless the issuer's configuration is another one", async () => {
    await start();
    const idToken = await issuer.token(weir.clock.now());
    const { token } = await pullToken(idToken);
    await weir.halt();
    await weir.run();
    expect((await manifest(token)).status).toBe(200);
    expect(issuer.asked).toEqual([1, 1]);
    await weir.halt();
    const { dataDir } = weir;
    // The same rule under the same number, and one more behind it.
    const { rules } = issuer.settings();
    const env = { WEIR_DEPENDENCY_PROXY_URL: upstream.url };
    const options = { upstreams: [{ fake: upstream }], dataDir, env };
    weir = await TestWeir.start({
      ...options,
      oidcIssuers: [issuer.settings({ rules: [...rules, ...rules] })],
    });
    expect((await manifest(token)).status).toBe(401);
    expect(await pull(idToken)).toBe(200);
    await weir.halt();
    // Nothing that a configuration leaves out is removed; but whoever has left it out is told.
    weir = await TestWeir.start({ ...options, oidcIssuers: [] });
    expect((await manifest(token)).status).toBe(401);
    expect(await pull(idToken)).toBe(200);
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "an issuer is trusted that the configuration does not have any more",
        issuer: "forge",
      }),
    );
  });

  test("follows its group when that is renamed, and ends with another group's taking the name", async () => {
    await start();
    const idToken = await issuer.token(weir.clock.now());
    const { token } = await pullToken(idToken);
    await weir.api("PUT", "/groups/default", { path: "renamed" });
    expect((await manifest(token)).status).toBe(200);
    expect(await pull(idToken)).toBe(200);
    await weir.api("PUT", "/groups/other", { path: "default" });
    expect((await manifest(token)).status).toBe(404);
    expect(await pull(idToken, name(2))).toBe(200);
  });

  test("opens nothing of a group that is not there", async () => {
    const rules = [
      { claims: { sub: "**acme**" }, group: "nowhere", pull: ["registries" as const] },
    ];
    await start({ rules });
    await refused(await issuer.token(weir.clock.now()), "no group");
  });
});

describe("refused like any wrong password", () => {
  const day = 86_400;
  const claims: [what: string, changes: (seconds: number) => object, reason: string][] = [
    ["expired", (t) => ({ exp: t }), "expired"],
    ["expired in this very second", (t) => ({ exp: t + 0.9 }), "expired"],
    ["expired long ago", (t) => ({ exp: t - day }), "expired"],
    ["without an end", () => ({ exp: undefined }), "claim exp"],
    ["with an end in words", () => ({ exp: "tomorrow" }), "claim exp"],
    ["not yet valid", (t) => ({ nbf: t + 31 }), "not yet valid"],
    ["issued later than now", (t) => ({ iat: t + 31 }), "not yet valid"],
    ["issued at no time", () => ({ iat: undefined }), "claim iat"],
    ["of nobody", () => ({ sub: undefined }), "claim sub"],
    ["of an empty name", () => ({ sub: "" }), "claim sub"],
    ["of a number", () => ({ sub: 7 }), "claim sub"],
    ["for somebody else", () => ({ aud: "https://vault.example.com" }), "claim aud"],
    ["of a project that no rule names", () => ({ project_path: "acme-evil/app" }), "no rule"],
    ["without a project", () => ({ project_path: undefined }), "no rule"],
  ];
  test.each(claims)("%s", async (_, changes, reason) => {
    await start();
    await refused(
      await issuer.token(weir.clock.now(), changes(now()) as Record<string, unknown>),
      reason,
    );
    expect(
      await pull(await issuer.token(weir.clock.now(), { nbf: now() + 30, iat: now() + 30 })),
    ).toBe(200);
  });

  test("of unknown issuers: nobody is asked", async () => {
    await start();
    const stranger = await FakeIssuer.start();
    try {
      const mine = issuer.url;
      const others = [
        stranger.url,
        `${mine}/`,
        mine.toUpperCase(),
        mine.replace("127.0.0.1", "localhost"),
        "",
        7,
        null,
        [mine],
        undefined,
      ];
      for (const iss of others) {
        await refused(await stranger.token(weir.clock.now(), { iss }));
        await refused(await issuer.token(weir.clock.now(), { iss }));
      }
      expect(stranger.fake.server.connections + issuer.fake.server.connections).toBe(0);
    } finally {
      await stranger.stop();
    }
  });

  test("signed by a stranger, with our issuer's name and its key's", async () => {
    await start();
    const stranger = { ...(await fakeKey("stranger")), kid: "one" };
    await refused(await issuer.token(weir.clock.now(), {}, { key: stranger }), "signature");
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
  });

  test("with its own key, or an address of one, in the header: nobody is asked", async () => {
    await start();
    const stranger = await FakeIssuer.start();
    const key = { ...(await fakeKey("stranger")), kid: "one" };
    stranger.publish([key.public]);
    const url = `${stranger.url}/keys`;
    try {
      for (const header of [{ jwk: key.public }, { jku: url }, { x5u: url }, { x5c: ["MIIB"] }]) {
        const token = await issuer.token(weir.clock.now(), {}, { key, header });
        await refused(token, "key in the token");
      }
      const good = await issuer.token(
        weir.clock.now(),
        {},
        { header: { jku: `${issuer.url}/keys` } },
      );
      await refused(good, "key in the token");
      expect(stranger.fake.server.connections + issuer.fake.server.connections).toBe(0);
    } finally {
      await stranger.stop();
    }
  });

  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  test("not signed, or signed with the public key as a secret", async () => {
    const rsa = await fakeKey("rsa", "RS256");
    await start();
    issuer.publish([rsa.public]);
    const [, payload = ""] = (await issuer.token(weir.clock.now())).split(".");
    for (const alg of ["none", "None", "", undefined, null, ["RS256"], "HS256", "ES256K"]) {
      const head = encode({ alg, kid: "rsa", typ: "JWT" });
      await refused(`${head}.${payload}.`);
      await refused(`${head}.${payload}.AAAA`, "algorithm");
    }
    const spki = await exportSPKI(rsa.pair.publicKey);
    for (const secret of [spki, spki.trim(), JSON.stringify(rsa.public), rsa.public.n ?? ""]) {
      const signed = `${encode({ alg: "HS256", kid: "rsa", typ: "JWT" })}.${payload}`;
      const mac = new Bun.CryptoHasher("sha256", secret).update(signed).digest("base64url");
      await refused(`${signed}.${mac}`, "algorithm");
    }
    expect(issuer.asked).toEqual([0, 0]);
    expect(await pull(await issuer.token(weir.clock.now(), {}, { key: rsa }))).toBe(200);
  });

  test("another kind of token of the same issuer, or with conditions that are not known", async () => {
    await start();
    for (const typ of ["at+jwt", "logout+jwt", "secevent+jwt", ""]) {
      await refused(await issuer.token(weir.clock.now(), {}, { header: { typ } }), "type");
    }
    expect(await pull(await issuer.token(weir.clock.now(), {}, { header: { typ: "jwt" } }))).toBe(
      200,
    );
    const [, payload = "", signature = ""] = (await issuer.token(weir.clock.now())).split(".");
    const critical = (header: object) => `${encode({ alg: "ES256", kid: "one", ...header })}.`;
    const rest = `${payload}.${signature}`;
    await refused(critical({ crit: ["later"], later: 1 }) + rest, "form");
    await refused(critical({ crit: ["b64"], b64: false }) + rest, "signature");
  });

  test("cut, changed, put together from two, too long", async () => {
    await start();
    const [a, b] = [
      await issuer.token(weir.clock.now()),
      await issuer.token(weir.clock.now(), { project_path: "acme/b" }),
    ];
    const [headA = "", bodyA = "", signatureA = ""] = a.split(".");
    const [, bodyB = "", signatureB = ""] = b.split(".");
    await refused(`${headA}.${bodyB}.${signatureA}`, "signature");
    await refused(`${headA}.${bodyA}.${signatureB}`, "signature");
    await refused(`${headA}.${bodyA}`);
    await refused(`${headA}.${bodyA}.`);
    await refused(`${a}.${signatureA}`);
    await refused(a.slice(0, -4), "signature");
    await refused(` ${a}`);
    expect((await login(`${a}\n`, name(1))).status).toBe(401);
    await refused(await issuer.token(weir.clock.now(), { more: "x".repeat(8192) }));
    const twice = Buffer.from(
      `{"project_path":"acme/x",${Buffer.from(bodyA, "base64url").toString().slice(1)}`,
    );
    await refused(`${headA}.${twice.toString("base64url")}.${signatureA}`);
    expect(await pull(a)).toBe(200);
  });

  test("whatever is changed in a good one", async () => {
    await start();
    const good = await issuer.token(weir.clock.now());
    const [head = "", body = "", signature = ""] = good.split(".");
    expect(await pull(good)).toBe(200);
    const places = fc.nat(good.length - 2);
    await fc.assert(
      fc.asyncProperty(places, fc.constantFrom(..."Ab0-_."), async (at, letter) => {
        fc.pre(good[at] !== letter);
        const answer = await login(good.slice(0, at) + letter + good.slice(at + 1));
        expect([answer.status, await answer.text()]).toEqual([401, refusal]);
      }),
      // Each is hashed as a password in the end, for a twentieth of a second.
      { numRuns: 30 },
    );
    const part = fc.jsonValue().map(encode);
    await fc.assert(
      fc.asyncProperty(part, part, async (x, y) => {
        for (const text of [`${x}.${body}.${signature}`, `${head}.${y}.${signature}`]) {
          expect((await login(text)).status).toBe(401);
        }
      }),
      { numRuns: 15 },
    );
    expect(weir.logLines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("reading takes any text for what it is", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (text, map) => {
          expect(readJwt(text)).toBeUndefined();
          const read = readJwt(`${encode({ alg: "x", ...map })}.${encode(map)}.x`);
          if (read) expect(JSON.stringify(read.claims)).toBe(JSON.stringify(map));
        },
      ),
    );
  });
});

describe("the issuer's keys", () => {
  test("may change: an unknown name is asked for, at most every 30 seconds", async () => {
    await start();
    const [one, two] = [issuer.key, await fakeKey("two")];
    const token = (key = one) => issuer.token(weir.clock.now(), {}, { key });
    expect(await pull(await token())).toBe(200);
    issuer.publish([two.public]);
    await refused(await token(two), "key");
    expect(issuer.asked).toEqual([1, 1]);
    weir.clock.step(30_000);
    expect(await pull(await token(two))).toBe(200);
    expect(issuer.asked).toEqual([2, 2]);
    await refused(await token(one), "key");
    for (let i = 0; i < 20; i++) await refused(await token(await fakeKey(`x${i}`)), "key");
    expect(issuer.asked).toEqual([2, 2]);
    weir.clock.step(29_999);
    await refused(await token(one), "key");
    expect(issuer.asked).toEqual([2, 2]);
  });

  test("are asked for anew after ten minutes, so that one that was withdrawn counts no more", async () => {
    await start();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    issuer.publish([(await fakeKey("two")).public]);
    weir.clock.step(599_999);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(1);
    await refused(await issuer.token(weir.clock.now()), "key");
    expect(issuer.asked).toEqual([2, 2]);
  });

  test("are used on for a day while the issuer is down, and asked for every 30 seconds", async () => {
    await start();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    issuer.fake.fault("*", { status: 404 });
    weir.clock.step(600_000);
    for (let i = 0; i < 5; i++) expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    expect(issuer.asked).toEqual([2, 1]);
    weir.clock.step(30_000);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    expect(issuer.asked).toEqual([3, 1]);
    weir.clock.step(86_400_000 - 630_001);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(1);
    await refused(await issuer.token(weir.clock.now()), "key");
    issuer.fake.heal();
    weir.clock.step(30_000);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
  });

  test("a login waits for them five seconds at each step, and others not at all", async () => {
    await start();
    issuer.fake.fault("GET /keys", { hang: true });
    const late = refused(await issuer.token(weir.clock.now()), "key");
    await until(() => issuer.asked[1] === 1);
    expect((await weir.manifest("library/alpine", "latest")).status).toBe(200);
    weir.clock.step(5000);
    await late;
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "an issuer's keys cannot be had",
        issuer: "forge",
        reason: "timeout",
        problem: 'upstream "forge" did not answer in time',
      }),
    );
    // Without any keys nobody can log in, so the next try comes sooner.
    issuer.fake.heal();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
  });

  test("one try for all who wait, while known keys serve", async () => {
    await start();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(30_000);
    issuer.fake.fault("GET /keys", { hang: true });
    const two = await fakeKey("two");
    const token = await issuer.token(weir.clock.now(), {}, { key: two });
    const waiting = Array.from({ length: 50 }, () => login(token));
    await until(() => issuer.asked[1] === 2);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(5000);
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(issuer.asked).toEqual([2, 2]);
  });

  const bad: [what: string, spoil: () => void, problem: string | RegExp][] = [
    [
      "10 MB of them",
      () => issuer.fake.fault("GET /keys", { body: " ".repeat(10_000_000) }),
      /too long a body/,
    ],
    ["no JSON", () => issuer.fake.fault("GET /keys", { body: "<html>" }), /no document in JSON/],
    ["none", () => issuer.publish([]), 'issuer "forge" has no public keys'],
    ["no list", () => issuer.fake.file("/keys", "{}"), 'issuer "forge" has no public keys'],
    ["secret ones alone", () => issuer.publish([{ kty: "oct", k: "AAAA" }]), /has no public keys/],
    [
      "more than a hundred",
      () => issuer.publish(Array(101).fill(issuer.key.public)),
      /has no public keys/,
    ],
    [
      "elsewhere, by a redirect",
      () => issuer.fake.fault("GET /keys", { redirect: "/other" }),
      /status 307/,
    ],
    [
      "of another issuer",
      () => issuer.describe({ issuer: `${issuer.url}/` }),
      'issuer "forge" says that it is another issuer',
    ],
    ["of nobody", () => issuer.describe({ issuer: undefined }), /says that it is another issuer/],
    [
      "nowhere",
      () => issuer.describe({ jwks_uri: undefined }),
      'issuer "forge" does not say where its keys are, by https',
    ],
    [
      "without TLS",
      () => issuer.describe({ jwks_uri: "http://keys.example.com/" }),
      /where its keys are, by https/,
    ],
    [
      "in a file",
      () => issuer.describe({ jwks_uri: "file:///etc/passwd" }),
      /where its keys are, by https/,
    ],
    [
      "with a password",
      () => issuer.describe({ jwks_uri: "https://a:b@keys.example.com/" }),
      /user name or password/,
    ],
    [
      "at an inner address",
      () => issuer.describe({ jwks_uri: "https://169.254.169.254/" }),
      /inner address/,
    ],
  ];
  test.each(bad)("are not taken: %s", async (_, spoil, problem) => {
    await start();
    spoil();
    await refused(await issuer.token(weir.clock.now()), "key");
    const said = weir.logLines.filter(
      ({ message }) => message === "an issuer's keys cannot be had",
    );
    expect(said.map((line) => line["problem"])).toEqual([expect.stringMatching(problem)]);
    expect(issuer.fake.count("GET /other")).toBe(0);
    expect((await weir.manifest("library/alpine", "latest")).status).toBe(200);
  });

  test("from where the configuration says: nothing else is asked for", async () => {
    await start({ jwksUri: `${issuer.url}/keys` });
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    expect(issuer.asked).toEqual([0, 1]);
  });

  test("not from an inner address that is not allowed", async () => {
    await start({}, { env: { WEIR_ALLOWED_UPSTREAM_ADDRESSES: "10.0.0.1" } });
    await refused(await issuer.token(weir.clock.now()), "key");
    expect(issuer.fake.server.connections).toBe(0);
  });

  test("an issuer that hangs holds up no other", async () => {
    const second = await FakeIssuer.start();
    await start({}, { oidcIssuers: [issuer.settings(), second.settings({ name: "second" })] });
    issuer.fake.fault("*", { hang: true });
    const late = login(await issuer.token(weir.clock.now()));
    await until(() => issuer.asked[0] === 1);
    expect(await pull(await second.token(weir.clock.now()))).toBe(200);
    // Keys of one are not keys of the other.
    const foreign = { ...(await fakeKey("stranger")), kid: "one" };
    await refused(await second.token(weir.clock.now(), {}, { key: foreign }), "signature");
    weir.clock.step(5000);
    expect((await late).status).toBe(401);
    await second.stop();
  });
});
