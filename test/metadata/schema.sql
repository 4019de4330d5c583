CREATE TABLE audit_events (
  id integer primary key autoincrement,
  at integer not null,
  actor_kind text not null check (length(actor_kind) between 1 and 255),
  actor_id integer,
  actor_name text not null check (length(actor_name) <= 255),
  action text not null check (length(action) between 1 and 255),
  subject_kind text not null check (length(subject_kind) between 1 and 255),
  subject_id integer,
  subject_name text check (length(subject_name) <= 255),
  group_id integer,
  address text check (length(address) <= 255),
  result text not null check (result in ('success', 'failure', 'refused')),
  request_id text,
  details text not null
) strict;

CREATE INDEX audit_events_action on audit_events (action, at);

CREATE INDEX audit_events_actor on audit_events (actor_name, at);

CREATE INDEX audit_events_at on audit_events (at);

CREATE TRIGGER audit_events_delete before delete on audit_events
when old.at >= (select before_at from audit_retention where id = 1)
begin
  select raise(abort, 'audit_events are kept');
end;

CREATE INDEX audit_events_group on audit_events (group_id, at) where group_id is not null;

CREATE INDEX audit_events_subject on audit_events (subject_kind, subject_id, at);

CREATE TRIGGER audit_events_update before update on audit_events
begin
  select raise(abort, 'audit_events are not changed');
end;

CREATE TABLE audit_retention (
  id integer primary key check (id = 1),
  before_at integer not null
) strict;

CREATE TABLE blobs (
  digest text not null primary key,
  size integer not null check (size >= 0),
  stored_at integer not null,
  verified_at integer not null
, removing_at integer) strict, without rowid;

CREATE TRIGGER blobs_space_delete after delete on blobs
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'stored', 0, -old.size where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  delete from unneeded_content where kind = 'blob' and digest = old.digest;
end;

CREATE TRIGGER blobs_space_insert after insert on blobs
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'stored', 0, new.size where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
end;

CREATE TRIGGER blobs_space_update after update of size on blobs
when old.size <> new.size
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'stored', 0, new.size - old.size where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
end;

CREATE TABLE "cache_entries" (
  id integer primary key autoincrement,
  group_id integer not null,
  -- of one that was there when this was written; it may have been removed since
  upstream_id integer not null,
  repository text not null,
  kind text not null check (kind in ('manifest', 'blob')),
  reference text not null,
  relative_path text generated always as ('/' || repository || '/' || kind || 's/' || reference) virtual,
  digest text not null,
  proof text not null check (proof in ('named', 'shown')),
  upstream_etag text,
  content_type text not null,
  size integer not null check (size >= 0),
  upstream_checked_at integer not null,
  downloaded_at integer not null,
  downloads_count integer not null default 0 check (downloads_count >= 0),
  status text not null default 'default' check (
    status in ('default', 'processing', 'pending_destruction', 'error')
  ),
  pinned integer not null default 0 check (pinned in (0, 1)),
  created_at integer not null default 0,
  updated_at integer not null default 0,
  unique (upstream_id, repository, kind, reference),
  -- only a manifest can be had by tag, and what looks like a digest is the digest
  check (reference = digest or (kind = 'manifest' and reference not like '%:%')),
  check (proof = 'shown' or upstream_checked_at = 0)
) strict;

CREATE TRIGGER cache_entries_counted_delete after delete on cache_entries
when old.proof = 'shown' and old.status = 'default'
begin
  update entry_counts set entries = entries - 1, size = size - old.size
  where upstream_id = old.upstream_id and bucket = old.id >> 12 and old.proof = 'shown' and old.status = 'default';
  delete from entry_counts where upstream_id = old.upstream_id and bucket = old.id >> 12 and entries = 0;
end;

