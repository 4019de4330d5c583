import { type Options, UsageError, type World } from "./command.ts";
import { readSource } from "./connection.ts";
import type { Given } from "./given.ts";
import { size } from "../work/contract.ts";

const trueOrFalse = ["true", "false"];

/** Where a password is: never on the command line, where every user of the machine can read it. */
export const passwordOptions = {
  "password-file": { value: "FILE", summary: "with the password; - is the standard input" },
  "password-env": { value: "NAME", summary: "variable with the password" },
} as const satisfies Options;

/** What can be set of an upstream, beside its name and URL. */
export const upstreamSettings = {
  description: { value: "TEXT", summary: "what it is for; the empty text clears it" },
  username: { value: "NAME", summary: "for its login; the empty text removes the login" },
  ...passwordOptions,
  "token-realm": { value: "URL", summary: "its token service, where that is on another host" },
  "cache-validity-hours": { value: "N", summary: "how long a tag counts as fresh", from: 0 },
  "denied-means": {
    value: "WHAT",
    summary: "what 401 and 403 say of an image",
    choices: ["absent", "unsure"],
  },
  "library-prefix": {
    value: "BOOL",
    summary: "whether a name without a slash means library/…",
    choices: trueOrFalse,
  },
  "stale-if-absent-hours": {
    value: "N",
    summary: "how long a tag is served that is gone from its upstream",
    from: 0,
  },
  "cache-max-bytes": {
    value: "SIZE",
    summary: "how many bytes of it may be stored, such as 500MB or 50GiB; the empty text: no limit",
  },
  "stale-while-revalidate": {
    value: "BOOL",
    summary: "whether a stale tag is served at once and checked behind",
    choices: trueOrFalse,
  },
  "ca-file": { value: "FILE", summary: "PEM of the authorities to trust; the empty text: none" },
  rule: {
    value: "RULE",
    summary: 'such as "allow repository library/**" or "deny tag latest"; replaces all rules',
    many: true,
  },
  "no-rules": { summary: "remove all rules" },
  "verified-group": {
    value: "GROUP",
    summary: "only for members of this group; the empty text: for everybody",
  },
} as const satisfies Options;

const texts = {
  description: "description",
  "token-realm": "token_realm",
  "denied-means": "denied_means",
} as const;
const numbers = {
  "cache-validity-hours": "cache_validity_hours",
  "stale-if-absent-hours": "stale_if_absent_hours",
} as const;
const flags = {
  "library-prefix": "library_prefix",
  "stale-while-revalidate": "stale_while_revalidate",
} as const;

/** What is given, as the fields of the API. */
export async function upstreamFieldsGiven(
  world: World,
  given: Given,
): Promise<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const [option, field] of Object.entries(texts)) {
    if (given.has(option)) fields[field] = given.text(option) || null;
  }
  for (const [option, field] of Object.entries(numbers)) {
    if (given.has(option)) fields[field] = given.number(option);
  }
  for (const [option, field] of Object.entries(flags)) {
    if (given.has(option)) fields[field] = given.text(option) === "true";
  }
  const limit = given.text("cache-max-bytes");
  if (limit !== undefined) fields["cache_max_bytes"] = limit === "" ? null : bytesGiven(limit);
  const ca = given.text("ca-file");
  if (ca !== undefined) fields["ca"] = ca === "" ? null : await readSource(world, ca);
  const group = given.text("verified-group");
  if (group !== undefined) {
    fields["access"] = group === "" ? "shared" : "verified";
    fields["verified_group"] = group || null;
  }
  return { ...fields, ...rulesGiven(given), ...(await loginGiven(world, given)) };
}

function bytesGiven(text: string): number {
  const { data, error } = size(1).safeParse(text);
  if (data !== undefined) return data;
  throw new UsageError(`--cache-max-bytes ${error?.issues[0]?.message ?? "is no size"}, or empty`);
}

function rulesGiven(given: Given): { rules?: object[] } {
  const rules = given.list("rule");
  if (given.has("no-rules")) {
    if (rules.length > 0) throw new UsageError("--no-rules stands beside --rule; keep one of them");
    return { rules: [] };
  }
  return rules.length === 0 ? {} : { rules: rules.map((rule) => readRule(rule)) };
}

export function readRule(text: string, called = "--rule"): object {
  const [effect, target, pattern, ...more] = text.trim().split(/\s+/);
  const isRule = /^(?:allow|deny)$/.test(effect ?? "") && /^(?:repository|tag)$/.test(target ?? "");
  if (!isRule || pattern === undefined || more.length > 0) {
    throw new UsageError(
      `${called} must be such as "allow repository library/**": allow or deny, repository or tag, a pattern`,
    );
  }
  return { target, effect, pattern };
}

/** User name and password as they are given; both null where the user name is taken away. */
export async function loginGiven(
  world: World,
  given: Given,
): Promise<{ username?: string | null; password?: string | null }> {
  const username = given.text("username");
  const password = await readPassword(world, given);
  if (username === "") {
    if (password !== undefined)
      throw new UsageError("--username is empty, but there is a password");
    return { username: null, password: null };
  }
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

export async function readPassword(world: World, given: Given): Promise<string | undefined> {
  const file = given.text("password-file");
  const name = given.text("password-env");
  if (file !== undefined && name !== undefined) {
    throw new UsageError("--password-env stands beside --password-file; keep one of them");
  }
  if (file !== undefined) return (await readSource(world, file)).replace(/\r?\n$/, "");
  if (name === undefined) return undefined;
  const password = world.env[name];
  if (!password)
    throw new UsageError(`--password-env names the variable ${name}, which is not set`);
  return password;
}
