import { createPrivateKey, X509Certificate } from "node:crypto";
import path from "node:path";
import { Document, isScalar } from "yaml";
import { type LogLevel, logLevels } from "./lib/log.ts";
import type { UpstreamSettings } from "./metadata/contract.ts";
import * as work from "./work/contract.ts";

/** Everything that can be set, checked and complete. */
export interface Config {
  listen: work.ListenAddress;
  /** What clients use: scheme, host and port, without a slash at the end. */
  externalUrl: string;
  /** Absolute. */
  dataDir: string;
  /** Undefined: a file in the data folder. */
  database: work.DatabaseSettings | undefined;
  /** Master secret; undefined: the one in the data folder. */
  secretKey: string | undefined;
  /** The master secret before it; undefined: none. */
  previousSecretKey: string | undefined;
  /** Undefined: made at the first start. */
  adminToken: string | undefined;
  /** The upstream of registry 1, for the first start alone. */
  firstUpstream: UpstreamSettings;
  /** Whether there are Dependency Proxies at all. */
  hasDependencyProxies: boolean;
  /** The upstream of all of them, without a login. */
  dependencyProxy: UpstreamSettings;
  /** Inner addresses that upstreams may have. */
  allowedUpstreamAddresses: work.AddressRange[];
  anonymousPull: boolean;
  mirror: work.MirrorSettings;
  signIn: work.SignInSettings;
  /** Paths of PEM files; undefined: plain HTTP. */
  tls: { cert: string; key: string } | undefined;
  /** CIDR ranges of proxies whose forwarded addresses count, and that may speak HTTP/1.0, so that they get whole blobs only. */
  trustedProxies: string[];
  /** Life of a pull token. */
  tokenSeconds: number;
  /** How long the check of a stale tag may take. */
  checkTimeoutSeconds: number;
  /** How long after a failed check a tag is not checked again. */
  recheckSeconds: number;
  /** How long it is remembered that an upstream has something not. */
  absentSeconds: number;
  maxRegistriesPerGroup: number;
  maxUpstreamsPerRegistry: number;
  abuse: work.LimitSettings;
  observing: work.ObservingSettings;
  /** How long running pulls may go on when the server is told to stop. */
  drainSeconds: number;
  /** Larger blobs are passed on and not stored; undefined: no limit. */
  maxBlobBytes: number | undefined;
  /** Of all that is cached; undefined: no limit. */
  cacheMaxBytes: number | undefined;
  /** Where blobs rest; undefined: in the data folder. */
  bucket: work.BucketChoice | undefined;
  /** With less space free on the disk of the data folder nothing more is stored. */
  minFreeBytes: number;
  logLevel: LogLevel;
  declared: work.Declaration;
  /** The settings as they may be shown: without secrets, and with where each comes from. */
  settings: readonly work.SettingInForce[];
}

/** All that is wrong with a configuration, one line a problem: where it is, what is wrong, what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/**
 * Reads the environment and the configuration file that it names. Throws one `ConfigError` with all problems; they
 * never quote a value, for it may be a secret in the wrong place.
 */
