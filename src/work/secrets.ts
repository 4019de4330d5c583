import { upstreamPassword } from "./declared.ts";
import { certificates } from "./certificates.ts";
import type { FileProblem } from "./references.ts";
import type { Environment } from "./settings.ts";
import { accessToken, isMap, type Leaf, type ReadFile, readText } from "./text.ts";
import { webhookSecret } from "./webhooks/signature.ts";

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

export function secretPlaces(raw: Record<string, unknown>): SecretPlace[] {
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
export function readSecret(
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
export function sharedTokens(secrets: ReadonlyMap<string, string>): FileProblem[] {
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
