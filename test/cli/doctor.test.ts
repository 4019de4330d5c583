import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Examination, examine } from "../../src/examination.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { until } from "../fakes/until.ts";
import { errorDocument } from "../fakes/s3-faults.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { adminToken, TestWeir } from "../fakes/weir.ts";
import { run, type RunOptions } from "./world.ts";

interface Finding {
  check: string;
  status: string;
  message: string;
  fix?: string;
}

async function diagnose(env: Record<string, string>, options: RunOptions = {}) {
  const { code, out, err } = await run(["doctor", "--json"], { env, ...options });
  if (out === "") throw new Error(err);
  const findings = JSON.parse(out) as Finding[];
  expect(code).toBe(findings.some(({ status }) => status === "failed") ? 1 : 0);
  const by = (check: string) => findings.find((finding) => finding.check === check);
  return { findings, by, notFine: findings.filter(({ status }) => status !== "ok") };
}

/** What a proxy may do to a request on its way. */
interface Proxy {
  forwards: boolean;
  closes?: boolean;
  dropsRange?: boolean;
  dropsAuthorization?: boolean;
}
let proxy: Proxy;
let weir: TestWeir;
let upstream: FakeUpstream;
let server: Bun.Server<undefined>;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const image = upstream.image("library/app", "latest");
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: pass });
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    database: "file",
    env: { WEIR_EXTERNAL_URL: outside(), WEIR_TRUSTED_PROXIES: "127.0.0.1" },
  });
  // The service that tokens are for is the address that clients use.
  const service = new URL(outside()).host;
  const scope = "repository:virtual_registries/container/1/library/app:pull";
  const login = { Authorization: `Basic ${btoa(`a:${adminToken}`)}` };
  const query = new URLSearchParams({ service, scope });
  const given = await fetch(`${weir.url}/jwt/auth?${query}`, { headers: login });
  const { token } = (await given.json()) as { token: string };
  const headers = { Authorization: `Bearer ${token}` };
  const [layer] = image.layers;
  for (const kind of ["manifests/latest", `blobs/${layer}`]) {
    const prefix = "/v2/virtual_registries/container/1/library/app";
    const url = `${weir.url}${prefix}/${kind}`;
    const answer = await fetch(url, { headers });
    await answer.arrayBuffer();
    expect(answer.status).toBe(200);
    // What has been read to its end takes a moment to rest in the store.
    await until(async () => {
      const head = await fetch(url, { method: "HEAD", headers });
      return head.headers.get("x-weir-cache")?.startsWith("hit") ?? false;
    });
  }
});
afterAll(async () => {
  await weir.stop();
  await server.stop(true);
  await upstream.stop();
});

const outside = () => `http://127.0.0.1:${server.port}`;

/** A proxy as operators set them up. */
function pass(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  if (proxy.forwards) headers.set("X-Forwarded-For", "192.0.2.7");
  if (proxy.closes) headers.set("Connection", "close");
  if (proxy.dropsRange) headers.delete("Range");
  if (proxy.dropsAuthorization && pathname === "/v2/") headers.delete("Authorization");
  return fetch(`${weir.url}${pathname}${search}`, { headers, redirect: "manual" });
}

const env = () => ({
  WEIR_DATA_DIR: weir.dataDir,
  WEIR_LISTEN: `127.0.0.1:${new URL(weir.url).port}`,
  WEIR_EXTERNAL_URL: outside(),
  WEIR_ADMIN_TOKEN: adminToken,
  WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
  WEIR_MIN_FREE_BYTES: "0",
});
const real = { examine };