CREATE TRIGGER cache_entries_counted_insert after insert on cache_entries
when new.proof = 'shown' and new.status = 'default'
begin
  insert into entry_counts (upstream_id, bucket, entries, size)
  select new.upstream_id, new.id >> 12, 1, new.size where true
  on conflict (upstream_id, bucket) do update
  set entries = entries + 1, size = size + excluded.size;
end;

CREATE TRIGGER cache_entries_counted_update after update of proof, status, size on cache_entries
when old.proof is not new.proof or old.status is not new.status or old.size is not new.size
begin
  insert into entry_counts (upstream_id, bucket, entries, size)
  select new.upstream_id, new.id >> 12, 1, new.size where new.proof = 'shown' and new.status = 'default'
  on conflict (upstream_id, bucket) do update
  set entries = entries + 1, size = size + excluded.size;
  update entry_counts set entries = entries - 1, size = size - old.size
  where upstream_id = old.upstream_id and bucket = old.id >> 12 and old.proof = 'shown' and old.status = 'default';
  delete from entry_counts where upstream_id = old.upstream_id and bucket = old.id >> 12 and entries = 0;
end;

CREATE INDEX cache_entries_digest on cache_entries (digest, group_id);

CREATE INDEX cache_entries_downloaded on cache_entries (upstream_id, downloaded_at);

CREATE INDEX cache_entries_hash on cache_entries ((((((((((0 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), 1, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), 7, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), 13, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), 19, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), -24, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), -18, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), -12, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(repository as blob), -6, 6)), '$')) % 2147483647 % 8388608 * 8388608 + ((((((((0 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), 1, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), 7, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), 13, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), 19, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), -24, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), -18, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), -12, 6)), '$')) % 2147483647 * 1000003 + json_extract('0x0' || hex(substr(cast(reference as blob), -6, 6)), '$')) % 2147483647 % 8388608), upstream_id);

CREATE INDEX cache_entries_pinned on cache_entries (upstream_id, repository) where pinned = 1;

CREATE TRIGGER cache_entries_repository_delete after delete on cache_entries
when old.proof = 'shown' and old.status = 'default'
begin
  update repository_counts
  set entries = entries - 1, tags = tags - (old.reference <> old.digest), digests = digests - (old.kind = 'manifest' and old.reference = old.digest), size = size - old.size
  where upstream_id = old.upstream_id and repository = old.repository and old.proof = 'shown' and old.status = 'default';
  delete from repository_counts where upstream_id = old.upstream_id and repository = old.repository and entries = 0;
end;

CREATE TRIGGER cache_entries_repository_insert after insert on cache_entries
when new.proof = 'shown' and new.status = 'default'
begin
  insert into repository_counts (upstream_id, repository, entries, tags, digests, size, last_downloaded_at)
  select new.upstream_id, new.repository, 1, (new.reference <> new.digest), (new.kind = 'manifest' and new.reference = new.digest), new.size, new.downloaded_at where true
  on conflict (upstream_id, repository) do update
  set entries = entries + 1, tags = tags + excluded.tags, digests = digests + excluded.digests,
    size = size + excluded.size, last_downloaded_at = max(last_downloaded_at, excluded.last_downloaded_at);
end;

CREATE TRIGGER cache_entries_repository_update after update of proof, status, size on cache_entries
when old.proof is not new.proof or old.status is not new.status or old.size is not new.size
begin
  insert into repository_counts (upstream_id, repository, entries, tags, digests, size, last_downloaded_at)
  select new.upstream_id, new.repository, 1, (new.reference <> new.digest), (new.kind = 'manifest' and new.reference = new.digest), new.size, new.downloaded_at where new.proof = 'shown' and new.status = 'default'
  on conflict (upstream_id, repository) do update
  set entries = entries + 1, tags = tags + excluded.tags, digests = digests + excluded.digests,
    size = size + excluded.size, last_downloaded_at = max(last_downloaded_at, excluded.last_downloaded_at);
  update repository_counts
  set entries = entries - 1, tags = tags - (old.reference <> old.digest), digests = digests - (old.kind = 'manifest' and old.reference = old.digest), size = size - old.size
  where upstream_id = old.upstream_id and repository = old.repository and old.proof = 'shown' and old.status = 'default';
  delete from repository_counts where upstream_id = old.upstream_id and repository = old.repository and entries = 0;
