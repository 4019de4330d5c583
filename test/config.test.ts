import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { clientCertificates } from "./fakes/client-certificates.ts";
import { ConfigError, describeConfig, loadConfig, visibleConfig } from "../src/config.ts";
import { dockerHub } from "./fakes/docker-hub.ts";

const secret = "0123456789abcdef0123456789abcdef";
const other = "fedcba9876543210fedcba9876543210";

/** Made for these tests, used nowhere. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUK528I8luKRTPW7+FbWU2Kbs07FMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjExNDk0MFoYDzIxMjYxMDI5
MTE0OTQwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATUghOSd1HuFM0wkOcN9LZ5EWdoRdtHo976XkTpgpN42nBJHWRNBWYu
q9iGwHa3eUDGeI2IKDeOiY2TLcF58kb8o1MwUTAdBgNVHQ4EFgQUIwiNQTiousnf
PJZdW9x2l71v/iIwHwYDVR0jBBgwFoAUIwiNQTiousnfPJZdW9x2l71v/iIwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAjlxh4YorOH3ZhP/cdqJCQ
ek1NztPOwhz+SqvbLDxuywIgThxtIZQOsbsXOEIZpo6CpObz2QuWRNKIDR6383vy
Or0=
-----END CERTIFICATE-----`;
const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrHawk5il9MNGc9D4
coYlll69cXzqxcuPejorfTYWZomhRANCAATUghOSd1HuFM0wkOcN9LZ5EWdoRdtH
o976XkTpgpN42nBJHWRNBWYuq9iGwHa3eUDGeI2IKDeOiY2TLcF58kb8
-----END PRIVATE KEY-----`;
const otherKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});
const pems = {
  "leaf.pem": clientCertificates.node.cert,
  "cert.pem": certificate,
  "key.pem": privateKey,
  "other.pem": otherKey,
};

/** Reads these files; whatever else is asked for is not there. */
const filesOf = (files: Record<string, string>) => (file: string) => {
  const text = files[file];
  if (text === undefined) throw Object.assign(new Error(file), { code: "ENOENT" });
  return text;
};
const load = (env: Record<string, string>, files: Record<string, string> = {}) =>
  loadConfig(env, filesOf(files));
const loadYaml = (yaml: string, env: Record<string, string> = {}, files = {}) =>
  load({ WEIR_CONFIG_FILE: "weir.yaml", ...env }, { "weir.yaml": yaml, ...files });

/** The problems of a configuration that must not load. */
function problems(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("it loaded");
}

