import type { components } from "../../api/schema.ts";
import { valueText } from "../../ui/editing.tsx";
import { bytesText, timeText } from "../../ui/format.tsx";

export type AuditEvent = components["schemas"]["AuditEvent"];

const kinds: Readonly<Record<string, string>> = {
  cache_entry: "cache entry",
  cleanup_policy: "cleanup policy",
  dependency_proxy: "Dependency Proxy",
  oidc_issuer: "trusted issuer",
  registry_upstream: "place of an upstream in a registry",
  store: "store",
  virtual_registries: "registries of the group",
};

/** What something is called, by its kind. */
export const kindText = (kind: string): string => kinds[kind] ?? kind.replaceAll("_", " ");

const verbs: Readonly<Record<string, string>> = {
  add: "added",
  create: "created",
  declare: "declared",
  delete: "deleted",
  disable: "switched off",
  evict: "began an eviction from",
  export: "exported images from",
  import: "imported images into",
  limit: "changed the limit of",
  move: "moved",
  pin: "pinned",
  purge: "emptied the cache of",
  refresh: "refreshed a tag through",
  remove: "removed",
  revoke: "revoked",
  rotate: "rotated",
  run: "ran",
  scrub: "looked through",
  test: "tested",
  unpin: "unpinned",
  update: "changed",
  verify: "verified",
};

const whole: Readonly<Record<string, string>> = {
  "identity.link": "linked an identity to",
  "identity.unlink": "took an identity from",
  "password.set": "set the password of",
  "session.end": "ended a session of",
};

const logins = {
  success: "logged in",
  failure: "failed to log in",
  refused: "was refused a login",
};

/** What was done, to be read after the name of who did it. */
export function deedText({ action, result, subject }: AuditEvent): string {
  if (action === "login") return logins[result];
  if (action === "login.ban") return "failed too often, and may not log in for a while";
  if (action === "api") return "was refused at the API";
  const said = whole[action];
  if (said) return result === "success" ? said : `tried and was refused (${action}):`;
  const [kind = "", verb = ""] = action.split(".");
  const deed = verbs[verb] ?? verb.replaceAll("_", " ");
  const text = `${deed} the ${kindText(subject.kind === "server" ? kind : kind || subject.kind)}`;
  return result === "success"
    ? text
    : `${result === "failure" ? "failed" : "was refused"}: ${text}`;
}

/** Actions that one can look for, in words. */
export const knownActions = [
  "login",
  "login.ban",
  "api",
  "token.create",
  "token.rotate",
  "token.revoke",
  "member.add",
  "member.update",
  "member.remove",
  "user.create",
  "user.update",
  "password.set",
  "session.end",
  "identity.link",
  "identity.unlink",
  "group.create",
  "group.update",
  "group.delete",
  "group.limit",
  "project.create",
  "project.delete",
  "registry.create",
  "registry.update",
  "registry.delete",
  "registry.purge",
  "upstream.create",
  "upstream.update",
  "upstream.delete",
  "upstream.purge",
  "upstream.test",
  "rule.create",
  "rule.update",
  "rule.delete",
  "cache_entry.delete",
  "cleanup_policy.update",
  "cleanup_policy.run",
  "prefetch.create",
  "prefetch.delete",
  "webhook.create",
  "webhook.update",
  "webhook.delete",
  "oidc_issuer.create",
  "oidc_issuer.update",
  "oidc_issuer.delete",
  "store.evict",
  "store.verify",
] as const;

/** One field of the details, in words. */
export interface Detail {
  field: string;
  text: string;
}

/** What a change was in particular; fields that say nothing are left out. */
export function detailsOf({ details }: Pick<AuditEvent, "details">): Detail[] {
  return Object.entries(details).flatMap(([field, value]) => {
    const text = detailText(field, value);
    return text === undefined ? [] : [{ field: fieldText(field), text }];
  });
}

function detailText(field: string, value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (isChange(value)) return `${single(field, value.from)} → ${single(field, value.to)}`;
  return single(field, value);
}

const isChange = (value: unknown): value is { from: unknown; to: unknown } =>
  typeof value === "object" && value !== null && "from" in value && "to" in value;

function single(field: string, value: unknown): string {
  if (typeof value === "number" && /(?:bytes|size)$/.test(field)) return bytesText(value);
  if (typeof value === "string" && field.endsWith("_at")) return timeText(value);
  return valueText(value);
}

const fieldText = (field: string) => field.replaceAll("_", " ").replace(/ at$/, "");
