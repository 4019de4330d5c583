const numbers = ["entries", "tags", "digests", "size"]
  .map((name) => `cast(${name} as integer) as ${name}`)
  .join(", ");

/** What the database keeps count of by repository, in the SQL of every engine. */
export const countedRepositories = `select cast(upstream_id as integer) as upstream_id, repository, ${numbers}
from repository_counts order by upstream_id, repository`;

/** What is there. */
export const presentRepositories = `select cast(upstream_id as integer) as upstream_id, repository,
  cast(count(*) as integer) as entries,
  cast(sum(case when reference <> digest then 1 else 0 end) as integer) as tags,
  cast(sum(case when kind = 'manifest' and reference = digest then 1 else 0 end) as integer) as digests,
  cast(sum(size) as integer) as size
from cache_entries where proof = 'shown' and status = 'default' group by upstream_id, repository order by upstream_id, repository`;
