import type { SqlWords } from "./index.ts";

/**
 * What choosing needs, and times for the management API. Names of upstreams need not be unique any more; SQLite can
 * drop such a constraint only with its table, and a dropped table takes along what refers to it: so the tables that do
 * are made anew as well.
 */
export const choosing = (words: SqlWords): string[] => [
  ...["description text check (length(description) <= 1024)", ...registryWords].map(
    (column) => `alter table registries add column ${column}`,
  ),
  ...upstreams(words),
  ...registryUpstreams(words),
  ...cacheEntries(words),
  "drop table registry_upstreams",
  "drop table cache_entries",
  "drop table upstreams",
  ...["upstreams", "registry_upstreams", "cache_entries"].map(
    (table) => `alter table new_${table} rename to ${table}`,
  ),
  "create index upstreams_group on upstreams (group_id)",
  // What of an upstream can be seen, in the order in which it is listed.
  `create index cache_entries_shown on cache_entries (upstream_id, id)
  where proof = 'shown' and status = 'default'`,
  // Whether a group has seen a digest.
  "create index cache_entries_digest on cache_entries (digest, group_id)",
  "create index registry_upstreams_upstream on registry_upstreams (upstream_id)",
  `create table upstream_states (
  upstream_id ${words.integer} not null primary key references upstreams (id) on delete cascade,
  version ${words.integer} not null,
  state text not null
)${words.keyed}`,
];

const registryWords = [
  "on_unsure text not null default 'stop' check (on_unsure in ('stop', 'continue'))",
  "ask text not null default 'in_order' check (ask in ('in_order', 'parallel'))",
];

function upstreams({ id, integer, table }: SqlWords): string[] {
  const kept =
    "id, group_id, name, url, username, sealed_password, token_realm, cache_validity_hours, " +
    "denied_means, library_prefix, version, created_at, updated_at";
  return [
    `create table new_upstreams (
  id ${id},
  group_id ${integer} not null references groups (id) on delete cascade,
  name text not null check (length(name) between 1 and 255),
  description text check (length(description) <= 1024),
  url text not null check (length(url) between 1 and 255),
  username text check (length(username) between 1 and 510),
  sealed_password text,
  token_realm text,
  cache_validity_hours ${integer} not null check (cache_validity_hours >= 0),
  denied_means text not null check (denied_means in ('absent', 'unsure')),
  library_prefix ${integer} not null check (library_prefix in (0, 1)),
  stale_if_absent_hours ${integer} not null default 168 check (stale_if_absent_hours >= 0),
  stale_while_revalidate ${integer} not null default 0 check (stale_while_revalidate in (0, 1)),
  ca text,
  rules text not null default '[]',
  version ${integer} not null default 1,
  created_at ${integer} not null,
  updated_at ${integer} not null,
  unique (id, group_id)
)${table}`,
    `insert into new_upstreams (${kept}) select ${kept} from upstreams`,
  ];
}

function registryUpstreams({ id, integer, table }: SqlWords): string[] {
  const kept = "id, group_id, registry_id, upstream_id, position";
  return [
    `create table new_registry_upstreams (
  id ${id},
  group_id ${integer} not null,
  registry_id ${integer} not null,
  upstream_id ${integer} not null,
  position ${integer} not null check (position >= 1),
  created_at ${integer} not null default 0,
  updated_at ${integer} not null default 0,
  unique (registry_id, upstream_id),
  unique (registry_id, position),
  foreign key (registry_id, group_id) references registries (id, group_id) on delete cascade,
  foreign key (upstream_id, group_id) references new_upstreams (id, group_id) on delete cascade
)${table}`,
    `insert into new_registry_upstreams (${kept}) select ${kept} from registry_upstreams`,
  ];
}

function cacheEntries({ id, integer, computed, table }: SqlWords): string[] {
  const kept =
    "id, group_id, upstream_id, repository, kind, reference, digest, proof, upstream_etag, content_type, size, " +
    "upstream_checked_at, downloaded_at, downloads_count, status, pinned";
  return [
    `create table new_cache_entries (
  id ${id},
  group_id ${integer} not null,
  upstream_id ${integer} not null,
  repository text not null,
  kind text not null check (kind in ('manifest', 'blob')),
  reference text not null,
  relative_path text generated always as ('/' || repository || '/' || kind || 's/' || reference) ${computed},
  digest text not null,
  proof text not null check (proof in ('named', 'shown')),
  upstream_etag text,
  content_type text not null,
  size ${integer} not null check (size >= 0),
  upstream_checked_at ${integer} not null,
  downloaded_at ${integer} not null,
  downloads_count ${integer} not null default 0 check (downloads_count >= 0),
  status text not null default 'default' check (
    status in ('default', 'processing', 'pending_destruction', 'error')
  ),
  pinned ${integer} not null default 0 check (pinned in (0, 1)),
  created_at ${integer} not null default 0,
  updated_at ${integer} not null default 0,
  unique (upstream_id, repository, kind, reference),
  foreign key (upstream_id, group_id) references new_upstreams (id, group_id) on delete cascade,
  -- only a manifest can be had by tag, and what looks like a digest is the digest
  check (reference = digest or (kind = 'manifest' and reference not like '%:%')),
  check (proof = 'shown' or upstream_checked_at = 0)
)${table}`,
    `insert into new_cache_entries (${kept}, created_at, updated_at)
select ${kept}, downloaded_at, downloaded_at from cache_entries`,
  ];
}
