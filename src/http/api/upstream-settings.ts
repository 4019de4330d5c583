import type { z } from "@hono/zod-openapi";
import type { Caller } from "../../access/contract.ts";
import type { UpstreamSettings } from "../../metadata/contract.ts";
import * as work from "../../work/contract.ts";
import { badRequest, invalidRecord } from "./errors.ts";
import type { ApiOptions } from "./options.ts";
import type { upstreamChanges, upstreamFields } from "./upstream-fields.ts";

type Changes = z.output<typeof upstreamChanges>;

/** How the fields of the API are called in our settings. */
const names = {
  url: "url",
  name: "name",
  description: "description",
  username: "username",
  password: "password",
  cache_validity_hours: "cacheValidityHours",
  token_realm: "tokenRealm",
  denied_means: "deniedMeans",
  library_prefix: "libraryPrefix",
  stale_if_absent_hours: "staleIfAbsentHours",
  stale_while_revalidate: "staleWhileRevalidate",
  cache_max_bytes: "cacheMaxBytes",
  ca: "ca",
  rules: "rules",
  verified_group: "verifiedGroup",
} as const satisfies Record<Exclude<keyof Changes, "access">, keyof UpstreamSettings>;

/** What was given, null meaning unset. */
export function settingsGiven({ access, ...changes }: Changes): Partial<UpstreamSettings> {
  const entries = Object.entries(changes).map(([field, value]) => [
    names[field as keyof typeof names],
    value ?? undefined,
  ]);
  const settings = Object.fromEntries(entries) as Partial<UpstreamSettings>;
  return { ...settings, ...readers(access, changes.verified_group) };
}

/** Whom it is for; nothing where nothing is said of that. */
function readers(
  access: Changes["access"],
  given: Changes["verified_group"],
): Pick<UpstreamSettings, "verifiedGroup"> | undefined {
  // Of a group that is gone null is what one reads: whoever sends that back does not mean everybody.
  if (given === null && access === undefined) {
    throw badRequest("access is missing beside verified_group");
  }
  const verifiedGroup = given ?? undefined;
  if (access === "verified" && verifiedGroup === undefined) {
    throw badRequest("verified_group is missing");
  }
  if (access !== "verified" && verifiedGroup !== undefined) {
    throw badRequest("verified_group needs access to be verified");
  }
  return access && { verifiedGroup };
}

/** What was given, and for the rest what is known of the registry at this address. */
export function newSettings(fields: z.output<typeof upstreamFields>): UpstreamSettings {
  bothOrNone(fields);
  const { name, url } = fields;
  return { name, ...work.defaultSettings(url), ...settingsGiven(fields) };
}

/** Both are in the request, or neither, whatever they say. */
export function bothOrNone(fields: object): void {
  if ("username" in fields === "password" in fields) return;
  throw badRequest("username, password provide all or none of parameters");
}

/** An address that can be seen to be an inner one; what a name leads to is judged when it is dialled. */
export async function refuseInner(
  isInner: (url: string) => Promise<boolean>,
  url: string | undefined,
): Promise<void> {
  if (url === undefined || !(await isInner(url))) return;
  const text =
    "is an inner address, which upstreams may have only where WEIR_ALLOWED_UPSTREAM_ADDRESSES says so";
  throw invalidRecord({ url: [text] });
}

/** A group can be named by who may see it; others are told what they would be told if it were not there. */
export async function refuseHidden(
  options: Pick<ApiOptions, "management">,
  caller: Caller,
  path: string | undefined,
): Promise<void> {
  if (path === undefined || (await isSeen(options, caller, path))) return;
  throw invalidRecord({ verified_group: ["is no group"] });
}

/** An upstream as the caller may see it: what a group is called that is hidden from him is not told. */
export async function asSeen<U extends { verifiedGroup: string | undefined }>(
  options: Pick<ApiOptions, "management">,
  caller: Caller,
  upstream: U,
): Promise<U> {
  const { verifiedGroup: path } = upstream;
  if (!path || (await isSeen(options, caller, path))) return upstream;
  return { ...upstream, verifiedGroup: "" };
}

async function isSeen(
  { management }: Pick<ApiOptions, "management">,
  caller: Caller,
  path: string,
): Promise<boolean> {
  const group = await management.group({ path });
  if (!group) return false;
  const subject = { kind: "group", lineage: group.lineage } as const;
  return caller.judge("read_group", subject) === "allowed";
}
