import type { ColumnType, Generated, Kysely } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { ChildKind } from "../oci/manifest.ts";
import type { RepositoryCountsTable } from "./search/tables.ts";
import type { BlobsTable, BytesScope, GroupsTable } from "./space/tables.ts";
import type { AuditResult } from "./audit/contract.ts";
import type { Ask, DeniedMeans, OnUnsure, Proof, Role, TokenKind, UserState } from "./contract.ts";
import type { OidcIssuersTable } from "./oidc-issuers/table.ts";
import type { PrefetchesTable, PrefetchImagesTable } from "./prefetches/tables.ts";
import type { WebhookDeliveriesTable, WebhooksTable } from "./webhooks/tables.ts";

/** The tables as TypeScript sees them; what they hold to is in `migrations/`. Flags are 0 or 1, on every engine. */
export interface Schema {
  generation: { id: number; value: number };
  groups: GroupsTable;
  group_paths: { path: string; group_id: number };
  dependency_proxies: DependencyProxiesTable;
  registries: RegistriesTable;
  upstreams: UpstreamsTable;
  registry_upstreams: RegistryUpstreamsTable;
  upstream_states: { upstream_id: number; version: number; state: string };
  users: UsersTable;
  memberships: MembershipsTable;
  projects: ProjectsTable;
  project_memberships: ProjectMembershipsTable;
  tokens: TokensTable;
  passwords: { user_id: number; hash: string; changed_at: number };
  sessions: SessionsTable;
  identities: { issuer: string; subject: string; user_id: number; created_at: number };
  provided_memberships: { issuer: string; user_id: number; group_id: number; role: Role };
  cache_entries: CacheEntriesTable;
  lists: ListsTable;
  manifests: { digest: Digest; media_type: string; payload: Uint8Array };
  manifest_children: ManifestChildrenTable;
  blobs: BlobsTable;
  cached_bytes: { scope: BytesScope; owner_id: number; bytes: number };
  unneeded_content: { kind: ChildKind; digest: Digest; size: number; since: number | null };
  audit_events: AuditEventsTable;
  audit_retention: { id: number; before_at: number };
  work: WorkTable;
  purges: PurgesTable;
  cleanup_policies: CleanupPoliciesTable;
  prefetches: PrefetchesTable;
  prefetch_images: PrefetchImagesTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  oidc_issuers: OidcIssuersTable;
  virtual_registry_settings: { group_id: number; enabled: number; updated_at: number };
  entry_counts: { upstream_id: number; bucket: number; entries: number; size: number };
  repository_counts: RepositoryCountsTable;
  entry_grams: { id: number; ids: Uint8Array };
  indexed_buckets: { bucket: number };
  upstream_statistics: UpstreamStatisticsTable;
  repository_statistics: RepositoryStatisticsTable;
}

export type Db = Kysely<Schema>;

export interface RegistriesTable {
  id: Generated<number>;
  group_id: number;
  name: string;
  description: string | null;
  on_unsure: OnUnsure;
  ask: Ask;
  created_at: number;
  updated_at: number;
}

/** The upstream of a Dependency Proxy is its group's, and nothing that registries could have. */
export type UpstreamKind = "registry" | "dependency_proxy";

