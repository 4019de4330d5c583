import { describe, expect, test } from "bun:test";
import path from "node:path";
import { dockerHub } from "../fakes/docker-hub.ts";
import { load, loadYaml, secret } from "../fakes/configuration.ts";

describe("values", () => {
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
});
