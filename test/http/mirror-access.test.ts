import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { hashSecret } from "../../src/lib/secret.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { clientCa, clientCertificates } from "../fakes/client-certificates.ts";
import { type BuiltImage, buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { adminToken, externalUrl, strangerToken, TestWeir } from "../fakes/weir.ts";

const name = "library/hello";
const own = `virtual_registries/container/1/${name}`;
const other = `virtual_registries/container/2/${name}`;
const service = new URL(externalUrl).host;
const dockerHub = { user: "hub-user-name", password: "dckr_pat_a-password-of-docker-hub" };

let fake: FakeUpstream;
let image: BuiltImage;
let ns: string;
const servers = new Map<string, Promise<TestWeir>>();
beforeAll(async () => {
  fake = await FakeUpstream.start();
  image = fake.image(name, "latest", buildImage({ layers: [sampleBytes(3000)] }));
  ns = `?ns=${new URL(fake.url).host}`;
});
afterAll(async () => {
  for (const server of servers.values()) await (await server).stop();
  await fake.stop();
});

/** A server with this environment, one for all tests that want the same. */
function serverWith(env: Record<string, string>): Promise<TestWeir> {
  const key = JSON.stringify(env);
  const known =
    servers.get(key) ?? TestWeir.start({ upstreams: [{ fake }], others: [{ fake }], env });
  servers.set(key, known);
  return known;
}

type Headers_ = Record<string, string>;

const manifest = (repository: string) => `/v2/${repository}/manifests/latest`;
const statusOf = async (server: TestWeir, at: string, headers: Headers_ = {}) =>
  (await fetch(server.url + at, { headers })).status;
const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;
const hubLogin = basic(dockerHub.user, dockerHub.password);
const scope = (...names: string[]) => names.map((one) => `repository:${one}:pull`);

async function askToken(
  server: TestWeir,
  scopes: readonly string[],
  headers: Headers_ = {},
): Promise<{ status: number; token: string; subject: string | undefined; text: string }> {
  const query = new URLSearchParams([["service", service], ...scopes.map((one) => ["scope", one])]);
  const answer = await fetch(`${server.url}/jwt/auth?${query}`, { headers });
  const text = await answer.text();
  const { token = "" } = JSON.parse(text) as { token?: string };
  const payload = token && (JSON.parse(atob(token.split(".")[1] ?? "")) as { sub: string });
  return { status: answer.status, token, subject: payload ? payload.sub : undefined, text };
}

const everybody = { WEIR_ANONYMOUS_PULL: "true" };
const mirrors = { WEIR_MIRROR_ANONYMOUS_PULL: "true" };
const registriesOnly = { ...everybody, WEIR_MIRROR_ANONYMOUS_PULL: "false" };
const known = { WEIR_MIRROR_CLIENT_ADDRESSES: "127.0.0.0/8" };
const unknown = { WEIR_MIRROR_CLIENT_ADDRESSES: "10.0.0.0/8" };

describe("without a login", () => {
  /** What is open, bare or with an anonymous token: of mirrors; of the mirror registry, with `ns`; of registries. */
  const settings: [env: Headers_, mirror: boolean, withNs: boolean, registry: boolean][] = [
    [{}, false, false, false],
    [mirrors, true, true, false],
    [known, true, true, false],
    [unknown, false, false, false],
    [everybody, true, true, true],
    [registriesOnly, false, true, true],
    [{ ...registriesOnly, ...known }, true, true, true],
  ];
  for (const [env, mirror, withNs, registry] of settings) {
    test(`${JSON.stringify(env)} opens ${mirror ? "" : "no "}mirror, ${withNs ? "" : "not "}the registry with ns, ${registry ? "" : "no "}registries`, async () => {
      const server = await serverWith(env);
      const places: [at: string, repository: string, isOpen: boolean][] = [
        [manifest(name), name, mirror],
        [manifest(name) + ns, name, mirror],
        [`/v2/${name}/blobs/${[...image.blobs.keys()][0]}`, name, mirror],
        [manifest(own), own, registry],
        [`${manifest(own)}?n=1`, own, registry],
        [manifest(own) + ns, own, withNs],
        [`/virtual_registries/container/1${manifest(name)}${ns}`, own, withNs],
        [`/virtual_registries/container/1${manifest(name)}`, own, registry],
        [manifest(other), other, registry],
        // Not the mirror registry, whatever the client calls it.
        [manifest(other) + ns, other, registry],
      ];
      const { token } = await askToken(await serverWith(everybody), scope(name, own, other));
      for (const [at, repository, isOpen] of places) {
        expect([at, await statusOf(server, at)]).toEqual([at, isOpen ? 200 : 401]);
        const bearer = { Authorization: `Bearer ${token}` };
        // The key is another server's, so its token is nobody's here.
        expect(await statusOf(server, at, bearer)).toBe(
          server === (await serverWith(everybody)) ? 200 : 401,
        );
        const asked = await askToken(server, scope(repository));
        if (asked.status === 200) {
          const given = { Authorization: `Bearer ${asked.token}` };
          expect([at, await statusOf(server, at, given)]).toEqual([at, isOpen ? 200 : 401]);
        } else {
          expect([asked.status, repository === name ? mirror : registry]).toEqual([401, false]);
        }
      }
      // Clients learn from the ping how to log in.
      for (const ping of ["/v2/", "/virtual_registries/container/1/v2/"]) {
        expect(await statusOf(server, ping)).toBe(401);
      }
    });
  }
});

describe("the token endpoint", () => {
  const none = undefined;
  const wrongOurs = basic("admin", "weir_pat_0123456789abcdef0123456789abcdef");
  const good = basic("any", adminToken);
  const mirror = scope(name);
  const table: [
    what: string,
    authorization: string | undefined,
    scopes: string[],
    open: string | number,
    closed: string | number,
  ][] = [
    ["nobody, for an image", none, mirror, "anonymous", 401],
    ["nobody, for two", none, scope(name, "library/other"), "anonymous", 401],
    ["nobody, for two in one parameter", none, [scope(name, "a/b").join(" ")], "anonymous", 401],
    ["nobody, for nothing", none, [], 401, 401],
    ["nobody, for a registry's", none, scope(own), 401, 401],
    ["nobody, for both", none, scope(name, own), 401, 401],
    ["empty credentials", basic("", ""), mirror, "anonymous", 401],
    ["Docker Hub's, for an image", hubLogin, mirror, "anonymous", 401],
    [
      "Docker Hub's, for pull and push",
      hubLogin,
      [`repository:${name}:pull,push`],
      "anonymous",
      401,
    ],
    ["Docker Hub's, for nothing (docker login)", hubLogin, [], 401, 401],
    ["Docker Hub's, for a blank", hubLogin, [" "], 401, 401],
    ["Docker Hub's, for a registry's", hubLogin, scope(own), 401, 401],
    ["Docker Hub's, for both", hubLogin, scope(name, own), 401, 401],
    [
      "Docker Hub's, for a Dependency Proxy's",
      hubLogin,
      scope("g/dependency_proxy/containers/a"),
      401,
      401,
    ],
    ["Docker Hub's, for something else", hubLogin, ["registry:catalog:*"], 401, 401],
    ["Docker Hub's, for something else too", hubLogin, [...mirror, "registry:catalog:*"], 401, 401],
    ["Docker Hub's, for nonsense too", hubLogin, [...mirror, "nonsense"], 401, 401],
    [
      "Docker Hub's, for a name that begins like ours",
      hubLogin,
      scope("virtual_registries/x"),
      401,
      401,
    ],
    ["a token of ours that is wrong", wrongOurs, mirror, 401, 401],
    ["a token of ours, for an image", good, mirror, "token", "token"],
    ["a token of ours, for nothing", good, [], "token", "token"],
    ["a token of ours, as user", basic(adminToken, ""), mirror, "anonymous", 401],
    ["not Basic", "Bearer abc", mirror, 401, 401],
  ];
  for (const [what, authorization, scopes, open, closed] of table) {
    test(`${what}: ${open} where mirrors are open, else ${closed}`, async () => {
      for (const [env, expected] of [
        [mirrors, open],
        [known, open],
        [{}, closed],
        [unknown, closed],
      ] as const) {
        const headers: Headers_ = authorization ? { Authorization: authorization } : {};
        const { status, subject } = await askToken(await serverWith(env), scopes, headers);
        expect([env, subject?.replace(/:\d+$/, "") ?? status]).toEqual([env, expected]);
      }
    });
  }

  test("takes Docker Hub's as a form too, an identity token among them", async () => {
    const post = async (env: Headers_, form: Headers_) => {
      const server = await serverWith(env);
      const body = new URLSearchParams({ service, ...form });
      const answer = await fetch(`${server.url}/jwt/auth`, { method: "POST", body });
      return [
        answer.status,
        ((await answer.json()) as { access_token?: string }).access_token !== undefined,
      ];
    };
    const [wanted = ""] = scope(name);
    const [ours = ""] = scope(own);
    const password = {
      grant_type: "password",
      username: dockerHub.user,
      password: dockerHub.password,
    };
    const identity = { grant_type: "refresh_token", refresh_token: "of Docker Hub" };
    expect(await post(mirrors, { ...password, scope: wanted })).toEqual([200, true]);
    expect(await post(mirrors, { ...password, scope: ours })).toEqual([401, false]);
    expect(await post({}, { ...password, scope: wanted })).toEqual([401, false]);
    expect(await post(mirrors, { ...identity, scope: wanted })).toEqual([200, true]);
    expect(await post(mirrors, { ...identity, scope: ours })).toEqual([400, false]);
    expect(await post(mirrors, identity)).toEqual([400, false]);
    expect(await post({}, { ...identity, scope: wanted })).toEqual([401, false]);
    // A token of ours is not made into a login by calling it one.
    const renamed = { grant_type: "refresh_token", refresh_token: adminToken, scope: ours };
    expect(await post(mirrors, renamed)).toEqual([400, false]);
  });
});

describe("dockerd with Docker Hub's credentials", () => {
  test("pulls, and nothing of them is kept, logged or passed on", async () => {
    const server = await serverWith({ ...mirrors, WEIR_LOG_LEVEL: "debug" });
    const ping = await fetch(`${server.url}/v2/`);
    expect(ping.headers.get("www-authenticate")).toStartWith("Bearer ");
    const query = new URLSearchParams({
      account: dockerHub.user,
      scope: scope(name)[0] ?? "",
      service,
    });
    const answer = await fetch(`${server.url}/jwt/auth?${query}`, {
      headers: { Authorization: hubLogin },
    });
    const { token } = (await answer.json()) as { token: string };
    const headers = { Authorization: `Bearer ${token}` };
    expect(await statusOf(server, manifest(name), headers)).toBe(200);
    for (const digest of image.blobs.keys()) {
      expect(await statusOf(server, `/v2/${name}/blobs/${digest}`, headers)).toBe(200);
    }
    // Nor does the token open anything else.
    expect(await statusOf(server, manifest(own), headers)).toBe(401);
    expect(await statusOf(server, manifest("library/other"), headers)).toBe(401);
    await server.halt();
    const secrets = [
      dockerHub.user,
      dockerHub.password,
      btoa(`${dockerHub.user}:${dockerHub.password}`),
    ];
    secrets.push(hashSecret(dockerHub.password));
    const seen = JSON.stringify(fake.seen().map((one) => [...one.headers, one.path, one.query]));
    const files = readdirSync(server.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "latin1"));
    for (const text of [
      JSON.stringify(server.logLines),
      seen,
      token,
      atob(token.split(".")[1] ?? ""),
      ...files,
    ]) {
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
    expect(server.logLines.filter(({ level }) => level !== "info" && level !== "debug")).toEqual(
      [],
    );
    await server.run();
  });

  test("a token of ours counts as what it is: a user without rights gets nothing, though mirrors are open", async () => {
    const server = await serverWith(mirrors);
    const stranger = await server.tokenFor(name, strangerToken);
    expect(await statusOf(server, manifest(name), { Authorization: `Bearer ${stranger}` })).toBe(
      404,
    );
    const admin = await server.tokenFor(name);
    expect(await statusOf(server, manifest(name), { Authorization: `Bearer ${admin}` })).toBe(200);
  });
});

describe("by address", () => {
  const env = { WEIR_MIRROR_CLIENT_ADDRESSES: "10.7.0.0/16, 2001:db8::/32" };
  const behind = { ...env, WEIR_TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/24" };
  const xff = (text: string) => ({ "X-Forwarded-For": text });
  const table: [env: Headers_, headers: Headers_, isOpen: boolean][] = [
    [env, {}, false],
    [env, xff("10.7.0.1"), false],
    [env, { Forwarded: "for=10.7.0.1" }, false],
    [behind, {}, false],
    [behind, xff("10.7.0.1"), true],
    [behind, xff("10.8.0.1"), false],
    [behind, xff("10.7.0.1, 10.8.0.1"), false],
    [behind, xff("10.8.0.1, 10.7.0.1, 10.0.0.2"), true],
    [behind, xff("10.7.0.1:51000"), true],
    [behind, xff("::ffff:10.7.0.1"), true],
    [behind, xff("012.7.0.1"), false],
    [behind, xff("10.7.0.1, unknown"), false],
    [behind, { Forwarded: 'for="[2001:db8::5]:80"' }, true],
    [behind, { Forwarded: "for=10.7.0.1, for=10.8.0.1" }, false],
    [behind, { ...xff("10.8.0.1"), Forwarded: "for=10.7.0.1" }, false],
    [behind, { "X-Real-IP": "10.7.0.1" }, false],
    // A proxy alone is not a client, whatever the range.
    [{ ...behind, WEIR_MIRROR_CLIENT_ADDRESSES: "0.0.0.0/0" }, {}, false],
    [{ ...behind, WEIR_MIRROR_CLIENT_ADDRESSES: "0.0.0.0/0" }, xff("192.0.2.1"), true],
  ];
  for (const [settings, headers, isOpen] of table) {
    test(`${JSON.stringify(Object.values(settings))} ${JSON.stringify(headers)}: ${isOpen ? "open" : "closed"}`, async () => {
      const server = await serverWith(settings);
      const status = isOpen ? 200 : 401;
      expect(await statusOf(server, manifest(name), headers)).toBe(status);
      expect((await askToken(server, scope(name), headers)).status).toBe(status);
      const login = { ...headers, Authorization: hubLogin };
      expect((await askToken(server, scope(name), login)).status).toBe(status);
    });
  }

  test("a token that was given at one address opens nothing at another", async () => {
    const server = await serverWith(behind);
    const { token } = await askToken(server, scope(name), xff("10.7.0.1"));
    const authorization = { Authorization: `Bearer ${token}` };
    expect(await statusOf(server, manifest(name), { ...authorization, ...xff("10.7.9.9") })).toBe(
      200,
    );
    expect(await statusOf(server, manifest(name), { ...authorization, ...xff("10.8.0.1") })).toBe(
      401,
    );
    expect(await statusOf(server, manifest(name), authorization)).toBe(401);
  });
});

describe("by certificate", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "weir-certificates-"));
  const file = (base: string) => path.join(folder, base);
  const files = {
    [file("tls.crt")]: testCertificate.cert,
    [file("tls.key")]: testCertificate.key,
    [file("clients.pem")]: clientCa,
  };
  let server: TestWeir;
  beforeAll(async () => {
    for (const [at, text] of Object.entries(files)) writeFileSync(at, text);
    server = await TestWeir.start({
      upstreams: [{ fake }],
      files,
      env: {
        WEIR_TLS_CERT: file("tls.crt"),
        WEIR_TLS_KEY: file("tls.key"),
        WEIR_MIRROR_CLIENT_CA: file("clients.pem"),
        WEIR_MIRROR_LISTEN: "127.0.0.1:0",
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  type Certificate = { cert: string; key: string };
  const ask = (url: string, certificate?: Certificate, headers: Headers_ = {}) =>
    fetch(url, {
      headers,
      // A connection of its own, which nobody else's certificate has opened.
      keepalive: false,
      tls: { ca: testCertificate.cert, ...certificate },
    });
  const main = () => server.url.replace("http:", "https:");

  test("what a mirror gives is open to who shows one, and the ping says so", async () => {
    const { node } = clientCertificates;
    for (const [at, status] of [
      ["/v2/", 200],
      ["/virtual_registries/container/1/v2/", 200],
      [manifest(name), 200],
      [manifest(name) + ns, 200],
      [`/virtual_registries/container/1${manifest(name)}${ns}`, 200],
      [manifest(own), 401],
      [manifest(other) + ns, 401],
      ["/metrics", 200],
      ["/api/v4/virtual_registries/container/registries/1", 401],
    ] as const) {
      expect([at, (await ask(server.mirrorUrl + at, node)).status]).toEqual([at, status]);
    }
  });

  test("at the main port it opens nothing, nor does a token from there go without it", async () => {
    const { node } = clientCertificates;
    expect((await ask(main() + manifest(name), node)).status).toBe(401);
    expect((await ask(`${main()}/v2/`, node)).status).toBe(401);
    const query = new URLSearchParams({ service, scope: scope(name)[0] ?? "" });
    expect((await ask(`${main()}/jwt/auth?${query}`, node)).status).toBe(401);
    const issued = await ask(`${server.mirrorUrl}/jwt/auth?${query}`, node, {
      Authorization: hubLogin,
    });
    expect(issued.status).toBe(200);
    const { token } = (await issued.json()) as { token: string };
    const headers = { Authorization: `Bearer ${token}` };
    expect((await ask(server.mirrorUrl + manifest(name), node, headers)).status).toBe(200);
    expect((await ask(main() + manifest(name), node, headers)).status).toBe(401);
  });

  const { stranger, expired, server: ofServers } = clientCertificates;
  const wrong: [what: string, certificate: Certificate | undefined][] = [
    ["none", undefined],
    ["one of another authority with the same name", stranger],
    ["one whose time is over", expired],
    ["one for servers", ofServers],
    ["the server's own", testCertificate],
    ["somebody's certificate without its key", { ...clientCertificates.node, key: stranger.key }],
  ];
  for (const [what, certificate] of wrong) {
    test(`${what}: no request is heard`, async () => {
      const before = server.logLines.length;
      for (const at of ["/v2/", manifest(name), "/healthz"]) {
        expect(ask(server.mirrorUrl + at, certificate)).rejects.toThrow();
        await ask(server.mirrorUrl + at, certificate).catch(() => undefined);
      }
      expect(server.logLines.slice(before)).toEqual([]);
    });
  }

  test("an address that is taken is told by the setting's name", async () => {
    const port = new URL(server.mirrorUrl).port;
    const started = TestWeir.start({
      upstreams: [{ fake }],
      files,
      env: {
        WEIR_TLS_CERT: file("tls.crt"),
        WEIR_TLS_KEY: file("tls.key"),
        WEIR_MIRROR_CLIENT_CA: file("clients.pem"),
        WEIR_MIRROR_LISTEN: `127.0.0.1:${port}`,
      },
    });
    expect(started).rejects.toMatchObject({ code: "EADDRINUSE", setting: "WEIR_MIRROR_LISTEN" });
  });
});