describe("settings", () => {
  test("nothing set: everything has its default", () => {
    const { settings: _, ...config } = load({});
    expect(config).toEqual({
      listen: { hostname: "127.0.0.1", port: 5000 },
      externalUrl: "http://localhost:5000",
      dataDir: path.resolve("data"),
      database: undefined,
      secretKey: undefined,
      previousSecretKey: undefined,
      adminToken: undefined,
      firstUpstream: dockerHub,
      hasDependencyProxies: true,
      dependencyProxy: { ...dockerHub, name: "dependency-proxy" },
      allowedUpstreamAddresses: [],
      bucket: undefined,
      anonymousPull: false,
      mirror: {
        registryId: 1,
        anonymousPull: false,
        clientAddresses: [],
        certified: undefined,
      },
      signIn: {
        passwords: true,
        sessionIdleSeconds: 28_800,
        sessionSeconds: 604_800,
        providers: [],
      },
      tls: undefined,
      trustedProxies: [],
      tokenSeconds: 900,
      checkTimeoutSeconds: 5,
      recheckSeconds: 60,
      absentSeconds: 30,
      maxRegistriesPerGroup: 5,
      maxUpstreamsPerRegistry: 5,
      observing: { metricsToken: undefined, tracing: undefined },
      abuse: {
        loginBanSeconds: 3600,
        pullRateLimit: 20_000,
        unlimitedAddresses: [],
        auditDays: 365,
      },
      drainSeconds: 30,
      maxBlobBytes: undefined,
      cacheMaxBytes: undefined,
      minFreeBytes: 2 ** 30,
      logLevel: "info",
      declared: {
        groups: [],
        upstreams: [],
        registries: [],
        users: [],
        oidcIssuers: [],
        webhooks: [],
        prefetches: [],
      },
    });
  });

  const good: [variable: string, text: string, found: Record<string, unknown>][] = [
    ["WEIR_LISTEN", "0.0.0.0:80", { listen: { hostname: "0.0.0.0", port: 80 } }],
    ["WEIR_LISTEN", "[::]:443", { listen: { hostname: "::", port: 443 } }],
    ["WEIR_LISTEN", "weir.local:6000", { externalUrl: "http://localhost:6000" }],
    [
      "WEIR_EXTERNAL_URL",
      "HTTPS://Weir.Example.com:443/",
      { externalUrl: "https://weir.example.com" },
    ],
    ["WEIR_DATA_DIR", "/var/lib/../lib/weir/", { dataDir: "/var/lib/weir" }],
    ["WEIR_SECRET_KEY", secret, { secretKey: secret }],
    ["WEIR_SECRET_KEY_PREVIOUS", secret, { previousSecretKey: secret }],
    ["WEIR_LOGIN_BAN_SECONDS", "0", { abuse: { loginBanSeconds: 0 } }],
    ["WEIR_PULL_RATE_LIMIT", "1000", { abuse: { pullRateLimit: 1000 } }],
    ["WEIR_AUDIT_DAYS", "30", { abuse: { auditDays: 30 } }],
    [
      "WEIR_UNLIMITED_ADDRESSES",
      "10.0.0.0/8, 2001:db8::1",
      { abuse: { unlimitedAddresses: ["10.0.0.0/8", "2001:db8::1/128"] } },
    ],
    ["WEIR_ADMIN_TOKEN", secret, { adminToken: secret }],
    ["WEIR_DEPENDENCY_PROXY_ENABLED", "false", { hasDependencyProxies: false }],
    ["WEIR_METRICS_TOKEN", secret, { observing: { metricsToken: secret, tracing: undefined } }],
    [
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "http://collector:4318/",
      {
        observing: {
          metricsToken: undefined,
          tracing: {
            endpoint: "http://collector:4318/v1/traces",
            headers: {},
            service: "weir",
            sampler: "parentbased_always_on",
            ratio: 1,
            tellUpstreams: false,
          },
        },
      },
    ],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", {}],
    [
      "WEIR_DEPENDENCY_PROXY_URL",
      "http://mirror.example.com:5000/v2/",
      {
        dependencyProxy: expect.objectContaining({
          url: "http://mirror.example.com:5000",
          deniedMeans: "unsure",
          libraryPrefix: true,
        }),
      },
    ],
    [
      "WEIR_DEPENDENCY_PROXY_TOKEN_REALM",
      "https://auth.example.com/token",
      {
        dependencyProxy: expect.objectContaining({ tokenRealm: "https://auth.example.com/token" }),
      },
    ],
    [
      "WEIR_ALLOWED_UPSTREAM_ADDRESSES",
      "10.1.2.3/8, 127.0.0.1:5001,fd00::/8,[::1]:5000",
      {
        allowedUpstreamAddresses: [
          { range: "10.0.0.0/8", port: undefined },
          { range: "127.0.0.1/32", port: 5001 },
          { range: "fd00::/8", port: undefined },
          { range: "::1/128", port: 5000 },
        ],
      },
    ],
    ["WEIR_ANONYMOUS_PULL", "true", { anonymousPull: true }],
    [
      "WEIR_ANONYMOUS_PULL",
      "true",
      { mirror: { anonymousPull: true, clientAddresses: [], registryId: 1 } },
    ],
    [
      "WEIR_MIRROR_ANONYMOUS_PULL",
      "true",
      { anonymousPull: false, mirror: { anonymousPull: true } },
    ],
    ["WEIR_MIRROR_REGISTRY", "7", { mirror: { registryId: 7 } }],
    [
      "WEIR_MIRROR_CLIENT_ADDRESSES",
      "10.1.2.3/8,fd00::1",
      { mirror: { clientAddresses: ["10.0.0.0/8", "fd00::1/128"] } },
    ],
    ["WEIR_TRUSTED_PROXIES", "10.0.0.7,fd00::/8", { trustedProxies: ["10.0.0.7/32", "fd00::/8"] }],
    ["WEIR_TOKEN_SECONDS", "60", { tokenSeconds: 60 }],
    ["WEIR_CHECK_TIMEOUT_SECONDS", "1", { checkTimeoutSeconds: 1 }],
    ["WEIR_RECHECK_SECONDS", "300", { recheckSeconds: 300 }],
    ["WEIR_DRAIN_SECONDS", "0", { drainSeconds: 0 }],
    ["WEIR_ABSENT_SECONDS", "60", { absentSeconds: 60 }],
    ["WEIR_MAX_REGISTRIES_PER_GROUP", "1000", { maxRegistriesPerGroup: 1000 }],
    ["WEIR_MAX_UPSTREAMS_PER_REGISTRY", "20", { maxUpstreamsPerRegistry: 20 }],
    ["WEIR_MAX_BLOB_BYTES", "10GiB", { maxBlobBytes: 10 * 2 ** 30 }],
    ["WEIR_CACHE_MAX_BYTES", "2GiB", { cacheMaxBytes: 2 ** 31 }],
    ["WEIR_MIN_FREE_BYTES", "0", { minFreeBytes: 0 }],
    ["WEIR_LOG_LEVEL", "debug", { logLevel: "debug" }],
  ];
  for (const [variable, text, found] of good) {
    test(`${variable}=${text.slice(0, 50)}`, () => {
      expect(load({ [variable]: text })).toMatchObject(found);
      expect(load({ [`${variable}_FILE`]: "f" }, { f: `${text}\n` })).toMatchObject(found);
      const key = variable.replace("WEIR_", "").toLowerCase();
      expect(loadYaml(`settings: { ${key}: "${text}" }`)).toMatchObject(found);
      expect(loadYaml(`settings: { ${key}_file: f }`, {}, { f: text })).toMatchObject(found);
    });
  }

  describe("a bucket for blobs", () => {
    const login = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
    const bucket = (query: string, env: Record<string, string> = {}, files = {}) =>
      load({ WEIR_BLOBS_URL: `s3://blobs/a/b/${query}`, ...login, ...env }, files).bucket;

    test("at AWS, with everything usual", () => {
      expect(bucket("")).toEqual({
        endpoint: "https://s3.us-east-1.amazonaws.com",
        region: "us-east-1",
        bucket: "blobs",
        prefix: "a/b",
        addressing: "host",
        encryption: undefined,
        checksums: true,
        credentials: {
          kind: "given",
          accessKeyId: "key",
          secretAccessKey: "secret",
          sessionToken: undefined,
        },
        ca: undefined,
        redirect: false,
      });
    });

    test("elsewhere, with everything said", () => {
      const query =
        "?endpoint=https://ceph.example.com:7480&region=eu-1&addressing=host&encryption=aws:kms&kms_key=a-1&checksums=none";
      const env = { AWS_SESSION_TOKEN: "token", WEIR_BLOBS_REDIRECT: "true" };
      expect(bucket(query, env)).toMatchObject({
        endpoint: "https://ceph.example.com:7480",
        region: "eu-1",
        addressing: "host",
        encryption: { algorithm: "aws:kms", kmsKey: "a-1" },
        checksums: false,
        credentials: { sessionToken: "token" },
        redirect: true,
      });
    });

    test("what the tools of AWS are told counts", () => {
      const env = { AWS_REGION: "eu-2", AWS_ENDPOINT_URL_S3: "http://127.0.0.1:7480" };
      expect(bucket("", env)).toMatchObject({
        endpoint: "http://127.0.0.1:7480",
        region: "eu-2",
        addressing: "path",
      });
      expect(load({ WEIR_BLOBS_URL: "s3://with.dots", ...login }).bucket?.addressing).toBe("path");
    });

    test("credentials from a file, of a profile", () => {
      const file =
        "[default]\naws_access_key_id = a\n[other]\naws_access_key_id=b\naws_secret_access_key = c\n";
      const env = { WEIR_BLOBS_URL: "s3://blobs", AWS_SHARED_CREDENTIALS_FILE: "/c" };
      expect(load({ ...env, AWS_PROFILE: "other" }, { "/c": file }).bucket?.credentials).toEqual({
        kind: "file",
        file: "/c",
        profile: "other",
      });
      expect(problems(() => load(env, { "/c": file }))).toEqual([
        expect.stringContaining("WEIR_BLOBS_URL: needs credentials: give AWS_ACCESS_KEY_ID"),
      ]);
    });

    const bad: [what: string, url: string, problem: string][] = [
      ["not a bucket", "https://blobs", "must be the address of a bucket such as s3://"],
      ["credentials in it", "s3://a:b@blobs", "must be the address of a bucket such as s3://"],
      ["a prefix that climbs", "s3://blobs/../b", "must be the address of a bucket such as s3://"],
      ["an endpoint with a path", "s3://blobs?endpoint=https://a/b", "endpoint must be an address"],
      ["an odd region", "s3://blobs?region=A%20B", "region must be the name of a region"],
      ["another addressing", "s3://blobs?addressing=dns", "addressing must be one of path, host"],
      [
        "another encryption",
        "s3://blobs?encryption=none",
        "encryption must be one of AES256, aws:kms",
      ],
      ["a key for nothing", "s3://blobs?kms_key=a", "kms_key needs encryption=aws:kms"],
      [
        "the same twice",
        "s3://blobs?region=a&region=b",
        "region stands there twice; keep one of them",
      ],
      [
        "something unknown",
        "s3://blobs?regoin=a",
        "has something behind the question mark that is none of",
      ],
    ];
    for (const [what, url, problem] of bad) {
      test(`problem: ${what}`, () => {
        const [found = "", ...others] = problems(() => load({ WEIR_BLOBS_URL: url, ...login }));
        expect(found).toStartWith(`WEIR_BLOBS_URL: ${problem}`);
        expect(others).toEqual([]);
      });
    }

    test("authorities of its own, where there is a certificate to be signed", () => {
      const ca = { WEIR_BLOBS_CA: "cert.pem" };
      expect(bucket("?endpoint=https://ceph.example.com", ca, pems)?.ca).toContain(certificate);
      expect(problems(() => load(ca, pems))).toEqual([
        "WEIR_BLOBS_CA: needs a bucket: set WEIR_BLOBS_URL too",
      ]);
      expect(problems(() => bucket("?endpoint=http://ceph.example.com", ca, pems))).toEqual([
        "WEIR_BLOBS_CA: needs an endpoint with https: another has no certificate",
      ]);
      expect(problems(() => bucket("", { WEIR_BLOBS_CA: "key.pem" }, pems))).toEqual([
        "WEIR_BLOBS_CA: must be the path of a readable PEM file with certificates",
      ]);
    });

    test("problem: half of a login, a redirect without a bucket or to where nobody is safe", () => {
      const half = { WEIR_BLOBS_URL: "s3://blobs", AWS_ACCESS_KEY_ID: "a" };
      expect(problems(() => load(half))).toEqual([
        "AWS_SECRET_ACCESS_KEY: is missing; give it and the other half, or none of them",
      ]);
      expect(problems(() => load({ WEIR_BLOBS_REDIRECT: "true" }))).toEqual([
        "WEIR_BLOBS_REDIRECT: needs a bucket: set WEIR_BLOBS_URL too",
      ]);
      const plain = {
        WEIR_BLOBS_URL: "s3://blobs?endpoint=http://ceph",
        WEIR_BLOBS_REDIRECT: "true",
      };
      expect(problems(() => load({ ...plain, ...login }))).toEqual([
        "WEIR_BLOBS_REDIRECT: needs an endpoint with https: clients are sent there",
      ]);
    });
  });

  test("a variable that is set to nothing, or a key without a value, is not set", () => {
    const config = loadYaml("settings:\n  listen:\n", { WEIR_LOG_LEVEL: "", WEIR_ADMIN_TOKEN: "" });
    expect(config).toMatchObject({
      listen: { port: 5000 },
      logLevel: "info",
      adminToken: undefined,
    });
  });

  test("a list in the file stands for its items with commas", () => {
    const { trustedProxies } = loadYaml("settings: { trusted_proxies: [10.0.0.0/8, ::1] }");
    expect(trustedProxies).toEqual(["10.0.0.0/8", "::1/128"]);
  });

  test("the environment wins over the file, the file over the default", () => {
    const yaml = "settings: { listen: 127.0.0.1:6000, log_level: warn, data_dir: /tmp/a }";
    const config = loadYaml(
      yaml,
      { WEIR_LISTEN: "127.0.0.1:7000", WEIR_DATA_DIR_FILE: "d" },
      { d: "/b" },
    );
    expect(config).toMatchObject({ listen: { port: 7000 }, logLevel: "warn", dataDir: "/b" });
    const from = Object.fromEntries(config.settings.map(({ name, from }) => [name, from]));
    expect(from).toMatchObject({
      listen: "WEIR_LISTEN",
      log_level: "settings.log_level",
      data_dir: "WEIR_DATA_DIR_FILE",
      drain_seconds: "default",
    });
  });

  test("numbers and other plain scalars of the file are taken as they are written", () => {
    const token = "01234567890123456789012345678901";
    expect(loadYaml(`settings: { admin_token: ${token} }`).adminToken).toBe(token);
  });

  test("the first upstream is named by its host and gets the preset of it", () => {
    const { firstUpstream } = load({
      WEIR_FIRST_UPSTREAM_URL: "https://Registry.example.com:5001/v2/",
      WEIR_FIRST_UPSTREAM_USERNAME: "robot",
      WEIR_FIRST_UPSTREAM_PASSWORD: "pässword",
      WEIR_FIRST_UPSTREAM_TOKEN_REALM: "https://auth.example.com/token",
    });
    expect(firstUpstream).toEqual({
      name: "registry.example.com:5001",
      url: "https://registry.example.com:5001",
      username: "robot",
      password: "pässword",
      tokenRealm: "https://auth.example.com/token",
      cacheValidityHours: 24,
      deniedMeans: "unsure",
      libraryPrefix: false,
      description: undefined,
      staleIfAbsentHours: 168,
      staleWhileRevalidate: false,
      cacheMaxBytes: undefined,
      verifiedGroup: undefined,
      ca: undefined,
      rules: [],
    });
  });

  test("what OpenTelemetry names besides is none of ours; headers for the collector are not shown", () => {
    const config = load({
      OTEL_RESOURCE_ATTRIBUTES: "none=of-ours",
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example.com",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=very%20secret, x-tenant=weir",
    });
    const headers = { "api-key": "very secret", "x-tenant": "weir" };
    expect(config.observing.tracing).toMatchObject({ headers });
    expect(describeConfig(config)).not.toContain("very");
  });

  test("with TLS the external URL is https", () => {
    const config = load({ WEIR_TLS_CERT: "cert.pem", WEIR_TLS_KEY: "key.pem" }, pems);
    expect(config.tls).toEqual({ cert: "cert.pem", key: "key.pem" });
    expect(config.externalUrl).toBe("https://localhost:5000");
  });

  test("a mirror's setting wins over the general one", () => {
    const env = { WEIR_ANONYMOUS_PULL: "true", WEIR_MIRROR_ANONYMOUS_PULL: "false" };
    expect(load(env)).toMatchObject({ anonymousPull: true, mirror: { anonymousPull: false } });
  });

  const certified = {
    WEIR_MIRROR_LISTEN: "0.0.0.0:5443",
    WEIR_MIRROR_CLIENT_CA: "cert.pem",
  };
  test("a second port for clients with certificates", () => {
    const env = { WEIR_TLS_CERT: "cert.pem", WEIR_TLS_KEY: "key.pem", ...certified };
    expect(load(env, pems).mirror.certified).toEqual({
      listen: { hostname: "0.0.0.0", port: 5443 },
      clientCa: "cert.pem",
    });
    expect(problems(() => load(certified, pems))).toEqual([
      "WEIR_MIRROR_LISTEN: needs a certificate: set WEIR_TLS_CERT and WEIR_TLS_KEY too",
    ]);
    expect(problems(() => load({ ...env, WEIR_LISTEN: "0.0.0.0:5443" }, pems))).toEqual([
      "WEIR_MIRROR_LISTEN: is where WEIR_LISTEN is; give it a port of its own",
    ]);
  });

  test("what Kubernetes and others put into the environment is none of ours", () => {
    load({
      PATH: "/bin",
      WEIRD: "1",
      WEIR_SERVICE_HOST: "10.0.0.1",
      WEIR_SERVICE_PORT: "5000",
      WEIR_SERVICE_PORT_HTTP: "5000",
      WEIR_PORT: "tcp://10.0.0.1:5000",
      WEIR_PORT_5000_TCP_ADDR: "10.0.0.1",
      WEIR_POSTGRES_PORT_5432_TCP: "tcp://10.0.0.2:5432",
      WEIR_POSTGRES_SERVICE_HOST: "10.0.0.2",
    });
  });
});