end;

CREATE INDEX cache_entries_shown on cache_entries (upstream_id, id)
  where proof = 'shown' and status = 'default';

CREATE TRIGGER cache_entries_space_delete after delete on cache_entries
when (old.proof = 'shown' or old.upstream_etag is not null)
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'upstream', old.upstream_id, -old.size where 1 = 1 and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null) and +e.upstream_id = old.upstream_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into cached_bytes (scope, owner_id, bytes) select 'group', old.group_id, -old.size where 1 = 1 and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null) and e.group_id = old.group_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into unneeded_content (kind, digest, size)
  select 'blob', b.digest, b.size from blobs as b
  where b.digest = old.digest and old.kind = 'blob' and 1 = 1 and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null)
  )
  on conflict do nothing;
  insert into unneeded_content (kind, digest, size)
  select 'manifest', m.digest, length(m.payload) from manifests as m
  where m.digest = old.digest and old.kind = 'manifest' and 1 = 1 and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null)
  )
  on conflict do nothing;
end;

CREATE TRIGGER cache_entries_space_insert after insert on cache_entries
when (new.proof = 'shown' or new.upstream_etag is not null)
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'upstream', new.upstream_id, new.size where 1 = 1 and not exists (
    select 1 from cache_entries as e
    where e.digest = new.digest and e.kind = new.kind and e.id <> new.id and (e.proof = 'shown' or e.upstream_etag is not null) and +e.upstream_id = new.upstream_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into cached_bytes (scope, owner_id, bytes) select 'group', new.group_id, new.size where 1 = 1 and not exists (
    select 1 from cache_entries as e
    where e.digest = new.digest and e.kind = new.kind and e.id <> new.id and (e.proof = 'shown' or e.upstream_etag is not null) and e.group_id = new.group_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  delete from unneeded_content where kind = new.kind and digest = new.digest and 1 = 1;
end;

CREATE TRIGGER cache_entries_space_update after update of proof, upstream_etag, digest, size on cache_entries
when (old.proof = 'shown' or old.upstream_etag is not null) <> (new.proof = 'shown' or new.upstream_etag is not null)
  or ((new.proof = 'shown' or new.upstream_etag is not null) and (old.digest <> new.digest or old.size <> new.size))
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'upstream', old.upstream_id, -old.size where (old.proof = 'shown' or old.upstream_etag is not null) and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null) and +e.upstream_id = old.upstream_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into cached_bytes (scope, owner_id, bytes) select 'group', old.group_id, -old.size where (old.proof = 'shown' or old.upstream_etag is not null) and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null) and e.group_id = old.group_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into cached_bytes (scope, owner_id, bytes) select 'upstream', new.upstream_id, new.size where (new.proof = 'shown' or new.upstream_etag is not null) and not exists (
    select 1 from cache_entries as e
    where e.digest = new.digest and e.kind = new.kind and e.id <> new.id and (e.proof = 'shown' or e.upstream_etag is not null) and +e.upstream_id = new.upstream_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into cached_bytes (scope, owner_id, bytes) select 'group', new.group_id, new.size where (new.proof = 'shown' or new.upstream_etag is not null) and not exists (
    select 1 from cache_entries as e
    where e.digest = new.digest and e.kind = new.kind and e.id <> new.id and (e.proof = 'shown' or e.upstream_etag is not null) and e.group_id = new.group_id
  )
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  insert into unneeded_content (kind, digest, size)
  select 'blob', b.digest, b.size from blobs as b
  where b.digest = old.digest and old.kind = 'blob' and (old.proof = 'shown' or old.upstream_etag is not null) and not ((new.proof = 'shown' or new.upstream_etag is not null) and old.digest = new.digest) and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null)
  )
  on conflict do nothing;
  insert into unneeded_content (kind, digest, size)
  select 'manifest', m.digest, length(m.payload) from manifests as m
  where m.digest = old.digest and old.kind = 'manifest' and (old.proof = 'shown' or old.upstream_etag is not null) and not ((new.proof = 'shown' or new.upstream_etag is not null) and old.digest = new.digest) and not exists (
    select 1 from cache_entries as e
    where e.digest = old.digest and e.kind = old.kind and e.id <> old.id and (e.proof = 'shown' or e.upstream_etag is not null)
  )
  on conflict do nothing;
  delete from unneeded_content where kind = new.kind and digest = new.digest and (new.proof = 'shown' or new.upstream_etag is not null);
