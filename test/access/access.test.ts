import { beforeEach, describe, expect, test } from "bun:test";
import { decodeProtectedHeader, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { AccessTokens } from "../../src/access/access-tokens.ts";
import { type AccessOptions, createAccess } from "../../src/access/access.ts";
import type { Access, Visitor } from "../../src/access/contract.ts";
import { opens } from "../../src/access/doors.ts";
import { repositoriesToPull } from "../../src/access/scopes.ts";
import { createLogins } from "../../src/access/logins.ts";
import type { OpenDoors } from "../../src/access/visitors.ts";
import { deriveKey, keyId } from "../../src/lib/keys.ts";
import { clientsBy } from "../../src/lib/address-ranges.ts";
import { createLog } from "../../src/lib/log.ts";
import { hashSecret } from "../../src/lib/secret.ts";
import type {
  Credentials,
  DependencyProxy,
  Registry,
  UserCredential,
} from "../../src/metadata/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";

const signingKey = deriveKey("secret", "pull tokens");
const otherKey = deriveKey("other", "pull tokens");
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
  verified: new Map(),
});

/** The Dependency Proxy of the first of these groups, which is in the others. */
const proxy = (...readers: [number, ...number[]]): DependencyProxy => ({
  ...registry(readers[0]),
  id: -1,
  readers,
});

let clock: SteppedClock;
let credential: UserCredential | undefined;
let access: Access;

const closed: OpenDoors = {
  anonymousPull: false,
  mirrorAnonymousPull: false,
  isMirrorClient: (address) => address === "10.0.0.1",
};
const visitor = (as: Visitor["as"] = "registry", from: Partial<Visitor> = {}): Visitor => ({
  as,
  certified: false,
  address: () => undefined,
  ...from,
});

const live = () => (clock.now() < (credential?.expiresAt ?? Infinity) ? credential : undefined);

function create(open: Partial<OpenDoors>, keys: Partial<AccessOptions> = {}): Access {
  const credentials = {
    byHash: async (hash: string) => (hash === hashSecret(secret) ? live() : undefined),
    byId: async (id: number) => (live()?.tokenId === id ? credential : undefined),
    noteUse() {},
  } as Partial<Credentials> as Credentials;
  const externalUrl = "https://weir.test:8443";
  return createAccess({
    provers: [new AccessTokens(credentials)],
    clock,
    signingKey,
    externalUrl,
    tokenSeconds: 900,
    open: { ...closed, ...open },
    logins: createLogins({
      clock,
      log: createLog(clock, "error", { write() {}, async flush() {} }),
      banSeconds: 0,
      clientAt: clientsBy(() => false),
      incidents: { note() {}, async flush() {} },
    }),
    ...keys,
  });
}

beforeEach(() => {
  clock = new SteppedClock();
  credential = {
    kind: "personal",
    tokenId: 5,
    scopes: ["read_virtual_registry"],
    expiresAt: undefined,
    user: { id: 1, username: "ann", admin: false },
    memberships: new Map([[7, "guest"]]),
    projects: new Map(),
    projectGroups: new Set(),
    validUntil: undefined,
  };
  access = create({});
});

const login = async (password = secret, scopes = [scope]) =>
  (await access.issue({ username: "any", password }, scopes, visitor())).token;
const verify = (token: string) => access.verify(`Bearer ${token}`, visitor);
const claim = (token: string) =>
  JSON.parse(atob(token.split(".")[1] ?? "")) as Record<string, unknown>;

