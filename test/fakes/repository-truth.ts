const numbers = ["entries", "tags", "digests", "size"]
  .map((name) => `cast(${name} as integer) as ${name}`)
  .join(", ");

/** What the database keeps count of by repository, in the SQL of every engine. */
export const countedRepositories = `select cast(upstream_id as bigint) as upstream_id, repository, ${numbers}
from repository_counts order by upstream_id, repository`;

/** What is there. */
export const presentRepositories = `select cast(upstream_id as bigint) as upstream_id, repository,
  cast(count(*) as integer) as entries,
  cast(sum(case when reference <> digest then 1 else 0 end) as integer) as tags,
  cast(sum(case when kind = 'manifest' and reference = digest then 1 else 0 end) as integer) as digests,
  cast(sum(size) as integer) as size
from cache_entries where proof = 'shown' and status = 'default' group by upstream_id, repository order by upstream_id, repository`;

/** What it keeps count of by cache: each content once. */
export const countedBytes = `select cast(owner_id as bigint) as owner_id, cast(bytes as integer) as bytes
from cached_bytes where scope = 'upstream' and bytes <> 0 order by owner_id`;

/** What is there. */
export const presentBytes = `select owner_id, cast(sum(size) as integer) as bytes from (
  select cast(upstream_id as bigint) as owner_id, kind, digest, max(size) as size from cache_entries
  where proof = 'shown' or upstream_etag is not null group by upstream_id, kind, digest
) as one group by owner_id order by owner_id`;