end;

CREATE TABLE cached_bytes (
  scope text not null check (scope in ('stored', 'leaving', 'upstream', 'group')),
  owner_id integer not null,
  bytes integer not null,
  primary key (scope, owner_id)
) strict, without rowid;

CREATE TABLE cleanup_policies (
  group_id integer not null primary key references groups (id) on delete cascade,
  enabled integer not null check (enabled in (0, 1)),
  keep_n_days_after_download integer not null check (keep_n_days_after_download between 1 and 365),
  cadence integer not null check (cadence in (1, 7, 14, 30, 90)),
  notify_on_success integer not null check (notify_on_success in (0, 1)),
  notify_on_failure integer not null check (notify_on_failure in (0, 1)),
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'failed')),
  failure_message text check (length(failure_message) <= 255),
  next_run_at integer not null,
  last_run_at integer,
  last_run_deleted_size integer not null default 0,
  last_run_deleted_entries_count integer not null default 0,
  last_run_detailed_metrics text not null default '{}',
  run_started_at integer,
  run_position text,
  run_deleted_size integer not null default 0,
  run_deleted_count integer not null default 0,
  created_at integer not null,
  updated_at integer not null
) strict;

CREATE TABLE dependency_proxies (
  group_id integer not null primary key references groups (id) on delete cascade,
  enabled integer not null default 1 check (enabled in (0, 1)),
  ttl_enabled integer not null default 0 check (ttl_enabled in (0, 1)),
  ttl_days integer not null default 90 check (ttl_days > 0)
) strict;

CREATE TABLE entry_counts (
  upstream_id integer not null,
  bucket integer not null,
  entries integer not null,
  size integer not null,
  primary key (upstream_id, bucket)
) strict, without rowid;

CREATE TABLE entry_grams (
  id integer primary key,
  ids blob not null
) strict;

CREATE TABLE generation (
  id integer primary key check (id = 1),
  value integer not null
) strict;

CREATE TABLE group_paths (
  path text not null primary key check (length(path) between 1 and 255),
  group_id integer not null references groups (id) on delete cascade
) strict, without rowid;

CREATE INDEX group_paths_group on group_paths (group_id);

CREATE TABLE groups (
  id integer primary key autoincrement,
  path text not null unique check (length(path) between 1 and 255),
  name text not null check (length(name) between 1 and 255)
, parent_id integer references groups (id) on delete cascade, cache_max_bytes integer check (cache_max_bytes > 0)) strict;

CREATE INDEX groups_parent on groups (parent_id);

CREATE TABLE identities (
  issuer text not null,
  subject text not null,
  user_id integer not null references users (id) on delete cascade,
  created_at integer not null,
  primary key (issuer, subject)
) strict, without rowid;

CREATE UNIQUE INDEX identities_user on identities (user_id, issuer);

CREATE TABLE indexed_buckets (
  bucket integer not null primary key
) strict, without rowid;

CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);

CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);

