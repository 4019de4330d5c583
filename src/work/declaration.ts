import type { z } from "zod";
import type { DeclaredGroup, Declaration } from "./contract.ts";
import { type ConfigFile, fileSchema, upstreamPassword } from "./declared.ts";
import { certificates } from "./certificates.ts";
import { issuerOf } from "./oidc-issuers.ts";
import { defaultSettings } from "./presets.ts";
import { checkReferences, type FileProblem, pathText } from "./references.ts";
import type { Environment } from "./settings.ts";
import { webhookSecret } from "./webhooks/signature.ts";
import { accessToken, isMap, type Leaf, type ReadFile, readText } from "./text.ts";

/**
 * The declared part of a configuration file, whose scalars are all texts. Secrets come from the file, the
 * environment and other files; with `need` being `optional`, one whose variable or file is not there is left out, and
 * `absent` says why. Empty where there are problems.
 */
export function readDeclaration(
  raw: Record<string, unknown>,
  env: Environment,
  readFile: ReadFile,
  need: "needed" | "optional" = "needed",
): { declared: Declaration; problems: FileProblem[]; absent: FileProblem[] } {
  const secrets = new Map<string, string>();
  const absent: FileProblem[] = [];
  const parsed = fileSchema.safeParse(raw);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap(problemsOf),
    ...checkReferences(raw),
    ...secretPlaces(raw).flatMap((place) => {
      const result = readSecret(place, env, readFile);
      if (typeof result === "string") secrets.set(`${pathText(place.path)}.${place.key}`, result);
      if (typeof result !== "object") return [];
      if (need === "needed" || place.key === "ca" || !result.isAbsent) return [result];
      absent.push(result);
      return [];
    }),
  ];
  problems.push(...sharedTokens(secrets));
  const file = parsed.success && problems.length === 0 ? parsed.data : fileSchema.parse({});
  return { declared: assemble(file, secrets), problems, absent };
}

export function problemsOf(issue: z.core.$ZodIssue): FileProblem[] {
  const { path, message } = issue;
  if (issue.code !== "unrecognized_keys") return [{ path, message }];
  const messages = message.split("\n");
  return issue.keys.map((key, index) => ({ path: [...path, key], message: messages[index] ?? "" }));
}

/**
 * A map in the file that has a secret as `key`, or in a file or variable that `<key>_file` or `<key>_env` names. (An
 * authority is none, but comes in files too.)
 */
interface SecretPlace {
  path: (string | number)[];
  item: Record<string, unknown>;
  key: "password" | "secret" | "token" | "ca";
  /** What it is worth nothing without; undefined where it stands for itself. */
  login?: "username" | "identity";
  leaf: Leaf<string>;
}

function secretPlaces(raw: Record<string, unknown>): SecretPlace[] {
  const upstreams = items(raw, ["upstreams"]).flatMap((place): SecretPlace[] => [
    { ...place, key: "password", leaf: upstreamPassword, login: "username" },
    { ...place, key: "ca", leaf: certificates },
  ]);
  const tokens = items(raw, ["users"])
    .flatMap(({ path, item }) => items(item, [...path, "tokens"]))
    .map((place): SecretPlace => ({ ...place, key: "token", leaf: accessToken }));
  const issuers = items(raw, ["oidc_issuers"]).map((place): SecretPlace => {
    return { ...place, key: "ca", leaf: certificates };
  });
  const proxies = items(raw, ["groups"]).flatMap(({ path, item }): SecretPlace[] => {
    const proxy = item["dependency_proxy"];
    if (!isMap(proxy)) return [];
    const place = { path: [...path, "dependency_proxy"], item: proxy };
    return [{ ...place, key: "secret", leaf: upstreamPassword, login: "identity" }];
  });
  const webhooks = items(raw, ["webhooks"]).flatMap((place): SecretPlace[] => [
    { ...place, key: "secret", leaf: webhookSecret },
    { ...place, key: "ca", leaf: certificates },
  ]);
  return [...upstreams, ...tokens, ...issuers, ...proxies, ...webhooks];
}

/** The maps in a list, where `path` ends with the list's key; the schema reports what is no list and no map. */
function items(owner: Record<string, unknown>, path: (string | number)[]) {
  const list = owner[String(path.at(-1))];
  return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((item, index) =>
    isMap(item) ? [{ path: [...path, index], item }] : [],
  );
}

/** The secret, the problem with it, or undefined for an upstream without credentials. `isAbsent`: there is none to be read. */
function readSecret(
  { path, item, key, leaf, login }: SecretPlace,
  env: Environment,
  readFile: ReadFile,
): string | (FileProblem & { isAbsent?: true }) | undefined {
  const problem = (at: string, message: string) => ({ path: [...path, at], message });
  const absent = (at: string, message: string) => ({
    ...problem(at, message),
    isAbsent: true as const,
  });
  const aLogin = login === "identity" ? "an identity" : "a username";
  const keys = [key, `${key}_file`, `${key}_env`];
  const [used, second] = keys.filter((key) => typeof item[key] === "string");
  if (used === undefined) {
    if (key === "ca") return undefined;
    if (login === undefined) return absent(key, `is missing: give one of ${keys.join(", ")}`);
    return login in item ? absent(key, `is missing: ${aLogin} needs one`) : undefined;
  }
  if (second !== undefined) return problem(second, `stands beside ${used}; keep one of them`);
  if (login !== undefined && !(login in item)) {
    return problem(login, `is missing: a ${key} needs one`);
  }
  const given = String(item[used]);
  const text =
    used === key
      ? given
      : used.endsWith("_env")
        ? env[given] || undefined
        : readText(readFile, given);
  if (text === undefined) return absent(used, `names the variable ${given}, which is not set`);
  if (typeof text === "object") return absent(used, text.problem);
  const { data, error } = leaf.safeParse(text);
  return data ?? problem(used, error?.issues[0]?.message ?? "");
}