describe("beside a running server", () => {
  test("all is well, from the disk to a part of a blob", async () => {
    proxy = { forwards: true };
    const { findings, notFine } = await diagnose(env(), real);
    expect(notFine.map(({ check, message }) => `${check}: ${message}`)).toEqual([
      "clock: no upstream tells its time",
    ]);
    expect(findings.map(({ check }) => check)).toEqual([
      "configuration",
      "data folder",
      "disk",
      "secret key",
      "database",
      "upstream up1",
      "clock",
      "server",
      "external URL",
      "token",
      "proxy",
      "range request",
    ]);
    const told = await run(["doctor"], { env: env(), ...real });
    expect(told).toMatchObject({ code: 0, err: "" });
    expect(told.out).toContain("ok    database       it is whole, and that of this release\n");
    expect(told.out).toEndWith("\n11 fine, 0 warnings, 0 failed, 1 skipped");
  });

  test("upstreams with one address are asked once and all named; a mirror's registry that is gone", async () => {
    proxy = { forwards: true };
    const api = { WEIR_URL: weir.url, WEIR_TOKEN: adminToken };
    const does = async (...argv: string[]) => {
      const done = await run(argv, { env: api });
      expect(done).toMatchObject({ code: 0 });
      return done.out;
    };
    await does("group", "create", "twin");
    const made = await does("registry", "create", "r", "--group", "twin", "--json");
    const { id } = JSON.parse(made) as { id: number };
    await does("upstream", "add", String(id), upstream.url, "--name", "second");
    const { by } = await diagnose({ ...env(), WEIR_MIRROR_REGISTRY: "99" }, real);
    expect(by("upstream up1")?.message).toEndWith("; so for second");
    expect(by("mirror")).toMatchObject({ status: "warning" });
    await does("group", "delete", "twin", "--yes");
  });

  test("from another machine, only the address is looked at", async () => {
    proxy = { forwards: true };
    const { findings } = await diagnose({ WEIR_URL: outside(), WEIR_TOKEN: adminToken });
    const checks = ["external URL", "token", "proxy", "range request"];
    expect(findings.map(({ check }) => check)).toEqual(checks);
    const none = await diagnose({ WEIR_URL: outside() });
    expect(none.by("token")).toMatchObject({ status: "skipped" });
  });

  const proxies: [what: string, proxy: Proxy, check: string, finding: object][] = [
    [
      "does not say whose requests it forwards",
      { forwards: false },
      "proxy",
      { status: "warning", fix: "have the proxy send X-Forwarded-For, once and unbroken" },
    ],
    [
      "speaks HTTP/1.0",
      { forwards: true, closes: true },
      "proxy",
      { status: "warning", message: expect.stringContaining("speaks HTTP/1.0") },
    ],
    ["drops Range", { forwards: true, dropsRange: true }, "range request", { status: "failed" }],
    [
      "drops Authorization",
      { forwards: true, dropsAuthorization: true },
      "token",
      { status: "failed", message: "the token that a login gives is answered with 401" },
    ],
  ];
  test.each(proxies)("a proxy that %s", async (_, does, check, finding) => {
    proxy = does;
    const { by } = await diagnose({ WEIR_URL: outside(), WEIR_TOKEN: adminToken });
    expect(by(check)).toMatchObject(finding);
  });

  test("an address that is not the one that clients are sent to", async () => {
    const { by } = await diagnose({ WEIR_URL: weir.url, WEIR_TOKEN: adminToken });
    expect(by("external URL")).toMatchObject({
      status: "failed",
      message: `clients are sent to ${outside()}/jwt/auth (service 127.0.0.1:${server.port}) to log in`,
    });
  });

  test("an upstream that may not be dialled, one that is not there", async () => {
    proxy = { forwards: true };
    const { WEIR_ALLOWED_UPSTREAM_ADDRESSES: _, ...guarded } = env();
    const blocked = await diagnose(guarded, real);
    expect(blocked.by("upstream up1")).toMatchObject({
      status: "failed",
      fix: expect.stringContaining("WEIR_ALLOWED_UPSTREAM_ADDRESSES"),
    });
    upstream.fault("*", { status: 401 });
    const denied = await diagnose(env(), real);
    expect(denied.by("upstream up1")).toMatchObject({
      status: "failed",
      fix: expect.stringContaining("check its user name and password"),
    });
    upstream.heal();
  });
});