CREATE TABLE "lists" (
  id integer primary key autoincrement,
  group_id integer not null,
  -- as in cache_entries
  upstream_id integer not null,
  repository text not null,
  kind text not null check (kind in ('tags', 'referrers')),
  -- the digest that is referred to
  subject text not null,
  content text not null,
  checked_at integer not null,
  unique (upstream_id, repository, kind, subject),
  check ((kind = 'tags') = (subject = ''))
) strict;

CREATE INDEX lists_checked on lists (checked_at);

CREATE TABLE manifest_children (
  parent_digest text not null references manifests (digest) on delete cascade,
  child_digest text not null,
  kind text not null check (kind in ('manifest', 'blob')),
  media_type text not null,
  size integer not null check (size >= 0),
  platform text,
  primary key (parent_digest, child_digest)
) strict, without rowid;

CREATE INDEX manifest_children_child on manifest_children (child_digest, kind);

CREATE TABLE manifests (
  digest text not null primary key,
  media_type text not null,
  payload blob not null
) strict;

CREATE TRIGGER manifests_space_delete after delete on manifests
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'stored', 0, -length(old.payload) where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
  delete from unneeded_content where kind = 'manifest' and digest = old.digest;
end;

CREATE TRIGGER manifests_space_insert after insert on manifests
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'stored', 0, length(new.payload) where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
end;

CREATE TRIGGER manifests_space_update after update of payload on manifests
when length(old.payload) <> length(new.payload)
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'stored', 0, length(new.payload) - length(old.payload) where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
end;

CREATE TABLE memberships (
  user_id integer not null references users (id) on delete cascade,
  group_id integer not null references groups (id) on delete cascade,
  role text not null check (
    role in ('guest', 'planner', 'reporter', 'developer', 'maintainer', 'owner')
  ), expires_at integer,
  primary key (user_id, group_id)
) strict, without rowid;

CREATE INDEX memberships_group on memberships (group_id);

CREATE TABLE oidc_issuers (
  id integer primary key autoincrement,
  name text not null unique check (length(name) between 1 and 32),
  -- as it stands in tokens
  issuer text not null unique check (length(issuer) between 1 and 2048),
  -- a JSON object: where its keys are, what its tokens must say, and the rules
  settings text not null,
  -- whether a configuration file has declared it
  declared integer not null default 0 check (declared in (0, 1)),
  created_at integer not null,
  updated_at integer not null
) strict;

CREATE TABLE passwords (
  user_id integer not null primary key references users (id) on delete cascade,
  -- argon2id, in the form of the PHC
  hash text not null,
  changed_at integer not null
) strict, without rowid;

CREATE TABLE prefetch_images (
  prefetch_id integer not null references prefetches (id) on delete cascade,
  position integer not null,
  image text not null check (length(image) between 1 and 600),
  status text not null default 'pending' check (status in ('pending', 'done', 'failed')),
  reason text check (length(reason) <= 1000),
  -- what the reference was found to be in this run
  digest text,
  attempts integer not null default 0,
  not_before integer not null default 0,
  objects_done integer not null default 0,
  objects_total integer not null default 0,
  bytes_done integer not null default 0,
  bytes_total integer not null default 0,
  primary key (prefetch_id, position)
) strict, without rowid;

CREATE TABLE prefetches (
  id integer primary key autoincrement,
  group_id integer not null,
  registry_id integer not null,
  -- a JSON array of texts
  platforms text not null,
  -- null: it runs once
  every_hours integer check (every_hours between 1 and 8760),
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'finished', 'failed')),
  next_run_at integer,
  last_run_at integer,
  run_started_at integer,
  -- when it last came a step further, so that all have their turn
  advanced_at integer not null default 0,
  created_at integer not null,
  updated_at integer not null, name text check (length(name) between 1 and 255),
  foreign key (registry_id, group_id) references registries (id, group_id) on delete cascade
) strict;

CREATE UNIQUE INDEX prefetches_name on prefetches (registry_id, name);

CREATE INDEX prefetches_registry on prefetches (registry_id, group_id);