const shared = { WEIR_DATABASE_URL: "postgres://u:pass@host/db", WEIR_SECRET_KEY: secret };

test("a database that servers share", () => {
  expect(load(shared).database).toEqual({
    url: "postgres://u:pass@host/db",
    ca: undefined,
    connections: 10,
    statementSeconds: 10,
  });
  const url = "postgresql://u@[::1]:5433/db?sslmode=verify-full";
  const more = { WEIR_DATABASE_CONNECTIONS: "40", WEIR_DATABASE_TIMEOUT_SECONDS: "3" };
  const given = load(
    { ...shared, ...more, WEIR_DATABASE_URL: url, WEIR_DATABASE_CA: "cert.pem" },
    pems,
  );
  expect(given.database).toEqual({
    url,
    ca: `${certificate}\n`,
    connections: 40,
    statementSeconds: 3,
  });
  const socket = "postgres://u@localhost/db?host=/run/postgresql";
  expect(load({ ...shared, WEIR_DATABASE_URL: socket }).database?.url).toBe(socket);
  expect(describeConfig(load(shared))).not.toContain("pass@");
});

describe("bad settings", () => {
  const bad: [variable: string, texts: string[], fix: RegExp][] = [
    ["WEIR_METRICS_TOKEN", ["short", "has a blank in its middle, and is long enough"], /32 random/],
    [
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      ["localhost:4318", "grpc://a:4317", "http://u:p@a:4318", "http://a/?b=c"],
      /must be the http or https URL of a collector/,
    ],
    ["OTEL_EXPORTER_OTLP_HEADERS", ["a", "=b", "a b=c", "a=%zz", "a=%0a"], /must be headers/],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", ["grpc"], /gRPC is not spoken/],
    ["OTEL_TRACES_SAMPLER", ["sometimes", "jaeger_remote"], /must be one of parentbased_/],
    ["OTEL_TRACES_SAMPLER_ARG", ["2", "-1", "a", "1.5", ".", "0x1"], /from 0 to 1/],
    ["WEIR_TRACE_UPSTREAMS", ["yes"], /must be true or false/],
    [
      "WEIR_LISTEN",
      ["5000", ":5000", "::1:5000", "[::1]", "[1.2.3.4]:1", "a:65536", "a b:1", "http://a:1"],
      /127\.0\.0\.1:5000/,
    ],
    [
      "WEIR_DATABASE_URL",
      [
        "mysql://u:p@host/db",
        "postgres://host/db",
        "postgres://u@host",
        "postgres://u@host/db/more",
        "postgres://u@/db",
        "postgres://u@host/db?sslmode=prefer",
        "postgres://u@host/db?pool=5",
        "postgres://u@host/db?host=folder",
        "postgres://u:%zz@host/db",
      ],
      /postgres:\/\/user:password@host:port\/database/,
    ],
    ["WEIR_DATABASE_CONNECTIONS", ["1", "501", "a"], /from 2 to 500/],
    ["WEIR_DATABASE_TIMEOUT_SECONDS", ["0", "301"], /from 1 to 300/],
    ["WEIR_DATABASE_CA", ["absent.pem", "key.pem"], /PEM file with certificates/],
    [
      "WEIR_EXTERNAL_URL",
      [
        "weir.example.com",
        "ftp://a",
        "https://a/b",
        "https://a?b",
        "https://u:p@a",
        "https://a b",
        "https://",
      ],
      /https:\/\/weir\.example\.com/,
    ],
    [
      "WEIR_SECRET_KEY",
      ["short", "a".repeat(64), "changeme".repeat(8)],
      /32 random characters.*openssl rand/,
    ],
    [
      "WEIR_ADMIN_TOKEN",
      ["short", "a".repeat(64), `${secret} b`, `${secret}é`],
      /32 random characters.*without blanks.*openssl rand/,
    ],
    [
      "WEIR_FIRST_UPSTREAM_URL",
      [
        "ghcr.io",
        "https://u:p@ghcr.io",
        "https://ghcr.io?x",
        "https://a/%20b",
        "file:///a",
        "https://a\\b",
      ],
      /https:\/\/registry\.example\.com/,
    ],
    ["WEIR_FIRST_UPSTREAM_USERNAME", ["a:b", "a\nb", "x".repeat(511)], /without a colon/],
    ["WEIR_FIRST_UPSTREAM_PASSWORD", ["a\nb", "x".repeat(511)], /1 to 510 printable/],
    [
      "WEIR_FIRST_UPSTREAM_TOKEN_REALM",
      ["auth.example.com", "https://a?b"],
      /https:\/\/auth\.example\.com/,
    ],
    ["WEIR_DEPENDENCY_PROXY_ENABLED", ["yes", "0"], /true or false/],
    [
      "WEIR_DEPENDENCY_PROXY_URL",
      ["ghcr.io", "https://u:p@ghcr.io", "file:///a"],
      /https:\/\/registry\.example\.com/,
    ],
    ["WEIR_DEPENDENCY_PROXY_TOKEN_REALM", ["auth.example.com"], /https:\/\/auth\.example\.com/],
    [
      "WEIR_ALLOWED_UPSTREAM_ADDRESSES",
      [
        "localhost",
        "10.0.0.0/33",
        "::/129",
        "010.0.0.1",
        "10/8",
        "::1:99999",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "1.2.3.4,",
        "fe80::1%eth0",
        "[10.0.0.1:80",
      ],
      /10\.0\.0\.0\/8/,
    ],
    ["WEIR_ANONYMOUS_PULL", ["yes", "1", "True"], /true or false/],
    ["WEIR_MIRROR_ANONYMOUS_PULL", ["yes", "1"], /true or false/],
    ["WEIR_MIRROR_REGISTRY", ["0", "-1", "main", "2147483648"], /from 1 to 2147483647/],
    ["WEIR_MIRROR_CLIENT_ADDRESSES", ["nodes", "10.0.0.1:80", "10.0.0.0/33"], /10\.0\.0\.0\/8/],
    ["WEIR_MIRROR_LISTEN", ["5443", "http://a:1"], /127\.0\.0\.1:5000/],
    [
      "WEIR_MIRROR_CLIENT_CA",
      ["nowhere.pem", "key.pem", "leaf.pem", certificate],
      /PEM file with certificates of authorities/,
    ],
    ["WEIR_TRUSTED_PROXIES", ["nginx", "10.0.0.1:80", "0x7f.0.0.1"], /10\.0\.0\.0\/8/],
    ["WEIR_TOKEN_SECONDS", ["59", "86401", "15m", "1e3", "-60", "060", " 60"], /from 60 to 86400/],
    ["WEIR_CHECK_TIMEOUT_SECONDS", ["0", "301", "2.5"], /from 1 to 300/],
    ["WEIR_RECHECK_SECONDS", ["0", "86401"], /from 1 to 86400/],
    ["WEIR_DRAIN_SECONDS", ["-1", "86401"], /from 0 to 86400/],
    ["WEIR_SECRET_KEY_PREVIOUS", ["short"], /32 random characters/],
    ["WEIR_LOGIN_BAN_SECONDS", ["-1", "86401"], /from 0 to 86400/],
    ["WEIR_PULL_RATE_LIMIT", ["-1", "many"], /from 0 to 1000000000/],
    ["WEIR_UNLIMITED_ADDRESSES", ["10.0.0", "10.0.0.1:80"], /address/],
    ["WEIR_AUDIT_DAYS", ["-1", "36501"], /from 0 to 36500/],
    ["WEIR_ABSENT_SECONDS", ["0", "61"], /from 1 to 60/],
    ["WEIR_MAX_REGISTRIES_PER_GROUP", ["0", "1001"], /from 1 to 1000/],
    ["WEIR_MAX_UPSTREAMS_PER_REGISTRY", ["0", "21"], /from 1 to 20/],
    ["WEIR_MAX_BLOB_BYTES", ["0", "10G", "10gib", "1.5GiB", "9999999TiB", "GiB"], /10GiB/],
    ["WEIR_CACHE_MAX_BYTES", ["lots", "0"], /10GiB/],
    ["WEIR_MIN_FREE_BYTES", ["lots", "-1"], /10GiB/],
    ["WEIR_LOG_LEVEL", ["verbose", "INFO"], /debug, info, warn, error/],
    ["WEIR_TLS_CERT", ["nowhere.pem", "key.pem", certificate], /PEM file with a certificate/],
    ["WEIR_TLS_KEY", ["nowhere.pem", "cert.pem"], /PEM file with a private key/],
  ];
  for (const [variable, texts, fix] of bad) {
    test.each(texts)(`${variable}: %p`, (text) => {
      const [problem = ""] = problems(() => load({ [variable]: text }, pems));
      expect(problem).toStartWith(`${variable}: must `);
      expect(problem).toMatch(fix);
    });
  }

  test.each([
    ["WEIR_TLS_CERT", "cert.pem", "WEIR_TLS_KEY"],
    ["WEIR_TLS_KEY", "key.pem", "WEIR_TLS_CERT"],
    ["WEIR_MIRROR_LISTEN", "127.0.0.1:5443", "WEIR_MIRROR_CLIENT_CA"],
    ["WEIR_MIRROR_CLIENT_CA", "cert.pem", "WEIR_MIRROR_LISTEN"],
    ["WEIR_FIRST_UPSTREAM_USERNAME", "a", "WEIR_FIRST_UPSTREAM_PASSWORD"],
    ["WEIR_FIRST_UPSTREAM_PASSWORD", "a", "WEIR_FIRST_UPSTREAM_USERNAME"],
  ])("%s alone", (given, value, missing) => {
    expect(problems(() => load({ [given]: value }, pems))).toEqual([
      `${missing}: is missing: ${given} needs it; give both or none`,
    ]);
  });

  const found: [what: string, run: () => unknown, wanted: string[]][] = [
    [
      "a key of another certificate",
      () => load({ WEIR_TLS_CERT: "cert.pem", WEIR_TLS_KEY: "other.pem" }, pems),
      ["WEIR_TLS_KEY: is not the key of the certificate; give the one it was made with"],
    ],
    [
      "a value given twice",
      () => load({ WEIR_LISTEN: "127.0.0.1:1", WEIR_LISTEN_FILE: "f" }, { f: "127.0.0.1:2" }),
      ["WEIR_LISTEN: stands beside WEIR_LISTEN_FILE; keep one of them"],
    ],
    [
      "a value in a file that is not there",
      () => load({ WEIR_ADMIN_TOKEN_FILE: "/run/secrets/none" }),
      [
        "WEIR_ADMIN_TOKEN_FILE: names a file that cannot be read (ENOENT); check its path and permissions",
      ],
    ],
    [
      "a value in an empty file",
      () => load({ WEIR_LOG_LEVEL_FILE: "f" }, { f: "\n" }),
      ["WEIR_LOG_LEVEL_FILE: must be one of debug, info, warn, error"],
    ],
    [
      "unknown variables, with the nearest known",
      () =>
        load({
          WEIR_LISTN: "a",
          WEIR_ADMIN_TOKENS_FILE: "b",
          WEIR_NONSENSE: "c",
          WEIR_CONFIG: "d",
        }),
      [
        "WEIR_LISTN: is not a setting; did you mean WEIR_LISTEN?",
        "WEIR_ADMIN_TOKENS_FILE: is not a setting; did you mean WEIR_ADMIN_TOKEN?",
        "WEIR_NONSENSE: is not a setting; see docs/configuration.md",
        "WEIR_CONFIG: is not a setting; did you mean WEIR_CONFIG_FILE?",
      ],
    ],
    [
      "a database without the secret that its servers share",
      () => load({ WEIR_DATABASE_URL: "postgres://u:p@host/db" }),
      [
        "WEIR_SECRET_KEY: is missing: WEIR_DATABASE_URL needs it, the same for each server of that database",
      ],
    ],
    [
      "authorities that nobody asks for",
      () => load({ WEIR_DATABASE_CA: "cert.pem", ...shared }, pems),
      ["WEIR_DATABASE_CA: is of use with sslmode=verify-full in WEIR_DATABASE_URL alone"],
    ],
    [
      "variables of later versions",
      () => load({ WEIR_WORKERS: "4" }),
      ["WEIR_WORKERS"].map((name) => `${name}: is not supported by this version; leave it out`),
    ],
    [
      "settings of the file",
      () =>
        loadYaml(
          "settings: { lisen: a, workers: 2, config_file: b, log_level: {}, data_dir: [[a]] }",
        ),
      [
        "settings.log_level: must be a single value or a list of them",
        "settings.data_dir: must be a single value or a list of them",
        "settings.lisen: is not a setting; did you mean settings.listen?",
        "settings.workers: is not supported by this version; leave it out",
        "settings.config_file: is not a setting; see docs/configuration.md",
      ],
    ],
    [
      "no map of settings",
      () => loadYaml("settings: [a]"),
      ["settings: must be a map of settings"],
    ],
    [
      "no configuration file",
      () => load({ WEIR_CONFIG_FILE: "weir.yaml" }),
      [
        "WEIR_CONFIG_FILE: names a file that cannot be read (ENOENT); check its path and permissions",
      ],
    ],
    [
      "a file that is not YAML, and a variable",
      () => loadYaml("settings:\n  listen: a\n  listen: b\n", { WEIR_DRAIN_SECONDS: "x" }),
      [
        'WEIR_CONFIG_FILE (weir.yaml): line 3, column 3 has the key "listen" for the second time; keep one',
        "WEIR_DRAIN_SECONDS: must be a whole number of seconds from 0 to 86400",
      ],
    ],
    [
      "the administrator's token given to a user",
      () =>
        loadYaml(`users: [{ username: ci, tokens: [{ name: t, token: ${secret} }] }]`, {
          WEIR_ADMIN_TOKEN: secret,
        }),
      ["WEIR_ADMIN_TOKEN: is a token of the user ci as well; make another"],
    ],
    [
      "one secret key given as the present and the former one",
      () => load({ WEIR_SECRET_KEY: secret, WEIR_SECRET_KEY_PREVIOUS: secret }),
      ["WEIR_SECRET_KEY_PREVIOUS: is the same as WEIR_SECRET_KEY; give the former one"],
    ],
  ];
  for (const [what, run, wanted] of found) {
    test(what, () => {
      expect(problems(run)).toEqual(wanted);
    });
  }

  test("all problems at once, from the environment and the file", () => {
    const yaml = `
settings: { token_seconds: 1 }
upstreams: [{ name: hub, url: nonsense }]
registries: [{ name: main, upstreams: [hub, gone] }]
`;
    const found = problems(() =>
      loadYaml(yaml, { WEIR_LISTEN: "x", WEIR_SECRET_KEY: "y", WEIR_X: "z" }),
    );
    expect(found.map((problem) => problem.split(": ")[0])).toEqual([
      "upstreams[0].url",
      "registries[0].upstreams[1]",
      "WEIR_LISTEN",
      "WEIR_SECRET_KEY",
      "settings.token_seconds",
      "WEIR_X",
    ]);
  });
});

