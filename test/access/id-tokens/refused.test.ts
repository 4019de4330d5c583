import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { exportSPKI } from "jose";
import { readJwt } from "../../../src/access/jwt.ts";
import { FakeIssuer, fakeKey } from "../../fakes/issuer.ts";
import {
  forEachTest,
  issuer,
  login,
  name,
  now,
  pull,
  refusal,
  refused,
  start,
  weir,
} from "./logins.ts";

forEachTest();

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