CREATE TABLE project_memberships (
  user_id integer not null references users (id) on delete cascade,
  project_id integer not null references projects (id) on delete cascade,
  role text not null check (
    role in ('guest', 'planner', 'reporter', 'developer', 'maintainer', 'owner')
  ),
  expires_at integer,
  primary key (user_id, project_id)
) strict, without rowid;

CREATE INDEX project_memberships_project on project_memberships (project_id);

CREATE TABLE projects (
  id integer primary key autoincrement,
  group_id integer not null references groups (id) on delete cascade,
  path text not null check (length(path) between 1 and 255),
  name text not null check (length(name) between 1 and 255),
  created_at integer not null
) strict;

CREATE UNIQUE INDEX projects_path on projects (group_id, lower(path));

CREATE TABLE provided_memberships (
  issuer text not null,
  user_id integer not null references users (id) on delete cascade,
  group_id integer not null references groups (id) on delete cascade,
  role text not null,
  primary key (user_id, group_id)
) strict, without rowid;

CREATE TABLE purges (
  id integer primary key autoincrement,
  upstream_id integer not null,
  pattern text check (length(pattern) between 1 and 512),
  include_pinned integer not null check (include_pinned in (0, 1)),
  last_id integer not null,
  position text,
  removed integer not null default 0,
  created_at integer not null
) strict;

CREATE TABLE recent_statistics (
  group_id integer not null references groups (id) on delete cascade,
  at integer not null,
  upstream_id integer not null,
  hit integer not null,
  stale integer not null,
  revalidated integer not null,
  miss integer not null,
  collapsed integer not null,
  windowed integer not null,
  bypass integer not null,
  absent integer not null,
  refused integer not null,
  bytes_from_cache integer not null,
  bytes_from_upstream integer not null,
  requests integer not null,
  errors integer not null,
  primary key (group_id, at, upstream_id)
) strict, without rowid;

CREATE INDEX recent_statistics_at on recent_statistics (at);

CREATE TABLE registries (
  id integer primary key autoincrement,
  group_id integer not null references groups (id) on delete cascade,
  name text not null check (length(name) between 1 and 255),
  created_at integer not null,
  updated_at integer not null, description text check (length(description) <= 1024), on_unsure text not null default 'stop' check (on_unsure in ('stop', 'continue')), ask text not null default 'in_order' check (ask in ('in_order', 'parallel')),
  unique (group_id, name),
  unique (id, group_id)
) strict;

CREATE TABLE "registry_upstreams" (
  id integer primary key autoincrement,
  group_id integer not null,
  registry_id integer not null,
  upstream_id integer not null,
  position integer not null check (position >= 1),
  created_at integer not null default 0,
  updated_at integer not null default 0,
  unique (registry_id, upstream_id),
  unique (registry_id, position),
  foreign key (registry_id, group_id) references registries (id, group_id) on delete cascade,
  foreign key (upstream_id, group_id) references "upstreams" (id, group_id) on delete cascade
) strict;

CREATE INDEX registry_upstreams_upstream on registry_upstreams (upstream_id);

CREATE TABLE repository_counts (
  upstream_id integer not null,
  repository text not null,
  entries integer not null,
  tags integer not null,
  digests integer not null,
  size integer not null,
  last_downloaded_at integer not null,
  primary key (upstream_id, repository)
) strict, without rowid;

CREATE TABLE repository_statistics (
  group_id integer not null references groups (id) on delete cascade,
  at integer not null,
  upstream_id integer not null,
  repository text not null,
  hit integer not null,
  stale integer not null,
  revalidated integer not null,
  miss integer not null,
  collapsed integer not null,
  windowed integer not null,
  bypass integer not null,
  absent integer not null,
  refused integer not null,
  bytes_from_cache integer not null,
  bytes_from_upstream integer not null,
  requests integer not null,
  errors integer not null,
  primary key (group_id, at, upstream_id, repository)
) strict, without rowid;

