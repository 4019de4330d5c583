import { beforeEach, describe, expect, test } from "bun:test";
import { SignJWT } from "jose";
import { createAccess } from "../../src/access/access.ts";
import type { Access } from "../../src/access/contract.ts";
import {
  allowsDependencyProxies,
  allowsPulling,
  repositoriesToPull,
} from "../../src/access/scopes.ts";
import { deriveKey, keyId } from "../../src/lib/keys.ts";
import { hashSecret } from "../../src/lib/secret.ts";
import type {
  Credential,
  Credentials,
  DependencyProxy,
  Registry,
} from "../../src/metadata/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";

const signingKey = deriveKey("secret", "pull tokens");
const secret = "weir_pat_example";
const repository = "virtual_registries/container/1/library/alpine";
const scope = `repository:${repository}:pull`;
const registry = (groupId: number): Registry => ({
  id: 1,
  groupId,
  name: "r",
  description: undefined,
  onUnsure: "stop",
  ask: "in_order",
  upstreams: [],
});

/** The Dependency Proxy of the first of these groups, which is in the others. */
const proxy = (...readers: [number, ...number[]]): DependencyProxy => ({
  ...registry(readers[0]),
  id: -1,
  readers,
});

let clock: SteppedClock;
let credential: Credential | undefined;
let access: Access;

function create(anonymousPull: boolean): Access {
  const credentials = {
    byHash: async (hash: string) => (hash === hashSecret(secret) ? credential : undefined),
    byId: async (id: number) => (credential?.tokenId === id ? credential : undefined),
  } as Credentials;
  const externalUrl = "https://weir.test:8443";
  return createAccess({
    credentials,
    clock,
    signingKey,
    externalUrl,
    tokenSeconds: 900,
    anonymousPull,
  });
}

beforeEach(() => {
  clock = new SteppedClock();
  credential = {
    tokenId: 5,
    scopes: ["read_virtual_registry"],
    expiresAt: undefined,
    user: { id: 1, username: "ann", admin: false },
    memberships: new Map([[7, "guest"]]),
  };
  access = create(false);
});

const login = async (password = secret, scopes = [scope]) =>
  (await access.issue({ username: "any", password }, scopes)).token;
const verify = (token: string) => access.verify(`Bearer ${token}`);
const claim = (token: string) =>
  JSON.parse(atob(token.split(".")[1] ?? "")) as Record<string, unknown>;

describe("token endpoint", () => {
  test("an access token as the password becomes a pull token, true about its life", async () => {
    const issued = await access.issue({ username: "any", password: secret }, [
      scope,
      "repository:x:push,pull",
    ]);
    expect(issued).toMatchObject({ expires_in: 900, access_token: issued.token });
    expect(Date.parse(issued.issued_at)).toBe(clock.now());
    expect(claim(issued.token)).toMatchObject({
      iss: "weir",
      aud: "weir.test:8443",
      sub: "token:5",
      access: [
        { type: "repository", name: repository, actions: ["pull"] },
        { type: "repository", name: "x", actions: ["pull"] },
      ],
    });
    expect(JSON.stringify(claim(issued.token))).not.toContain(secret);
  });

  test("no or empty credentials, wrong ones and expired ones: the same refusal", async () => {
    credential = { ...credential!, expiresAt: clock.now() };
    for (const given of [
      undefined,
      { username: "", password: "" },
      { username: "a", password: "no" },
      { username: "a", password: secret },
      { username: "a", password: "x".repeat(5000) },
    ]) {
      expect(access.issue(given, [])).rejects.toMatchObject({
        code: "unauthorized",
        headers: { "WWW-Authenticate": 'Basic realm="weir"' },
      });
    }
  });

  test("scopes that do not allow pulling: 403 with what is needed", () => {
    credential = { ...credential!, scopes: ["read_api"] };
    expect(login()).rejects.toMatchObject({ code: "denied", status: 403 });
  });

  test("anonymous tokens only where they are allowed", async () => {
    const anyone = create(true);
    const { token } = await anyone.issue(undefined, [scope]);
    expect((await anyone.verify(`Bearer ${token}`))?.actor.kind).toBe("anonymous");
    expect((await anyone.verify(undefined))?.mayPull(registry(99))).toBe(true);
    expect(await access.verify(`Bearer ${token}`)).toBeUndefined();
    expect(await access.verify(undefined)).toBeUndefined();
    expect(anyone.issue({ username: "a", password: "no" }, [])).rejects.toMatchObject({
      code: "unauthorized",
    });
  });
});

