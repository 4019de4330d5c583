import { z } from "zod";
import { cadences, maxRules, type Role, roles } from "../metadata/contract.ts";
import { realmUrl, upstreamUrl } from "./addresses.ts";
import { automationShapes } from "./automation.ts";
import { issuer } from "./oidc-issuers.ts";
import { defaultGroup, file, list, map, secret } from "./shapes.ts";
import { flag, integer, leaf, line, matching, oneOf, size } from "./text.ts";

/** The administrator that is always there. */
export const adminName = "admin";

/** What can stand in an image's name, in either case: clients write a group's path there, in lower case. */
const groupWord = /^[A-Za-z0-9]+(?:(?:\.|_|__|-+)[A-Za-z0-9]+)*$/;
/** The beginnings of our own names. */
const ownWords = ["dependency_proxy", "virtual_registries"];
const maxGroupParts = 20;
const groupWords = `letters and digits with . _ __ or - between them, and not ${ownWords.join(" or ")}`;

const isGroupWord = (text: string) =>
  groupWord.test(text) && !ownWords.includes(text.toLowerCase());

/** The last part of a group's path. */
export const groupPart = leaf(`must be 1 to 255 ${groupWords}`, (text) =>
  text.length <= 255 && isGroupWord(text) ? text : undefined,
);

export const groupPath = leaf(
  `must be 1 to 255 ${groupWords}; a subgroup has the path of its group and a slash before`,
  (text) => {
    const parts = text.length <= 255 ? text.split("/") : [];
    const isPath = parts.length > 0 && parts.length <= maxGroupParts && parts.every(isGroupWord);
    return isPath ? text : undefined;
  },
);
export const username = matching(
  /^[A-Za-z0-9][\w.+-]{0,254}$/,
  "must be 1 to 255 letters, digits, _ . + or -, a letter or digit first",
);
export const name = line(255);
const group = groupPath.default(defaultGroup);
export const variable = matching(/^[A-Za-z_]\w*$/, "must be the name of an environment variable");
/** RFC 7617: a colon would end the user name. */
export const upstreamUsername = matching(
  /^[^\p{C}:]{1,510}$/u,
  "must be 1 to 510 printable characters without a colon",
);
export const upstreamPassword = matching(
  /^\P{C}{1,510}$/u,
  "must be 1 to 510 printable characters",
);

/** A day counts from its beginning: the token is dead from 00:00 UTC on. */
const instant = leaf(
  "must be a day such as 2030-12-31, or a time with its zone such as 2030-12-31T18:00:00Z",
  (text) => {
    const known = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(text);
    return known.success ? Date.parse(known.data) : undefined;
  },
);

/** The same of what ends with a day, as the API has it. */
const day = leaf("must be a day such as 2030-12-31", (text) =>
  z.iso.date().safeParse(text).success ? Date.parse(text) : undefined,
);

/** Scopes that a token can have (spec: identity, section 4.1); those for pulling are the virtual registry's and `api`. */
export const tokenScopes = [
  "api",
  "read_api",
  "read_registry",
  "write_registry",
  "read_virtual_registry",
  "write_virtual_registry",
] as const;

/** What can be part of a repository or tag, with stars. */
export const rulePattern = matching(
  /^(?!.*\*\*\*)[\w./*-]{1,255}$/,
  "must be 1 to 255 letters, digits, _ . / - and *, ** for any text with slashes in it",
);

const rule = map({
  target: oneOf(["repository", "tag"]),
  effect: oneOf(["allow", "deny"]),
  pattern: rulePattern,
});

const description = line(1024).optional();

const upstream = map({
  group,
  name,
  url: upstreamUrl,
  description,
  username: upstreamUsername.optional(),
  password: secret.optional(),
  password_file: file.optional(),
  password_env: variable.optional(),
  token_realm: realmUrl.optional(),
  cache_validity_hours: integer(0, 87600, "hours").optional(),
  denied_means: oneOf(["absent", "unsure"]).optional(),
  library_prefix: flag.optional(),
  stale_if_absent_hours: integer(0, 87600, "hours").optional(),
  stale_while_revalidate: flag.optional(),
  cache_max_bytes: size(1).optional(),
  ca: secret.optional(),
  ca_file: file.optional(),
  rules: list(rule).max(maxRules, `must be at most ${maxRules} rules`).default([]),
  access: oneOf(["shared", "verified"]).default("shared"),
  verified_group: groupPath.optional(),
});

const registry = map({
  id: integer(1, 2 ** 31 - 1).optional(),
  group,
  name,
  description,
  on_unsure: oneOf(["stop", "continue"]).default("stop"),
  ask: oneOf(["in_order", "parallel"]).default("in_order"),
  upstreams: list(name),
});

const token = map({
  name,
  token: secret.optional(),
  token_file: file.optional(),
  token_env: variable.optional(),
  scopes: list(oneOf(tokenScopes))
    .min(1, "must name at least one scope")
    .default(["read_virtual_registry"]),
  expires_at: instant.optional(),
});

const user = map({
  username,
  admin: flag.default(false),
  state: oneOf(["active", "blocked", "deactivated"]).optional(),
  memberships: list(
    map({ group, role: oneOf(Object.keys(roles) as Role[]), expires_at: day.optional() }),
  ).default([]),
  tokens: list(token).default([]),
});

const dependencyProxy = map({
  enabled: flag.default(true),
  identity: upstreamUsername.optional(),
  secret: secret.optional(),
  secret_file: file.optional(),
  secret_env: variable.optional(),
  ttl_days: integer(1, 36_500, "days").optional(),
});

const cleanupPolicy = map({
  enabled: flag.default(true),
  keep_n_days_after_download: integer(1, 365, "days").default(30),
  cadence: leaf(`must be one of ${cadences.join(", ")}, in days`, (text) =>
    cadences.find((days) => String(days) === text),
  ).default(7),
  notify_on_success: flag.default(false),
  notify_on_failure: flag.default(false),
});

const { webhook, prefetch } = automationShapes({ group, name, description, variable });

/** The whole configuration file but for its settings; every scalar in it is a text. */
export const fileSchema = map({
  settings: z.unknown().optional(),
  groups: list(
    map({
      path: groupPath,
      name: name.optional(),
      dependency_proxy: dependencyProxy.optional(),
      cleanup_policy: cleanupPolicy.optional(),
      cache_max_bytes: size(1).optional(),
      virtual_registries: map({ enabled: flag }).optional(),
    }),
  ).default([]),
  upstreams: list(upstream).default([]),
  registries: list(registry).default([]),
  users: list(user).default([]),
  oidc_issuers: list(issuer).default([]),
  webhooks: list(webhook).default([]),
  prefetches: list(prefetch).default([]),
  sign_in_providers: z.unknown().optional(),
});
export type ConfigFile = z.infer<typeof fileSchema>;