CREATE INDEX repository_statistics_at on repository_statistics (at);

CREATE INDEX repository_statistics_repository on repository_statistics (group_id, repository, at);

CREATE TABLE sessions (
  id integer primary key autoincrement,
  user_id integer not null references users (id) on delete cascade,
  hash text not null unique check (length(hash) = 64),
  method text not null check (method in ('password', 'token', 'provider')),
  token_id integer references tokens (id) on delete cascade,
  provider text,
  created_at integer not null,
  last_seen_at integer not null,
  expires_at integer not null,
  check ((method = 'token') = (token_id is not null)),
  check ((method = 'provider') = (provider is not null))
) strict;

CREATE INDEX sessions_token on sessions (token_id);

CREATE INDEX sessions_user on sessions (user_id);

CREATE TABLE "tokens" (
  id integer primary key autoincrement,
  kind text not null check (kind in ('personal', 'group', 'deploy', 'job')),
  user_id integer references users (id) on delete cascade,
  group_id integer references groups (id) on delete cascade,
  project_id integer references projects (id) on delete cascade,
  -- of a deploy token: what has to be given as the user name
  username text check (length(username) between 1 and 255),
  name text not null check (length(name) between 1 and 255),
  hash text not null unique check (length(hash) = 64),
  scopes text not null,
  -- whether the configuration file has made it; such tokens are known by their names
  declared integer not null default 0 check (declared in (0, 1)),
  created_by integer references users (id) on delete set null,
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  last_used_at integer, from_declared integer not null default 0 check (from_declared in (0, 1)),
  check ((user_id is null) = (kind = 'deploy')),
  check ((group_id is not null) = (kind in ('group', 'deploy'))),
  check ((project_id is not null) = (kind = 'job')),
  check ((username is not null) = (kind = 'deploy'))
) strict;

CREATE UNIQUE INDEX tokens_declared on tokens (user_id, name) where declared = 1;

CREATE INDEX tokens_group on tokens (group_id);

CREATE INDEX tokens_project on tokens (project_id);

CREATE INDEX tokens_user on tokens (user_id);

CREATE TABLE unneeded_content (
  kind text not null check (kind in ('manifest', 'blob')),
  digest text not null,
  size integer not null,
  since integer,
  primary key (kind, digest)
) strict, without rowid;

CREATE INDEX unneeded_content_since on unneeded_content (since);

CREATE TRIGGER unneeded_content_space_delete after delete on unneeded_content
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'leaving', 0, -old.size where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
end;

CREATE TRIGGER unneeded_content_space_insert after insert on unneeded_content
begin
  insert into cached_bytes (scope, owner_id, bytes) select 'leaving', 0, new.size where 1 = 1
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes;
end;

CREATE TABLE upstream_states (
  upstream_id integer not null primary key references upstreams (id) on delete cascade,
  version integer not null,
  state text not null
) strict, without rowid;

CREATE TABLE upstream_statistics (
  group_id integer not null references groups (id) on delete cascade,
  span text not null check (span in ('hour', 'day')),
  at integer not null,
  upstream_id integer not null,
  hit integer not null,
  stale integer not null,
  revalidated integer not null,
  miss integer not null,
  collapsed integer not null,
  windowed integer not null,
  bypass integer not null,
  absent integer not null,
  refused integer not null,
  bytes_from_cache integer not null,
  bytes_from_upstream integer not null,
  requests integer not null,
  errors integer not null,
  primary key (group_id, span, at, upstream_id)
) strict, without rowid;

CREATE INDEX upstream_statistics_at on upstream_statistics (span, at);

