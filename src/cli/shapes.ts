import type * as api from "../http/api/contract.ts";
import { isMap } from "../work/contract.ts";

/** Reads an answer of the API; undefined where it is none of this shape. */
export type Shape<T> = (value: unknown) => T | undefined;

/**
 * An object that has these fields. More of it is not looked at: a server of another release may have more, and what it
 * says of fields that are known here is documented for all of them.
 */
function has<T extends object>(...fields: (keyof T & string)[]): Shape<T> {
  return (value) =>
    isMap(value) && fields.every((field) => field in value) ? (value as T) : undefined;
}

export function list<T>(item: Shape<T>): Shape<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const items = value.map((one: unknown) => item(one));
    return items.every((one) => one !== undefined) ? items : undefined;
  };
}

export type Entry = api.CacheEntryJson;
export type EntryDetail = api.CacheEntryDetailJson;
export type Repository = api.CachedRepositoryJson;
export type Work = api.WorkJson;
export type Token = (api.PersonalTokenJson | api.GroupTokenJson | api.DeployTokenJson) & {
  token?: string;
};
export type Prefetch = api.PrefetchJson;
export type Pull = api.PullJson;
export type Webhook = api.WebhookJson;
export type Delivery = api.DeliveryJson;
export type Arrival = api.ArrivalJson;
/** What a purge by pattern would give up. */
export interface Preview {
  entries: number;
  size: number;
  repositories: string[];
  partial: boolean;
}

/** How a group's pulls were answered, in one step of time. */
export interface Usage {
  at: string;
  hits: number;
  misses: number;
  bytes_from_cache: number;
  bytes_from_upstream: number;
  upstream_requests: number;
  upstream_errors: number;
}

export const shapes = {
  anything: has(),
  usage: has<Usage>("at", "hits", "misses"),
  group: has<api.GroupJson>("id", "name", "full_path", "parent_id"),
  registry: has<api.RegistryJson>("id", "group_id", "name", "on_unsure", "ask"),
  registryDetail: has<api.RegistryDetailJson>("id", "group_id", "name", "registry_upstreams"),
  upstream: has<api.UpstreamJson>("id", "group_id", "name", "url", "rules"),
  rule: has<api.UpstreamRuleJson>("id", "target", "effect", "pattern"),
  placedUpstream: has<api.PlacedUpstreamJson>("id", "name", "url", "rules", "registry_upstream"),
  upstreamDetail: has<api.UpstreamDetailJson>("id", "name", "url", "rules", "registry_upstreams"),
  association: has<api.AssociationJson>("id", "registry_id", "upstream_id", "position"),
  connectionResult: has<api.ConnectionResultJson>("success"),
  entry: has<Entry>("id", "relative_path", "size"),
  entryDetail: has<EntryDetail>("id", "repository", "kind", "reference", "manifest"),
  repository: has<Repository>("repository", "entries_count", "tags_count", "size"),
  preview: has<Preview>("entries", "size", "repositories", "partial"),
  plan: has<api.PlanJson>("upstreams", "decision"),
  refreshed: has<api.RefreshedJson>("digest", "cache"),
  imported: has<api.ImportedJson>("images", "blobs", "bytes", "absent"),
  verified: has<api.VerifiedJson>("next", "checked", "findings"),
  evictionPreview: has<api.EvictionPreviewJson>("scope", "reason", "entries", "entries_count"),
  work: has<Work>("name", "status"),
  pull: has<Pull>("id", "at", "repository", "reference", "cache_status", "status", "error"),
  prefetch: has<Prefetch>("id", "status", "progress", "images"),
  webhook: has<Webhook>("id", "url", "events", "enabled"),
  delivery: has<Delivery>("id", "event", "status", "attempts"),
  arrival: has<Arrival>("peer", "forwarded", "trusted_proxy", "closes"),
  user: has<api.UserJson>("id", "username", "state", "is_admin", "bot"),
  member: has<api.MemberJson>("id", "username", "access_level", "expires_at"),
  project: has<api.ProjectJson>("id", "path", "path_with_namespace", "namespace"),
  token: has<Token>("id", "name", "scopes", "expires_at"),
  groupSpace: has<api.GroupSpaceJson>("cached_bytes", "cache_max_bytes"),
  space: has<api.SpaceJson>("stored_bytes", "limits"),
  policy: has<api.CleanupPolicyJson>("enabled", "cadence", "keep_n_days_after_download"),
  dependencyProxy: has<api.DependencyProxyJson>("enabled", "identity"),
  registrySwitch: has<api.VirtualRegistriesJson>("enabled"),
  oidcIssuer: has<api.OidcIssuerJson>("id", "name", "issuer", "required_claims", "rules"),
  ttlPolicy: has<api.TtlPolicyJson>("enabled", "ttl"),
} as const;
