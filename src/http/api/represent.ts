import { maybeTime, timeText } from "../../lib/time-text.ts";
import type {
  Association,
  AuditEvent,
  EntryRecord,
  Group,
  RegistryRecord,
  UpstreamRecord,
} from "../../metadata/contract.ts";
import type { Explanation, PlannedUpstream, PullPlan } from "../../pull/contract.ts";
import type { Health } from "../../upstream/contract.ts";
import { nextByCode, nextOfReason, nextOfRules } from "../live/next.ts";

const times = ({ createdAt, updatedAt }: { createdAt: number; updatedAt: number }) => ({
  created_at: timeText(createdAt),
  updated_at: timeText(updatedAt),
});

export function groupJson({ id, path, name, lineage }: Group) {
  return {
    id,
    name,
    path: path.slice(path.lastIndexOf("/") + 1),
    full_path: path,
    parent_id: lineage[1] ?? null,
  };
}

export function registryJson(registry: RegistryRecord) {
  return {
    id: registry.id,
    group_id: registry.groupId,
    name: registry.name,
    description: registry.description ?? null,
    on_unsure: registry.onUnsure,
    ask: registry.ask,
    ...times(registry),
  };
}

export function registryDetailJson(registry: RegistryRecord, cachedBytes: number) {
  const list = registry.associations.map(({ id, upstreamId, position }) => ({
    id,
    upstream_id: upstreamId,
    position,
  }));
  return { ...registryJson(registry), registry_upstreams: list, cached_bytes: cachedBytes };
}

/** Without the password, and written out by name so that a new secret cannot slip in. */
export function upstreamJson(upstream: UpstreamRecord) {
  return {
    id: upstream.id,
    group_id: upstream.groupId,
    url: upstream.url,
    name: upstream.name,
    description: upstream.description ?? null,
    cache_validity_hours: upstream.cacheValidityHours,
    username: upstream.username ?? null,
    token_realm: upstream.tokenRealm ?? null,
    denied_means: upstream.deniedMeans,
    library_prefix: upstream.libraryPrefix,
    stale_if_absent_hours: upstream.staleIfAbsentHours,
    stale_while_revalidate: upstream.staleWhileRevalidate,
    cache_max_bytes: upstream.cacheMaxBytes ?? null,
    ca: upstream.ca ?? null,
    rules: upstream.rules,
    access: upstream.verifiedGroup === undefined ? "shared" : "verified",
    verified_group: upstream.verifiedGroup || null,
    ...times(upstream),
  };
}

const placeJson = ({ id, registryId, position }: Association) => ({
  id,
  registry_id: registryId,
  position,
});

/** With its place in this registry. */
export function placedUpstreamJson(upstream: UpstreamRecord, registryId: number) {
  const places = upstream.associations.filter((one) => one.registryId === registryId);
  const [place] = places.map(placeJson);
  return { ...upstreamJson(upstream), registry_upstream: place };
}

export function upstreamDetailJson(upstream: UpstreamRecord, health: Health) {
  return {
    ...upstreamJson(upstream),
    registry_upstreams: upstream.associations.map(placeJson),
    health: healthJson(health),
  };
}

function healthJson({ breaker, retryAt, lastFailure, budget }: Health) {
  return {
    breaker,
    retry_at: maybeTime(retryAt),
    last_failure: lastFailure ?? null,
    budget: budget
      ? {
          limit: budget.limit,
          remaining: budget.remaining,
          window_seconds: budget.windowSeconds,
          at: timeText(budget.at),
        }
      : null,
  };
}

export function associationJson({ id, registryId, upstreamId, position }: Association) {
  return { id, registry_id: registryId, upstream_id: upstreamId, position };
}

export function entryJson(entry: EntryRecord) {
  return {
    id: entryIdText(entry),
    group_id: entry.groupId,
    upstream_id: entry.upstreamId,
    upstream_checked_at: timeText(entry.checkedAt),
    file_md5: null,
    file_sha1: null,
    digest: entry.digest,
    size: entry.size,
    relative_path: entry.relativePath,
    upstream_etag: entry.etag ?? null,
    content_type: entry.contentType,
    ...times(entry),
    downloads_count: entry.downloads,
    downloaded_at: timeText(entry.downloadedAt),
    pinned: entry.pinned,
  };
}

/** Opaque to clients: URL-safe base64 of `<group id> <id>`. */
export function entryIdText({ groupId, id }: Pick<EntryRecord, "groupId" | "id">): string {
  return btoa(`${groupId} ${id}`).replaceAll("+", "-").replaceAll("/", "_");
}

/** Undefined for what is no base64; an id of nothing is 0. */
export function parseEntryId(text: string): { groupId: number; id: number } | undefined {
  if (!/^[\w-]+={0,2}$/.test(text) || text.length > 100) return undefined;
  const decoded = Buffer.from(text, "base64url").toString("latin1");
  const [, groupId, id] = /^([1-9]\d{0,14}) ([1-9]\d{0,14})$/.exec(decoded) ?? [];
  return { groupId: Number(groupId ?? 0), id: Number(id ?? 0) };
}

export function auditEventJson({ actor, subject, ...event }: AuditEvent) {
  return {
    id: event.id,
    created_at: timeText(event.at),
    actor: { kind: actor.kind, id: actor.id ?? null, name: actor.name },
    action: event.action,
    subject: { kind: subject.kind, id: subject.id ?? null, name: subject.name ?? null },
    group_id: event.groupId ?? null,
    address: event.address ?? null,
    result: event.result,
    request_id: event.requestId ?? null,
    details: event.details,
  };
}

export function explanationJson({ status, upstream, age, reason }: Explanation) {
  return { status, upstream, age, reason: reason ?? null };
}

export function planJson({ upstreams, decision }: PullPlan) {
  return {
    upstreams: upstreams.map(plannedJson),
    decision: {
      status: decision.status,
      upstream: decision.upstream ?? null,
      digest: decision.digest ?? null,
      reason: decision.reason ?? null,
      next: planNext(decision, upstreams) ?? null,
    },
  };
}

function plannedJson({ upstreamId, deniedBy, cached, says, ...upstream }: PlannedUpstream) {
  return {
    upstream_id: upstreamId,
    ...upstream,
    denied_by: deniedBy ?? null,
    cached: cached
      ? {
          digest: cached.digest,
          proof: cached.proof,
          checked_at: timeText(cached.checkedAt),
          fresh_until: maybeTime(cached.freshUntil),
        }
      : null,
    says: says ?? null,
    next: nextOfReason(says) ?? null,
  };
}

/** What the pull's own error says of it. */
function planNext(
  { status, reason }: PullPlan["decision"],
  upstreams: readonly PlannedUpstream[],
): string | undefined {
  if (status !== "refused") return nextOfReason(reason);
  const unsure = upstreams.map(({ says }) => nextOfReason(says)).find((next) => next !== undefined);
  return unsure ?? (reason === "absent everywhere" ? nextByCode.manifest_unknown : nextOfRules);
}