export interface UpstreamsTable {
  id: Generated<number>;
  group_id: number;
  name: string;
  url: string;
  username: string | null;
  sealed_password: string | null;
  token_realm: string | null;
  cache_validity_hours: number;
  denied_means: DeniedMeans;
  library_prefix: number;
  description: string | null;
  stale_if_absent_hours: number;
  stale_while_revalidate: number;
  ca: string | null;
  /** A JSON array of `StoredRule`. */
  rules: string;
  /** The last id that a rule of this upstream was given. */
  last_rule_id: Generated<number>;
  verified_group_id: number | null;
  cache_max_bytes: number | null;
  kind: Generated<UpstreamKind>;
  version: Generated<number>;
  /** Which of its caches it has, and from which on the former ones are doubted: see `caches.ts`. */
  cache_epoch: Generated<number>;
  doubted_epoch: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface RegistryUpstreamsTable {
  id: Generated<number>;
  group_id: number;
  registry_id: number;
  upstream_id: number;
  position: number;
  created_at: number;
  updated_at: number;
}

interface DependencyProxiesTable {
  group_id: number;
  enabled: Generated<number>;
  ttl_enabled: Generated<number>;
  ttl_days: Generated<number>;
}

export interface UsersTable {
  id: Generated<number>;
  username: string;
  email: string | null;
  name: Generated<string>;
  admin: number;
  state: Generated<UserState>;
  kind: Generated<"human" | "bot">;
  created_at: number;
}

interface MembershipsTable {
  user_id: number;
  group_id: number;
  role: Role;
  expires_at: number | null;
}

export interface ProjectsTable {
  id: Generated<number>;
  group_id: number;
  /** The last part of the whole path. */
  path: string;
  name: string;
  created_at: number;
}

interface ProjectMembershipsTable {
  user_id: number;
  project_id: number;
  role: Role;
  expires_at: number | null;
}

export interface TokensTable {
  id: Generated<number>;
  kind: TokenKind;
  user_id: number | null;
  group_id: number | null;
  project_id: number | null;
  username: string | null;
  name: string;
  hash: string;
  /** A JSON array of texts. */
  scopes: string;
  declared: Generated<number>;
  /** Whether it came from a declared one, by however many rotations. */
  from_declared: Generated<number>;
  created_by: number | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
}

export interface SessionsTable {
  id: Generated<number>;
  user_id: number;
  hash: string;
  method: "password" | "token" | "provider";
  token_id: number | null;
  provider: string | null;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
}

export interface CacheEntriesTable {
  id: Generated<number>;
  group_id: number;
  /** Of its cache: see `caches.ts`. */
  upstream_id: number;
  repository: string;
  kind: ChildKind;
  reference: string;
  /** Computed by the database: `/<repository>/manifests|blobs/<reference>`. */
  relative_path: ColumnType<string, never, never>;
  digest: Digest;
  proof: Proof;
  upstream_etag: string | null;
  content_type: string;
  size: number;
  upstream_checked_at: number;
  downloaded_at: number;
  downloads_count: Generated<number>;
  status: Generated<"default" | "processing" | "pending_destruction" | "error">;
  pinned: Generated<number>;
  created_at: number;
  /** When it was last stored, shown or confirmed. */
  updated_at: number;
}

interface ListsTable {
  id: Generated<number>;
  group_id: number;
  /** Of its cache. */
  upstream_id: number;
  repository: string;
  kind: "tags" | "referrers";
  /** A digest; of tags: empty. */
  subject: string;
  content: string;
  checked_at: number;
}

interface ManifestChildrenTable {
  parent_digest: Digest;
  child_digest: Digest;
  kind: ChildKind;
  media_type: string;
  size: number;
  platform: string | null;
}

export interface AuditEventsTable {
  id: Generated<number>;
  at: number;
  actor_kind: string;
  actor_id: number | null;
  actor_name: string;
  action: string;
  subject_kind: string;
  subject_id: number | null;
  subject_name: string | null;
  group_id: number | null;
  address: string | null;
  result: AuditResult;
  request_id: string | null;
  /** A JSON object. */
  details: string;
}

/** Pulls by cache status, bytes, and requests to upstreams. */
export interface CounterColumns {
  hit: number;
  stale: number;
  revalidated: number;
  miss: number;
  collapsed: number;
  windowed: number;
  bypass: number;
  absent: number;
  refused: number;
  bytes_from_cache: number;
  bytes_from_upstream: number;
  requests: number;
  errors: number;
}

export interface UpstreamStatisticsTable extends CounterColumns {
  group_id: number;
  span: "hour" | "day";
  /** When it begins. */
  at: number;
  upstream_id: number;
}

export interface RepositoryStatisticsTable extends CounterColumns {
  group_id: number;
  at: number;
  upstream_id: number;
  repository: string;
}

export interface WorkTable {
  name: string;
  /** Where a run has come to; null: none is under way. */
  state: string | null;
  done: Generated<number>;
  total: number | null;
  /** In a row. */
  failures: Generated<number>;
  /** Of the last failure. */
  message: string | null;
  /** Grows each time somebody wants it to run. */
  wakes: Generated<number>;
  last_run_at: number | null;
  next_run_at: number;
  /** Who runs it, as long as the lease lasts. */
  owner: string | null;
  leased_until: Generated<number>;
}

export interface PurgesTable {
  id: Generated<number>;
  /** Of its cache. */
  upstream_id: number;
  /** A glob; null: everything. */
  pattern: string | null;
  include_pinned: number;
  /** Entries that came later stay. */
  last_id: number;
  /** A JSON array: the key of the entry that was looked at last. */
  position: string | null;
  removed: Generated<number>;
  created_at: number;
}

export interface CleanupPoliciesTable {
  group_id: number;
  enabled: number;
  keep_n_days_after_download: number;
  cadence: number;
  notify_on_success: number;
  notify_on_failure: number;
  status: Generated<"scheduled" | "running" | "failed">;
  failure_message: string | null;
  next_run_at: number;
  last_run_at: number | null;
  last_run_deleted_size: Generated<number>;
  last_run_deleted_entries_count: Generated<number>;
  /** A JSON object. */
  last_run_detailed_metrics: Generated<string>;
  run_started_at: number | null;
  /** Of the run under way: see `CleanupPosition`. */
  run_position: string | null;
  run_deleted_size: Generated<number>;
  run_deleted_count: Generated<number>;
  created_at: number;
  updated_at: number;
}
