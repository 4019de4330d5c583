import { z } from "zod";
import { type Role, roles } from "../metadata/contract.ts";
import { certificates } from "./certificates.ts";
import { problemsOf } from "./declaration.ts";
import { groupPath, name, variable } from "./declared.ts";
import { pathText } from "./references.ts";
import { file, list, map } from "./shapes.ts";
import type { Environment, Settings } from "./settings.ts";
import { flag, integer, leaf, line, matching, oneOf, type ReadFile, readText } from "./text.ts";

/** How people sign in to the console, and for how long. */
export interface SignInSettings {
  passwords: boolean;
  /** Without a request for so long a session ends. */
  sessionIdleSeconds: number;
  /** It ends then, whatever happens. */
  sessionSeconds: number;
  providers: SignInProvider[];
}

/** An identity provider, where people sign in by OpenID Connect. */
export interface SignInProvider {
  /** Part of paths. */
  name: string;
  /** For people. */
  title: string;
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  scopes: string[];
  usernameClaim: string;
  groupsClaim: string;
  createUsers: boolean;
  roles: { value: string; group: string; role: Role }[];
  ca: string | undefined;
}

const seconds = (from: number, to: number) => integer(from, to, "seconds");

/** Notes what is wrong among the problems of the settings. */
export function readSignIn(
  settings: Settings,
  raw: Record<string, unknown>,
  env: Environment,
): SignInSettings {
  return {
    passwords: settings.get("password_sign_in", flag, "true"),
    sessionIdleSeconds: settings.get("session_idle_seconds", seconds(300, 604_800), "28800"),
    sessionSeconds: settings.get("session_seconds", seconds(300, 2_592_000), "604800"),
    providers: readProviders(raw, env, settings.readFile, settings.problems),
  };
}

/** Whoever could change what the provider says would be anybody. */
const issuerUrl = leaf(
  "must be the address of the provider, such as https://id.example.com/realm, as it names itself; http on this machine only",
  (text) => {
    const url = /^https?:\/\/[^\s\\?#@]{1,250}$/.test(text) ? URL.parse(text) : null;
    const isLocal = url && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
    return url?.protocol === "https:" || isLocal ? text : undefined;
  },
);

const claim = matching(
  /^[!-~]{1,255}$/,
  "must be the name of a claim: 1 to 255 characters without blanks",
);
const secret = matching(/^[!-~]{1,1024}$/, "must be 1 to 1024 characters without blanks");
const scope = matching(
  /^[!#-[\]-~]{1,255}$/,
  "must be 1 to 255 characters without blanks and quotes",
);

const provider = map({
  name: matching(
    /^[a-z\d](?:[a-z\d-]{0,62}[a-z\d])?$/,
    "must be 1 to 64 lower-case letters, digits and -, not at the ends",
  ),
  title: line(255).optional(),
  issuer: issuerUrl,
  client_id: matching(/^[!-~]{1,255}$/, "must be 1 to 255 characters without blanks"),
  client_secret: secret.optional(),
  client_secret_file: file.optional(),
  client_secret_env: variable.optional(),
  scopes: list(scope).default(["profile", "email"]),
  username_claim: claim.default("preferred_username"),
  groups_claim: claim.default("groups"),
  create_users: flag.default(false),
  roles: list(
    map({ value: name, group: groupPath, role: oneOf(Object.keys(roles) as Role[]) }),
  ).default([]),
  ca_file: file.optional(),
});
const fileSchema = z.object({ sign_in_providers: list(provider).default([]) });

function readProviders(
  raw: Record<string, unknown>,
  env: Environment,
  readFile: ReadFile,
  problems: string[],
): SignInProvider[] {
  const { data, error } = fileSchema.safeParse(raw);
  for (const { path, message } of (error?.issues ?? []).flatMap(problemsOf)) {
    problems.push(`${pathText(path)}: ${message}`);
  }
  const given = data?.sign_in_providers ?? [];
  const names = given.map((one) => one.name);
  const issuers = given.map((one) => one.issuer);
  return given.map((one, index) => {
    const refuse = (key: string, message: string) =>
      problems.push(`sign_in_providers[${index}].${key}: ${message}`);
    if (names.indexOf(one.name) !== index) refuse("name", "stands twice; keep one of them");
    if (issuers.indexOf(one.issuer) !== index) refuse("issuer", "stands twice; keep one of them");
    return {
      name: one.name,
      title: one.title ?? one.name,
      issuer: one.issuer,
      clientId: one.client_id,
      clientSecret: readSecret(one, env, readFile, refuse),
      scopes: [...new Set(["openid", ...one.scopes])],
      usernameClaim: one.username_claim,
      groupsClaim: one.groups_claim,
      createUsers: one.create_users,
      roles: one.roles,
      ca: one.ca_file && readCa(one.ca_file, readFile, refuse),
    };
  });
}

type Refuse = (key: string, message: string) => void;

function readSecret(
  given: z.infer<typeof provider>,
  env: Environment,
  readFile: ReadFile,
  refuse: Refuse,
): string | undefined {
  const keys = ["client_secret", "client_secret_file", "client_secret_env"] as const;
  const [used, second] = keys.filter((key) => given[key] !== undefined);
  if (used === undefined) return undefined;
  if (second !== undefined) refuse(second, `stands beside ${used}; keep one of them`);
  const value = given[used] ?? "";
  if (used === "client_secret") return value;
  const text = used === "client_secret_env" ? env[value] || undefined : readText(readFile, value);
  if (text === undefined) refuse(used, `names the variable ${value}, which is not set`);
  if (typeof text === "object") refuse(used, text.problem);
  if (typeof text !== "string") return undefined;
  const { data, error } = secret.safeParse(text);
  if (error) refuse(used, error.issues[0]?.message ?? "is invalid");
  return data;
}

function readCa(path: string, readFile: ReadFile, refuse: Refuse): string | undefined {
  const text = readText(readFile, path);
  if (typeof text === "object") refuse("ca_file", text.problem);
  const { data, error } = certificates.safeParse(text);
  if (error && typeof text === "string")
    refuse("ca_file", error.issues[0]?.message ?? "is invalid");
  return data;
}