describe("token endpoint", () => {
  test("an access token as the password becomes a pull token, true about its life", async () => {
    const scopes = [scope, "repository:x:push,pull"];
    const issued = await access.issue({ username: "any", password: secret }, scopes, visitor());
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
      expect(access.issue(given, [], visitor())).rejects.toMatchObject({
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
    const anyone = create({ anonymousPull: true });
    const { token } = await anyone.issue(undefined, [scope], visitor());
    expect((await anyone.verify(`Bearer ${token}`, visitor))?.actor.kind).toBe("anonymous");
    expect((await anyone.verify(undefined, visitor))?.mayPull(registry(99))).toBe("granted");
    expect(await access.verify(`Bearer ${token}`, visitor)).toBeUndefined();
    expect(await access.verify(undefined, visitor)).toBeUndefined();
    const wrong = { username: "a", password: "no" };
    expect(anyone.issue(wrong, [], visitor())).rejects.toMatchObject({ code: "unauthorized" });
  });

  const known = { address: () => "10.0.0.1" };
  const unknown = { address: () => "10.0.0.2" };
  const certified = { certified: true };
  const doors: [open: Partial<OpenDoors>, from: Partial<Visitor>, opens: Visitor["as"][]][] = [
    [{}, {}, []],
    [{}, unknown, []],
    [{}, known, ["mirror", "either"]],
    [{}, certified, ["mirror", "either"]],
    [{ mirrorAnonymousPull: true }, {}, ["mirror", "either"]],
    [{ anonymousPull: true }, {}, ["registry", "either"]],
    [{ anonymousPull: true }, known, ["registry", "mirror", "either"]],
    [{ anonymousPull: true, mirrorAnonymousPull: true }, {}, ["registry", "mirror", "either"]],
  ];
  for (const [open, from, opens] of doors) {
    test(`${JSON.stringify(open)} ${from.address?.() ?? ""}${from.certified ? "certified" : ""}: ${opens.join() || "nothing"} is open, bare, by token, and to foreign credentials for mirrors`, async () => {
      const some = create(open);
      const { token } = await create({ anonymousPull: true }).issue(undefined, [scope], visitor());
      for (const as of ["registry", "mirror", "either"] as const) {
        const who = visitor(as, from);
        const isOpen = opens.includes(as);
        const given = await Promise.all([
          some.verify(undefined, () => who),
          some.verify(`Bearer ${token}`, () => who),
        ]);
        expect(given.map((grant) => grant?.actor.kind)).toEqual(
          isOpen ? ["anonymous", "anonymous"] : [undefined, undefined],
        );
        expect(given.map((grant) => grant?.repositories?.size)).toEqual([
          undefined,
          isOpen ? 1 : undefined,
        ]);
        const issued = (credentials: Parameters<Access["issue"]>[0]) =>
          some.issue(credentials, [scope], who).then(
            ({ token: one }) => claim(one)["sub"],
            (error: unknown) => (error as { code: string }).code,
          );
        const anonymous = isOpen ? "anonymous" : "unauthorized";
        expect(await issued(undefined)).toBe(anonymous);
        expect(await issued({ username: "", password: "" })).toBe(anonymous);
        const foreign = isOpen && as === "mirror" ? "anonymous" : "unauthorized";
        expect(await issued({ username: "hub", password: "dckr_pat_x" })).toBe(foreign);
        expect(await issued({ username: "hub", password: "x".repeat(3000) })).toBe(foreign);
        expect(await issued({ username: "hub", password: "weir_pat_mistyped" })).toBe(
          "unauthorized",
        );
        expect(await issued({ username: "hub", password: secret })).toBe("token:5");
      }
    });
  }

  test("an expired token of ours is no foreign credential, nor one without the scope", async () => {
    const some = create({ mirrorAnonymousPull: true });
    const given = { username: "a", password: secret };
    credential = { ...credential!, scopes: ["read_api"] };
    expect(some.issue(given, [scope], visitor("mirror"))).rejects.toMatchObject({ code: "denied" });
    credential = { ...credential, expiresAt: clock.now() };
    expect(some.issue(given, [scope], visitor("mirror"))).rejects.toMatchObject({
      code: "unauthorized",
    });
  });
});

describe("pull token", () => {
  test("grants what its owner may do now, in the owner's groups", async () => {
    const grant = await verify(await login());
    expect(grant?.actor).toEqual({ kind: "user", name: "ann" });
    expect([...(grant?.repositories ?? [])]).toEqual([repository]);
    expect([grant?.mayPull(registry(7)), grant?.mayPull(registry(8))]).toEqual([
      "granted",
      undefined,
    ]);
  });

  test("opens a Dependency Proxy to members of its group and of those above, and to no others", async () => {
    const grant = await verify(await login());
    const may = (...readers: [number, ...number[]]) => grant?.mayPull(proxy(...readers));
    expect([may(7), may(8, 7), may(9, 8, 7)]).toEqual(["granted", "granted", "granted"]);
    expect([may(8), may(9, 8)]).toEqual([undefined, undefined]);
    credential = { ...credential!, user: { ...credential!.user, admin: true } };
    expect((await verify(await login()))?.mayPull(proxy(8))).toBe("granted");
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
  const day = () => Math.floor(clock.now() / 86_400_000);
  const kid = (days = 0, root = signingKey) => `${day() + days}.${keyId(root)}`;
  const keyOf = (days = 0, root = signingKey) => deriveKey(root, `epoch ${day() + days}`);
  const forge = (alter: (jwt: SignJWT) => SignJWT, header = {}, key = keyOf()) =>
    alter(
      new SignJWT({ access: [] })
        .setIssuer("weir")
        .setAudience("weir.test:8443")
        .setSubject("token:5")
        .setIssuedAt(now())
        .setExpirationTime(now() + 900),
    )
      .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: kid(), ...header })
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
      forge((jwt) => jwt, { kid: undefined }),
      forge((jwt) => jwt, { jku: "https://example.com/keys" }),
      forge((jwt) => jwt, { jwk: { kty: "oct", k: signingKey.toBase64() } }),
      forge((jwt) => jwt, { crit: ["exp"] }),
      // Keys of other days: signed with what their names say, and by no means tokens of today.
      ...[-2, -1, 1].map((days) => forge((jwt) => jwt, { kid: kid(days) }, keyOf(days))),
      forge((jwt) => jwt, {}, signingKey),
      forge((jwt) => jwt, { alg: "HS512" }, new Uint8Array(64)),
      forge((jwt) => jwt, {}, keyOf(0, otherKey)),
      forge((jwt) => jwt, { kid: kid(0, otherKey) }, keyOf(0, otherKey)),
      new SignJWT({ access: [] })
        .setIssuer("weir")
        .setAudience("weir.test:8443")
        .setSubject("token:5")
        .setIssuedAt(now())
        .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: kid() })
        .sign(keyOf()),
    ].map((made) => made.catch(() => "not to be made"));
    for (const token of await Promise.all(bad)) expect(await verify(token)).toBeUndefined();
    const [, payload] = (await login()).split(".");
    expect(await verify(`${btoa('{"alg":"none","typ":"JWT"}')}.${payload}.`)).toBeUndefined();
  });

  test("nor with a public key in place of the secret, and nothing in it is looked up", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const pem = new TextEncoder().encode(await exportSPKI(publicKey));
    expect(await verify(await forge((jwt) => jwt, {}, pem))).toBeUndefined();
    const signed = new SignJWT({ access: [] })
      .setIssuer("weir")
      .setAudience("weir.test:8443")
      .setSubject("token:5")
      .setIssuedAt(now())
      .setExpirationTime(now() + 900)
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: kid() });
    expect(await verify(await signed.sign(privateKey))).toBeUndefined();
  });

  test("a token that was cut off, or put together from two, opens nothing", async () => {
    const [one, other] = [await login(), await login(secret, ["repository:other:pull"])];
    for (const length of [0, 1, 20, one.length >> 1, one.length - 2]) {
      expect(await verify(one.slice(0, length))).toBeUndefined();
    }
    const parts = [one, other].map((token) => token.split("."));
    const mixed = [parts[0]?.[0], parts[1]?.[1], parts[0]?.[2]].join(".");
    expect(await verify(mixed)).toBeUndefined();
    expect(await verify(one.split(".").slice(0, 2).join("."))).toBeUndefined();
  });

  test("clocks may differ by a minute, and no more", async () => {
    clock.step(43_200_000);
    const at = (seconds: number) =>
      forge((jwt) => jwt.setIssuedAt(now() + seconds).setExpirationTime(now() + seconds + 900));
    expect(await verify(await at(59))).toBeDefined();
    expect(await verify(await at(-959))).toBeDefined();
    expect(await verify(await at(61))).toBeUndefined();
    expect(await verify(await at(-961))).toBeUndefined();
  });

  test("keys change each day by themselves, and a former one counts as long as its tokens", async () => {
    clock.step(86_400_000 - 60_000);
    const evening = await login();
    clock.step(120_000);
    const morning = await login();
    const names = [evening, morning].map((token) => decodeProtectedHeader(token).kid);
    expect(names).toEqual([kid(-1), kid()]);
    const restarted = create({});
    for (const token of [evening, morning]) {
      expect(await restarted.verify(`Bearer ${token}`, visitor)).toBeDefined();
    }
    clock.step(850_000);
    expect(await create({}).verify(`Bearer ${evening}`, visitor)).toBeUndefined();
    expect(await create({}).verify(`Bearer ${morning}`, visitor)).toBeDefined();
  });

  test("tokens that live a day outlive the key of their day", async () => {
    const long = () => create({}, { tokenSeconds: 86_400 });
    const { token } = await long().issue({ username: "a", password: secret }, [scope], visitor());
    clock.step(86_400_000);
    expect(await long().verify(`Bearer ${token}`, visitor)).toBeDefined();
    clock.step(60_000);
    expect(await long().verify(`Bearer ${token}`, visitor)).toBeUndefined();
  });

  test("with another secret key, those of the former one are taken while it is given", async () => {
    const token = await login();
    const changed = { signingKey: otherKey };
    expect(await create({}, changed).verify(`Bearer ${token}`, visitor)).toBeUndefined();
    const both = create({}, { ...changed, formerSigningKeys: [signingKey] });
    expect(await both.verify(`Bearer ${token}`, visitor)).toBeDefined();
    const { token: next } = await both.issue(
      { username: "a", password: secret },
      [scope],
      visitor(),
    );
    expect(decodeProtectedHeader(next).kid).toBe(kid(0, otherKey));
    expect(await create({}, changed).verify(`Bearer ${next}`, visitor)).toBeDefined();
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
      expect(await access.verify(header, visitor)).toBeUndefined();
    }
    expect(await access.verify(`bearer ${token}`, visitor)).toBeDefined();
  });
});

test("which scopes allow pulling (identity, matrix of pulls)", () => {
  const table: [scopes: string[], allowed: boolean][] = [
    [["api"], true],
    [["read_virtual_registry"], true],
    [["write_virtual_registry"], true],
    [["read_virtual_registry", "write_virtual_registry"], true],
    [["read_registry", "write_registry"], true],
    [["read_registry", "read_virtual_registry"], true],
    [["read_registry", "write_virtual_registry"], true],
    [["read_registry"], false],
    [["write_registry"], false],
    [["read_api"], false],
    [[], false],
  ];
  for (const [scopes, allowed] of table) {
    expect([scopes, opens({ kind: "personal", scopes }, "login")]).toEqual([scopes, allowed]);
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
  const thousand = Array.from({ length: 1000 }, (_, i) => `repository:${"r".repeat(200)}${i}:pull`);
  const taken = repositoriesToPull([thousand.join(" ")]);
  expect(taken.length).toBeGreaterThan(20);
  expect(JSON.stringify(taken).length).toBeLessThan(8000);
});