describe("pull token", () => {
  test("grants what its owner may do now, in the owner's groups", async () => {
    const grant = await verify(await login());
    expect(grant?.actor).toEqual({ kind: "user", name: "ann" });
    expect([...(grant?.repositories ?? [])]).toEqual([repository]);
    expect([grant?.mayPull(registry(7)), grant?.mayPull(registry(8))]).toEqual([true, false]);
  });

  test("opens a Dependency Proxy to members of its group and of those above, and to no others", async () => {
    const grant = await verify(await login());
    const may = (...readers: [number, ...number[]]) => grant?.mayPull(proxy(...readers));
    expect([may(7), may(8, 7), may(9, 8, 7)]).toEqual([true, true, true]);
    expect([may(8), may(9, 8)]).toEqual([false, false]);
    credential = { ...credential!, user: { ...credential!.user, admin: true } };
    expect((await verify(await login()))?.mayPull(proxy(8))).toBe(true);
  });

  test("for Dependency Proxies alone: 403 where the scopes open none; beside others they stay closed", async () => {
    credential = { ...credential!, scopes: ["write_virtual_registry"] };
    const image = "repository:g/dependency_proxy/containers/alpine:pull";
    expect(login(secret, [image])).rejects.toMatchObject({ code: "denied" });
    expect(login(secret, [image, image.replace("g/", "g/h/")])).rejects.toMatchObject({
      code: "denied",
    });
    const lookalike = "repository:virtual_registries/dependency_proxy/containers/x:pull";
    for (const scopes of [[], [image, scope], [lookalike]]) {
      const grant = await verify(await login(secret, scopes));
      expect([grant?.mayPull(registry(7)), grant?.mayPull(proxy(7))]).toEqual([true, false]);
    }
    const admin = { ...credential.user, admin: true };
    credential = { ...credential, user: admin };
    expect((await verify(await login()))?.mayPull(proxy(7))).toBe(false);
  });

  test("dies with its time, and not before", async () => {
    const token = await login();
    clock.step(900_000);
    expect(await verify(token)).toBeDefined(); // within the leeway for clocks that differ
    clock.step(61_000);
    expect(await verify(token)).toBeUndefined();
  });

  test("dies at the next request when its credential is revoked, expires or loses the scope", async () => {
    const token = await login();
    const good = credential!;
    for (const worse of [undefined, { ...good, expiresAt: clock.now() }, { ...good, scopes: [] }]) {
      credential = worse;
      expect(await verify(token)).toBeUndefined();
      credential = good;
      expect(await verify(token)).toBeDefined();
    }
  });

  test("any change to it makes it nothing", async () => {
    const token = await login();
    for (let i = 0; i < token.length; i += 7) {
      const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
      const grant = await verify(changed);
      // The last character of base64url can carry bits that mean nothing.
      if (i < token.length - 1) expect(grant).toBeUndefined();
    }
  });

  const now = () => Math.floor(clock.now() / 1000);
  const forge = (alter: (jwt: SignJWT) => SignJWT, header = {}, key = signingKey) =>
    alter(
      new SignJWT({ access: [] })
        .setIssuer("weir")
        .setAudience("weir.test:8443")
        .setSubject("token:5")
        .setIssuedAt(now())
        .setExpirationTime(now() + 900),
    )
      .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: keyId(signingKey), ...header })
      .sign(key);

  test("only with our issuer, audience, type, algorithm, key and an expiry", async () => {
    expect(await verify(await forge((jwt) => jwt))).toBeDefined();
    const bad = [
      forge((jwt) => jwt.setIssuer("other")),
      forge((jwt) => jwt.setAudience("other")),
      forge((jwt) => jwt.setSubject("")),
      forge((jwt) => jwt.setSubject("user:5")),
      forge((jwt) => jwt.setExpirationTime(now() - 61)),
      forge((jwt) => jwt.setIssuedAt(now() - 1000)),
      forge((jwt) => jwt.setNotBefore(now() + 3600)),
      forge((jwt) => jwt, { typ: "at+jwt" }),
      forge((jwt) => jwt, { kid: "other" }),
      forge((jwt) => jwt, { alg: "HS512" }, new Uint8Array(64)),
      forge((jwt) => jwt, {}, deriveKey("other", "pull tokens")),
      new SignJWT({ access: [] })
        .setIssuer("weir")
        .setAudience("weir.test:8443")
        .setSubject("token:5")
        .setIssuedAt(now())
        .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: keyId(signingKey) })
        .sign(signingKey),
    ];
    for (const token of await Promise.all(bad)) expect(await verify(token)).toBeUndefined();
    const [, payload] = (await login()).split(".");
    expect(await verify(`${btoa('{"alg":"none","typ":"JWT"}')}.${payload}.`)).toBeUndefined();
  });

  test("headers that are none are refused without a look-up", async () => {
    const token = await login();
    for (const header of [
      "",
      "Bearer",
      `Bearer ${token}, Bearer ${token}`,
      `Basic ${token}`,
      token,
      `Bearer ${"a".repeat(50_000)}`,
    ]) {
      expect(await access.verify(header)).toBeUndefined();
    }
    expect(await access.verify(`bearer ${token}`)).toBeDefined();
  });
});

test("which scopes allow pulling (identity, matrix of pulls)", () => {
  const table: [scopes: string[], registries: boolean, dependencyProxies: boolean][] = [
    [["api"], true, true],
    [["read_virtual_registry"], true, true],
    [["write_virtual_registry"], true, false],
    [["read_virtual_registry", "write_virtual_registry"], true, true],
    [["read_registry", "write_registry"], true, true],
    [["read_registry", "read_virtual_registry"], true, true],
    [["read_registry", "write_virtual_registry"], true, false],
    [["read_registry"], false, false],
    [["write_registry"], false, false],
    [["read_api"], false, false],
    [[], false, false],
  ];
  for (const [scopes, ...allowed] of table) {
    expect([scopes, allowsPulling(scopes), allowsDependencyProxies(scopes)]).toEqual([
      scopes,
      ...allowed,
    ]);
  }
});

test("repositories asked for: several values, several scopes in one, nothing but pulling", () => {
  expect(
    repositoriesToPull([
      `${scope} repository:a/b:pull,push`,
      "repository:c:push",
      "registry:catalog:*",
      "nonsense",
      scope,
    ]),
  ).toEqual([repository, "a/b"]);
  const many = Array.from({ length: 300 }, (_, i) => `repository:r${i}:pull`);
  expect(repositoriesToPull(many)).toHaveLength(100);
});