describe("without a server", () => {
  const nobody = { WEIR_LISTEN: "127.0.0.1:1" };

  test("a bad configuration is all there is to say", async () => {
    const { findings } = await diagnose({ WEIR_LISTEN: "x", WEIR_LOG_LEVEL: "y" }, real);
    expect(findings.map(({ check, status }) => [check, status])).toEqual([
      ["configuration", "failed"],
      ["configuration", "failed"],
    ]);
  });

  test("before a first start there is little to say, and nothing is made", async () => {
    const WEIR_DATA_DIR = path.join(tmpdir(), `weir-none-${crypto.randomUUID()}`);
    const { by } = await diagnose({ ...nobody, WEIR_DATA_DIR }, real);
    expect(by("data folder")).toMatchObject({ status: "skipped" });
    expect(by("server")).toMatchObject({ status: "skipped", fix: "start it: weir serve" });
    expect(() => chmodSync(WEIR_DATA_DIR, 0o700)).toThrow();
  });

  test("a damaged database, one of a later release, a key that all can read", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "weir-doctor-"));
    const settings = { ...nobody, WEIR_DATA_DIR: folder };
    try {
      writeFileSync(path.join(folder, "secret.key"), "weir_key_0123456789abcdefghijklmn\n");
      chmodSync(path.join(folder, "secret.key"), 0o644);
      const file = path.join(folder, "weir.db");
      const database = new Database(file);
      database.run("create table kysely_migration (name text)");
      database.run("insert into kysely_migration values ('9999_later')");
      database.close(true);
      const later = await diagnose(settings, real);
      expect(later.by("database")).toMatchObject({ message: "a newer release has changed it" });
      expect(later.by("secret key")).toMatchObject({ fix: "chmod 600 secret.key" });
      writeFileSync(file, "no database at all, however one looks at it".repeat(100));
      const broken = await diagnose(settings, real);
      expect(broken.by("database")).toMatchObject({
        status: "failed",
        message: "weir.db cannot be read (SQLITE_NOTADB)",
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const asked = (ahead: number): Examination => ({
    folder: { path: "/d", state: "usable", problem: undefined, freeBytes: 1, key: "given" },
    bucket: undefined,
    database: {
      schema: "current",
      problem: undefined,
      damage: [],
      registries: [2],
      sealed: ["partner"],
    },
    upstreams: [
      { name: "hub", url: "https://hub", others: ["dp", "own"], failure: undefined, ahead },
    ],
  });
  test.each([
    [5000, "ok"],
    [-60_000, "warning"],
    [3_600_000, "failed"],
  ])("a clock that is %d ms off is %s; and a full disk, a wrong key", async (ahead, status) => {
    const options = { examine: async () => asked(ahead) };
    const { by } = await diagnose(nobody, options);
    expect(by("clock")).toMatchObject({ status });
    expect(by("disk")).toMatchObject({ status: "failed" });
    expect(by("upstream hub")?.message).toBe("https://hub answers as a registry; so for dp, own");
    expect(by("mirror")).toMatchObject({
      status: "warning",
      message: expect.stringContaining("the registry 1 of WEIR_MIRROR_REGISTRY is not there"),
    });
    expect(by("passwords")).toMatchObject({ message: expect.stringContaining("partner") });
  });
});

test("a bucket: one that can be read, has an authority of its own, denies, is not there", async () => {
  let denies = false;
  using secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: testCertificate,
    fetch({ url }) {
      if (denies) return errorDocument(403, "AccessDenied");
      return url.includes("list-type")
        ? new Response("<ListBucketResult></ListBucketResult>")
        : errorDocument(404, "NoSuchKey");
    },
  });
  const endpoint = `https://127.0.0.1:${secure.port}`;
  const around = { WEIR_LISTEN: "127.0.0.1:1", WEIR_DATA_DIR: "/nowhere/weir" };
  const bucket = (at: string, more: Record<string, string> = {}) => {
    const login = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    const env = { ...around, ...login, WEIR_BLOBS_URL: `s3://blobs?endpoint=${at}`, ...more };
    return diagnose(env, { ...real, files: { "ca.pem": testCertificate.cert } });
  };
  const ca = { WEIR_BLOBS_CA: "ca.pem" };
  const where = `blobs at ${endpoint}`;
  expect((await bucket(endpoint, ca)).by("bucket")).toMatchObject({
    status: "ok",
    message: `${where} can be read`,
  });
  expect((await bucket(endpoint)).by("bucket")).toMatchObject({
    status: "failed",
    message: expect.stringContaining("certificate of the bucket's endpoint is not trusted"),
    fix: expect.stringContaining("WEIR_BLOBS_CA"),
  });
  denies = true;
  expect((await bucket(endpoint, ca)).by("bucket")).toMatchObject({
    message: `${where}: the bucket denies access: see the credentials and its policy (AccessDenied)`,
    fix: expect.stringContaining("the rights that docs/configuration.md lists"),
  });
  expect((await bucket("http://127.0.0.1:1")).by("bucket")).toMatchObject({
    status: "failed",
    fix: expect.stringContaining("can be reached from here"),
  });
});

test("a certificate that nobody trusts", async () => {
  using secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: testCertificate,
    fetch: () => new Response("hello"),
  });
  const { by } = await diagnose({ WEIR_URL: `https://127.0.0.1:${secure.port}` });
  expect(by("certificate")).toMatchObject({ status: "failed" });
  expect(by("certificate")?.message).toMatch(/^this machine does not trust it/);
  expect(by("external URL")).toMatchObject({ status: "failed" });
});