describe("weir config", () => {
  const yaml = `
settings: { log_level: warn, secret_key: ${other} }
groups: [{ path: team }]
upstreams:
  - { group: team, name: hub, url: docker.io, username: robot, password: hub-password-7 }
  - group: team
    name: inner
    url: https://registry.example.com
    description: ours
    stale_while_revalidate: true
    ca: "${certificate.replaceAll("\n", "\\n")}"
    rules: [{ target: tag, effect: deny, pattern: "*-dev" }]
registries: [{ id: 3, group: team, name: main, description: d, on_unsure: continue, upstreams: [hub] }]
users:
  - username: ci
    memberships: [{ group: team, role: guest }]
    tokens: [{ name: t, token: ${secret}, expires_at: 2030-01-01 }]
`;

  test("says what is in force and where it comes from, without secrets", () => {
    const text = describeConfig(loadYaml(yaml, { WEIR_LISTEN: "127.0.0.1:6000" }));
    expect(text).toContain("\n  listen: 127.0.0.1:6000 # WEIR_LISTEN\n");
    expect(text).toContain("\n  log_level: warn # settings.log_level\n");
    expect(text).toContain("\n  drain_seconds: 30 # default\n");
    expect(text).toContain("\n  min_free_bytes: 1073741824 # default\n");
    expect(text).toContain("\n  admin_token: # not set\n");
    expect(text).toContain('\n  secret_key: "[redacted]" # settings.secret_key\n');
    for (const hidden of [secret, other, "hub-password-7"]) expect(text).not.toContain(hidden);
  });

  test("is a configuration file again, but for the secrets", () => {
    const config = loadYaml(yaml);
    const filled = describeConfig(config).replaceAll("[redacted]", "0123456789abcdef".repeat(3));
    const again = loadYaml(filled);
    expect(visibleConfig(again)).toEqual(visibleConfig(config));
  });

  test("no secret that is given appears in it, nor in a problem", () => {
    const random = fc.stringMatching(/^[!-9;-~]{32,60}$/).filter((text) => new Set(text).size >= 8);
    const given = fc.uniqueArray(random, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(given, fc.boolean(), (secrets, broken) => {
        const [key = "", admin = "", first = "", password = "", token = ""] = secrets;
        const env = {
          WEIR_SECRET_KEY: key,
          WEIR_ADMIN_TOKEN_FILE: "admin",
          WEIR_FIRST_UPSTREAM_USERNAME: "robot",
          WEIR_FIRST_UPSTREAM_PASSWORD: first,
          HUB: password,
          ...(broken && {
            WEIR_LISTEN: admin,
            WEIR_EXTERNAL_URL: `https://a:${key}@b`,
            WEIR_DRAIN_SECONDS: first,
          }),
        };
        const file = {
          upstreams: [
            {
              name: "hub",
              url: broken ? password : "docker.io",
              username: "r",
              password_env: "HUB",
            },
          ],
          users: [
            { username: "ci", admin: broken ? token : "true", tokens: [{ name: "t", token }] },
          ],
        };
        const run = () => loadYaml(JSON.stringify(file), env, { admin });
        const shown = broken
          ? problems(run).join("\n")
          : describeConfig(run()) + JSON.stringify(visibleConfig(run()));
        expect(secrets.filter((text) => shown.includes(text))).toEqual([]);
      }),
    );
  });
});

describe("examples", () => {
  const folder = path.join(import.meta.dir, "../examples");
  test.each(readdirSync(folder).filter((file) => file.endsWith(".yaml")))("%s loads", (file) => {
    const text = readFileSync(path.join(folder, file), "utf8");
    const variables = [...text.matchAll(/_env: (\w+)/g)].map(([, name = ""], index) => {
      return [name, `${secret}${index}`];
    });
    const config = loadYaml(text, Object.fromEntries(variables));
    expect(config.declared.registries.length).toBeGreaterThan(0);
  });
});

test("docs/configuration.md tells of every setting, and of its default", () => {
  const text = readFileSync(path.join(import.meta.dir, "../docs/configuration.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| `(?:WEIR|OTEL)_/.test(line));
  for (const { name, value } of load({}).settings) {
    const variable = (name.startsWith("otel_") ? "" : "WEIR_") + name.toUpperCase();
    const row = rows.find((row) => row.includes(`\`${variable}\``));
    const shown = { external_url: "<port>", data_dir: "./data", min_free_bytes: "1GiB" }[name];
    expect(row).toContain(shown ?? (value === null ? "" : `| \`${value}\` |`));
  }
});
