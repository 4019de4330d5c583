import { bucketBits } from "../search/buckets.ts";
import type { SqlWords } from "./index.ts";

export const counters = [
  "hit",
  "stale",
  "revalidated",
  "miss",
  "collapsed",
  "windowed",
  "bypass",
  "absent",
  "refused",
  "bytes_from_cache",
  "bytes_from_upstream",
  "requests",
  "errors",
];

/** What is counted: entries, so that a million of them need not be; pulls over time; and the switch of a group's registries. */
export const statistics = ({ integer, bytes, keyed, table, entryCounts }: SqlWords): string[] => [
  // A group without a row has its registries switched on.
  `create table virtual_registry_settings (
  group_id ${integer} not null primary key references groups (id) on delete cascade,
  enabled ${integer} not null check (enabled in (0, 1)),
  updated_at ${integer} not null
)${table}`,

  // How many entries of an upstream can be seen in each run of ids, and their size.
  `create table entry_counts (
  upstream_id ${integer} not null,
  bucket ${integer} not null,
  entries ${integer} not null,
  size ${integer} not null,
  primary key (upstream_id, bucket)
)${keyed}`,
  // The triggers first: from here on nobody else writes entries, until the step is done.
  ...entryCounts(bucketBits),
  `insert into entry_counts (upstream_id, bucket, entries, size)
select upstream_id, id >> ${bucketBits}, count(*), sum(size) from cache_entries
where proof = 'shown' and status = 'default' group by upstream_id, id >> ${bucketBits}`,

  // Which three letters in a row stand in the paths of which entries, by run and letters in one number; written when a run of
  // ids is complete, and not changed.
  `create table entry_grams (
  id ${integer} primary key,
  ids ${bytes} not null
)${table}`,
  `create table indexed_buckets (
  bucket ${integer} not null primary key
)${keyed}`,

  // Without a reference to the upstream: what a group has pulled does not change when that is deleted.
  `create table upstream_statistics (
  group_id ${integer} not null references groups (id) on delete cascade,
  span text not null check (span in ('hour', 'day')),
  at ${integer} not null,
  upstream_id ${integer} not null,
${counters.map((name) => `  ${name} ${integer} not null,`).join("\n")}
  primary key (group_id, span, at, upstream_id)
)${keyed}`,
  "create index upstream_statistics_at on upstream_statistics (span, at)",
  // By day; the rest of those that are too many for one is under the empty name.
  `create table repository_statistics (
  group_id ${integer} not null references groups (id) on delete cascade,
  at ${integer} not null,
  upstream_id ${integer} not null,
  repository text not null,
${counters.map((name) => `  ${name} ${integer} not null,`).join("\n")}
  primary key (group_id, at, upstream_id, repository)
)${keyed}`,
  "create index repository_statistics_repository on repository_statistics (group_id, repository, at)",
  "create index repository_statistics_at on repository_statistics (at)",
];