/** A token says who comes: two users cannot have the same. */
function sharedTokens(secrets: ReadonlyMap<string, string>): FileProblem[] {
  const tokens = [...secrets].filter(([place]) => place.startsWith("users"));
  return tokens.flatMap(([place, secret], index) => {
    const first = tokens.findIndex(([, other]) => other === secret);
    if (first === index) return [];
    return [
      {
        path: [ownerOf(place)],
        message: `has the same token as ${ownerOf(tokens[first]?.[0])}; make another`,
      },
    ];
  });
}

const ownerOf = (place = "") => place.replace(/\.token$/, "");

const proxyAt = (index: number) => `groups[${index}].dependency_proxy`;

function groupOf(group: ConfigFile["groups"][number], secret: string | undefined): DeclaredGroup {
  const {
    path,
    name = path,
    dependency_proxy: proxy,
    cleanup_policy: policy,
    virtual_registries: registries,
    cache_max_bytes: cacheMaxBytes,
  } = group;
  return {
    path,
    name,
    ...(proxy && {
      dependencyProxy: {
        enabled: proxy.enabled,
        identity: proxy.identity,
        secret,
        ttlDays: proxy.ttl_days,
      },
    }),
    ...(registries && { virtualRegistries: registries }),
    ...(cacheMaxBytes !== undefined && { cacheMaxBytes }),
    ...(policy && {
      cleanupPolicy: {
        enabled: policy.enabled,
        keepDays: policy.keep_n_days_after_download,
        cadence: policy.cadence,
        notifyOnSuccess: policy.notify_on_success,
        notifyOnFailure: policy.notify_on_failure,
      },
    }),
  };
}

function assemble(file: ConfigFile, secrets: ReadonlyMap<string, string>): Declaration {
  return {
    groups: file.groups.map((group, index) =>
      groupOf(group, secrets.get(`${proxyAt(index)}.secret`)),
    ),
    upstreams: file.upstreams.map((upstream, index) => {
      const defaults = defaultSettings(upstream.url);
      return {
        group: upstream.group,
        name: upstream.name,
        url: upstream.url,
        description: upstream.description,
        username: upstream.username,
        password: secrets.get(`upstreams[${index}].password`),
        tokenRealm: upstream.token_realm,
        cacheValidityHours: upstream.cache_validity_hours ?? defaults.cacheValidityHours,
        deniedMeans: upstream.denied_means ?? defaults.deniedMeans,
        libraryPrefix: upstream.library_prefix ?? defaults.libraryPrefix,
        staleIfAbsentHours: upstream.stale_if_absent_hours ?? defaults.staleIfAbsentHours,
        staleWhileRevalidate: upstream.stale_while_revalidate ?? defaults.staleWhileRevalidate,
        ca: secrets.get(`upstreams[${index}].ca`),
        rules: upstream.rules,
        cacheMaxBytes: upstream.cache_max_bytes,
        verifiedGroup: upstream.verified_group,
      };
    }),
    registries: file.registries.map(({ on_unsure: onUnsure, ...registry }) => ({
      ...registry,
      id: registry.id,
      description: registry.description,
      onUnsure,
    })),
    users: file.users.map(({ tokens, state, memberships, ...user }, index) => ({
      ...user,
      ...(state && { state }),
      memberships: memberships.map(({ expires_at: expiresAt, ...membership }) => ({
        ...membership,
        ...(expiresAt !== undefined && { expiresAt }),
      })),
      tokens: tokens.map(({ name, scopes, expires_at: expiresAt }, number) => {
        const secret = secrets.get(`users[${index}].tokens[${number}].token`) ?? "";
        return { name, secret, scopes, expiresAt };
      }),
    })),
    oidcIssuers: file.oidc_issuers.map((issuer, index) =>
      issuerOf(issuer, secrets.get(`oidc_issuers[${index}].ca`)),
    ),
    webhooks: file.webhooks.map((webhook, index) => ({
      group: webhook.group,
      name: webhook.name,
      url: webhook.url,
      description: webhook.description,
      secret: secrets.get(`webhooks[${index}].secret`),
      ca: secrets.get(`webhooks[${index}].ca`),
      events: webhook.events,
      enabled: webhook.enabled,
    })),
    prefetches: file.prefetches.map(({ every_hours: everyHours, ...prefetch }) => ({
      ...prefetch,
      everyHours,
    })),
  };
}