CREATE TABLE "upstreams" (
  id integer primary key autoincrement,
  group_id integer not null references groups (id) on delete cascade,
  name text not null check (length(name) between 1 and 255),
  description text check (length(description) <= 1024),
  url text not null check (length(url) between 1 and 255),
  username text check (length(username) between 1 and 510),
  sealed_password text,
  token_realm text,
  cache_validity_hours integer not null check (cache_validity_hours >= 0),
  denied_means text not null check (denied_means in ('absent', 'unsure')),
  library_prefix integer not null check (library_prefix in (0, 1)),
  stale_if_absent_hours integer not null default 168 check (stale_if_absent_hours >= 0),
  stale_while_revalidate integer not null default 0 check (stale_while_revalidate in (0, 1)),
  ca text,
  rules text not null default '[]',
  version integer not null default 1,
  created_at integer not null,
  updated_at integer not null, kind text not null default 'registry'
check (kind in ('registry', 'dependency_proxy')), verified_group_id integer, cache_max_bytes integer check (cache_max_bytes > 0), last_rule_id integer not null default 0, cache_epoch integer not null default 0, doubted_epoch integer not null default 0,
  unique (id, group_id)
) strict;

CREATE UNIQUE INDEX upstreams_dependency_proxy on upstreams (group_id) where kind = 'dependency_proxy';

CREATE INDEX upstreams_group on upstreams (group_id);

CREATE TABLE users (
  id integer primary key autoincrement,
  username text not null unique check (length(username) between 1 and 255),
  admin integer not null check (admin in (0, 1)),
  state text not null default 'active' check (state in ('active', 'blocked', 'deactivated')),
  created_at integer not null
, email text check (length(email) between 3 and 254), name text not null default '' check (length(name) <= 255), kind text not null default 'human' check (kind in ('human', 'bot'))) strict;

CREATE UNIQUE INDEX users_email on users (lower(email));

CREATE TABLE virtual_registry_settings (
  group_id integer not null primary key references groups (id) on delete cascade,
  enabled integer not null check (enabled in (0, 1)),
  updated_at integer not null
) strict;

CREATE TABLE webhook_deliveries (
  id integer primary key autoincrement,
  webhook_id integer not null references webhooks (id) on delete cascade,
  message_id text not null,
  event text not null,
  body text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  next_attempt_at integer not null,
  last_attempt_at integer,
  response_status integer,
  reason text check (length(reason) <= 255),
  created_at integer not null
) strict;

CREATE INDEX webhook_deliveries_created on webhook_deliveries (created_at);

CREATE INDEX webhook_deliveries_due on webhook_deliveries (next_attempt_at, webhook_id)
  where status = 'pending';

CREATE INDEX webhook_deliveries_pending on webhook_deliveries (webhook_id, next_attempt_at, id)
  where status = 'pending';

CREATE INDEX webhook_deliveries_webhook on webhook_deliveries (webhook_id, id);

CREATE TABLE webhooks (
  id integer primary key autoincrement,
  group_id integer not null references groups (id) on delete cascade,
  url text not null check (length(url) between 1 and 2048),
  description text check (length(description) <= 1024),
  sealed_secret text not null,
  -- PEM; null: the well-known authorities
  ca text,
  -- a JSON array of texts
  events text not null,
  enabled integer not null check (enabled in (0, 1)),
  -- why this server has switched it off
  disabled_reason text check (length(disabled_reason) <= 255),
  -- since when nothing was taken; null: the last delivery was
  failing_since integer,
  last_delivered_at integer,
  -- what could not be noted, since too much was waiting already
  dropped integer not null default 0,
  created_at integer not null,
  updated_at integer not null
, name text check (length(name) between 1 and 255)) strict;

CREATE INDEX webhooks_group on webhooks (group_id);

CREATE UNIQUE INDEX webhooks_name on webhooks (group_id, name);

CREATE TABLE work (
  name text not null primary key check (length(name) between 1 and 64),
  state text,
  done integer not null default 0,
  total integer,
  failures integer not null default 0,
  message text check (length(message) <= 255),
  wakes integer not null default 0,
  last_run_at integer,
  next_run_at integer not null,
  owner text,
  leased_until integer not null default 0
) strict, without rowid;
