import { describe, expect, test } from "bun:test";
import { certificate, load, pems, problems, secret } from "../fakes/configuration.ts";

describe("values that are not taken", () => {
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
});
