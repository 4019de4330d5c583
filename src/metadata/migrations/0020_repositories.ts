import type { SqlWords } from "./index.ts";

const seen = "proof = 'shown' and status = 'default'";

/** What can be seen of each repository, so that they can be listed without a look at their entries. */
export const repositories = ({ integer, keyed, repositoryCounts }: SqlWords): string[] => [
  // `tags`: manifests by tag; `digests`: by digest; the other entries are blobs.
  `create table repository_counts (
  upstream_id ${integer} not null,
  repository text not null,
  entries ${integer} not null,
  tags ${integer} not null,
  digests ${integer} not null,
  size ${integer} not null,
  last_downloaded_at ${integer} not null,
  primary key (upstream_id, repository)
)${keyed}`,
  // As with `entry_counts`: nobody else writes entries from here on, until the step is done.
  ...repositoryCounts,
  `insert into repository_counts (upstream_id, repository, entries, tags, digests, size, last_downloaded_at)
select upstream_id, repository, count(*),
  sum(case when reference <> digest then 1 else 0 end),
  sum(case when kind = 'manifest' and reference = digest then 1 else 0 end),
  sum(size), max(downloaded_at)
from cache_entries where ${seen} group by upstream_id, repository`,
];
