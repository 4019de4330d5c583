import type { SqlWords } from "./index.ts";

/**
 * What belongs to a group carries the group's id, and references to it name both: the database itself keeps one
 * group's registry from an upstream, or an entry, of another.
 */
export const firstLight = ({ id, integer, bytes, computed, table, keyed }: SqlWords): string[] => [
  `create table generation (
  id ${integer} primary key check (id = 1),
  value ${integer} not null
)${table}`,
  `insert into generation (id, value) values (1, 1)`,

  `create table groups (
  id ${id},
  path text not null unique check (length(path) between 1 and 255),
  name text not null check (length(name) between 1 and 255)
)${table}`,

  `create table registries (
  id ${id},
  group_id ${integer} not null references groups (id) on delete cascade,
  name text not null check (length(name) between 1 and 255),
  created_at ${integer} not null,
  updated_at ${integer} not null,
  unique (group_id, name),
  unique (id, group_id)
)${table}`,

  `create table upstreams (
  id ${id},
  group_id ${integer} not null references groups (id) on delete cascade,
  name text not null check (length(name) between 1 and 255),
  url text not null check (length(url) between 1 and 255),
  username text check (length(username) between 1 and 510),
  sealed_password text,
  token_realm text,
  cache_validity_hours ${integer} not null check (cache_validity_hours >= 0),
  denied_means text not null check (denied_means in ('absent', 'unsure')),
  library_prefix ${integer} not null check (library_prefix in (0, 1)),
  version ${integer} not null default 1,
  created_at ${integer} not null,
  updated_at ${integer} not null,
  unique (group_id, name),
  unique (id, group_id)
)${table}`,

  `create table registry_upstreams (
  id ${id},
  group_id ${integer} not null,
  registry_id ${integer} not null,
  upstream_id ${integer} not null,
  position ${integer} not null check (position >= 1),
  unique (registry_id, upstream_id),
  unique (registry_id, position),
  foreign key (registry_id, group_id) references registries (id, group_id) on delete cascade,
  foreign key (upstream_id, group_id) references upstreams (id, group_id) on delete cascade
)${table}`,
  `create index registry_upstreams_upstream on registry_upstreams (upstream_id)`,

  `create table users (
  id ${id},
  username text not null unique check (length(username) between 1 and 255),
  admin ${integer} not null check (admin in (0, 1)),
  state text not null default 'active' check (state in ('active', 'blocked', 'deactivated')),
  created_at ${integer} not null
)${table}`,

  `create table memberships (
  user_id ${integer} not null references users (id) on delete cascade,
  group_id ${integer} not null references groups (id) on delete cascade,
  role text not null check (
    role in ('guest', 'planner', 'reporter', 'developer', 'maintainer', 'owner')
  ),
  primary key (user_id, group_id)
)${keyed}`,

  `create table tokens (
  id ${id},
  user_id ${integer} not null references users (id) on delete cascade,
  name text not null check (length(name) between 1 and 255),
  hash text not null unique check (length(hash) = 64),
  scopes text not null,
  expires_at ${integer},
  revoked_at ${integer},
  created_at ${integer} not null,
  unique (user_id, name)
)${table}`,

  // Content without an owner: who may read it is decided by the entries alone.
  `create table manifests (
  digest text not null primary key,
  media_type text not null,
  payload ${bytes} not null
)${table}`,

  `create table manifest_children (
  parent_digest text not null references manifests (digest) on delete cascade,
  child_digest text not null,
  kind text not null check (kind in ('manifest', 'blob')),
  media_type text not null,
  size ${integer} not null check (size >= 0),
  platform text,
  primary key (parent_digest, child_digest)
)${keyed}`,

  `create table blobs (
  digest text not null primary key,
  size ${integer} not null check (size >= 0),
  stored_at ${integer} not null,
  verified_at ${integer} not null
)${keyed}`,

  `create table cache_entries (
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
  unique (upstream_id, repository, kind, reference),
  foreign key (upstream_id, group_id) references upstreams (id, group_id) on delete cascade,
  -- only a manifest can be had by tag, and what looks like a digest is the digest
  check (reference = digest or (kind = 'manifest' and reference not like '%:%')),
  check (proof = 'shown' or upstream_checked_at = 0)
)${table}`,
];
