import { describe, expect, test } from "bun:test";
import { describeConfig } from "../../src/config.ts";
import { certificate, load, loadYaml, pems, problems, shared } from "../fakes/configuration.ts";

describe("settings", () => {
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