export function loadConfig(env: work.Environment, readFile: work.ReadFile): Config {
  const problems: string[] = [];
  const file = readConfigFile(env["WEIR_CONFIG_FILE"], readFile, problems);
  const { declared, problems: inFile } = work.readDeclaration(file, env, readFile);
  problems.push(...inFile.map(({ path, message }) => `${work.pathText(path)}: ${message}`));
  const sources = [
    work.settingsFromEnvironment(env),
    work.settingsFromFile(file["settings"], problems),
  ];
  const settings = new work.Settings(sources, readFile, problems);
  const signIn = work.readSignIn(settings, file, env);
  const config = {
    ...readSettings(settings),
    bucket: work.readBucketSettings(settings, env),
    signIn,
    declared,
    settings: settings.inForce,
  };
  settings.refuseOthers(unsupported);
  refuseSharedToken(config, settings);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readSettings(
  settings: work.Settings,
): Omit<Config, "bucket" | "declared" | "settings" | "signIn"> {
  const listen = settings.get("listen", work.listenAddress, "127.0.0.1:5000");
  const tls = readTls(settings);
  const anonymousPull = settings.get("anonymous_pull", work.flag, "false");
  const localhost = `${tls ? "https" : "http"}://localhost:${listen.port}`;
  return {
    listen,
    externalUrl: settings.get("external_url", work.originUrl, localhost),
    dataDir: settings.get("data_dir", folder, "./data"),
    ...readDatabase(settings),
    adminToken: settings.secret("admin_token", work.accessToken),
    firstUpstream: readFirstUpstream(settings),
    hasDependencyProxies: settings.get("dependency_proxy_enabled", work.flag, "true"),
    dependencyProxy: work.dependencyProxyUpstream(
      settings.get("dependency_proxy_url", work.upstreamUrl, work.dockerHub),
      settings.find("dependency_proxy_token_realm", work.realmUrl),
    ),
    allowedUpstreamAddresses:
      settings.find("allowed_upstream_addresses", work.addressRangesWithPorts) ?? [],
    anonymousPull,
    mirror: work.readMirrorSettings(settings, { anonymousPull, hasTls: tls !== undefined, listen }),
    tls,
    trustedProxies: settings.find("trusted_proxies", work.addressRanges) ?? [],
    tokenSeconds: settings.get("token_seconds", seconds(60, 86400), "900"),
    checkTimeoutSeconds: settings.get("check_timeout_seconds", seconds(1, 300), "5"),
    recheckSeconds: settings.get("recheck_seconds", seconds(1, 86400), "60"),
    absentSeconds: settings.get("absent_seconds", seconds(1, 60), "30"),
    maxRegistriesPerGroup: settings.get("max_registries_per_group", work.integer(1, 1000), "5"),
    maxUpstreamsPerRegistry: settings.get("max_upstreams_per_registry", work.integer(1, 20), "5"),
    abuse: work.readLimitSettings(settings),
    observing: work.readObserving(settings),
    drainSeconds: settings.get("drain_seconds", seconds(0, 86400), "30"),
    maxBlobBytes: settings.find("max_blob_bytes", work.size(1)),
    cacheMaxBytes: settings.find("cache_max_bytes", work.size(1)),
    minFreeBytes: settings.get("min_free_bytes", work.size(0), "1GiB"),
    logLevel: settings.get("log_level", work.oneOf(logLevels), "info"),
  };
}

const seconds = (from: number, to: number) => work.integer(from, to, "seconds");
const folder = work.leaf("must be a path", (text) => path.resolve(text));

/** Each server would make a key of its own, and could not read what the others have sealed or signed. */
function readDatabase(settings: work.Settings) {
  const database = work.readDatabaseSettings(settings);
  const keys = readSecretKeys(settings);
  if (database && keys.secretKey === undefined) {
    settings.refuse(
      "secret_key",
      "is missing: WEIR_DATABASE_URL needs it, the same for each server of that database",
    );
  }
  return { database, ...keys };
}

function readSecretKeys(settings: work.Settings) {
  const secretKey = settings.secret("secret_key", work.secretKey);
  const previousSecretKey = settings.secret("secret_key_previous", work.secretKey);
  if (previousSecretKey !== undefined && previousSecretKey === secretKey) {
    settings.refuse("secret_key_previous", "is the same as WEIR_SECRET_KEY; give the former one");
  }
  return { secretKey, previousSecretKey };
}

function readFirstUpstream(settings: work.Settings): UpstreamSettings {
  const url = settings.get("first_upstream_url", work.upstreamUrl, work.dockerHub);
  const username = settings.find("first_upstream_username", work.upstreamUsername);
  const password = settings.secret("first_upstream_password", work.upstreamPassword);
  settings.refuseHalf("first_upstream_username", "first_upstream_password");
  const tokenRealm = settings.find("first_upstream_token_realm", work.realmUrl);
  const name = url === work.dockerHub ? "docker-hub" : new URL(url).host;
  const credentials = { username, password, tokenRealm };
  return { name, ...work.defaultSettings(url), ...credentials };
}

function readTls(settings: work.Settings): Config["tls"] {
  const { readFile } = settings;
  const certificate = (file: string) => new X509Certificate(readFile(file));
  const privateKey = (file: string) => createPrivateKey(readFile(file));
  const pem = (what: string, open: (file: string) => object) =>
    work.leaf(`must be the path of a readable PEM file with ${what}`, (file) => {
      try {
        open(file);
        return file;
      } catch {
        return undefined; // absent, unreadable or something else: the problem says what it must be
      }
    });
  const cert = settings.find("tls_cert", pem("a certificate", certificate));
  const key = settings.find("tls_key", pem("a private key without passphrase", privateKey));
  settings.refuseHalf("tls_cert", "tls_key");
  if (cert === undefined || key === undefined) return undefined;
  if (!certificate(cert).checkPrivateKey(privateKey(key))) {
    settings.refuse("tls_key", "is not the key of the certificate; give the one it was made with");
  }
  return { cert, key };
}

function refuseSharedToken({ adminToken, declared }: Config, settings: work.Settings): void {
  for (const { username, tokens } of declared.users) {
    if (!tokens.some(({ secret }) => secret === adminToken)) continue;
    settings.refuse("admin_token", `is a token of the user ${username} as well; make another`);
  }
}

function readConfigFile(
  file: string | undefined,
  readFile: work.ReadFile,
  problems: string[],
): Record<string, unknown> {
  if (!file) return {};
  const text = work.readText(readFile, file);
  const result = typeof text === "string" ? work.readYaml(text) : { problems: [text.problem] };
  if ("map" in result) return result.map;
  // What could not be read as a file may be a secret in the wrong place.
  const named = typeof text === "string" ? ` (${file})` : "";
  problems.push(...result.problems.map((problem) => `WEIR_CONFIG_FILE${named}: ${problem}`));
  return {};
}

/** Settings that the design names and later versions bring. */
const unsupported = ["workers"];

/** The configuration as a file would say it, without secrets, and where each setting comes from. */
export function describeConfig(config: Config): string {
  const document = new Document(visibleConfig(config));
  for (const { name, value, from } of config.settings) {
    const scalar = document.getIn(["settings", name], true);
    if (isScalar(scalar)) scalar.comment = ` ${value === null ? "not set" : from}`;
  }
  return document.toString({ nullStr: "", lineWidth: 0 });
}

/** The same as data, for those who read it by program. */
export function visibleConfig({ settings, declared, signIn }: Config) {
  return {
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    sign_in_providers: signIn.providers.map(work.visibleProvider),
    groups: declared.groups.map(work.visibleGroup),
    upstreams: declared.upstreams.map(work.visibleUpstream),
    registries: declared.registries.map(work.visibleRegistry),
    users: declared.users.map(work.visibleUser),
    oidc_issuers: declared.oidcIssuers.map(work.visibleIssuer),
    webhooks: declared.webhooks.map(work.visibleWebhook),
    prefetches: declared.prefetches.map(work.visiblePrefetch),
  };
}
