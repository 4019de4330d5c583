import type { SqlWords } from "./index.ts";

/**
 * Entries and lists of an upstream that is removed are left behind, and given up in steps: the removal and its record are
 * one short transaction, however much is cached. SQLite can drop a reference only with its table.
 */
export const removals = (words: SqlWords): string[] => [
  ...cacheEntries(words),
  ...lists(words),
  ...["cache_entries", "lists"].flatMap((table) => [
    `drop table ${table}`,
    `alter table new_${table} rename to ${table}`,
  ]),
  "create index cache_entries_downloaded on cache_entries (upstream_id, downloaded_at)",
  `create index cache_entries_shown on cache_entries (upstream_id, id)
  where proof = 'shown' and status = 'default'`,
  "create index cache_entries_digest on cache_entries (digest, group_id)",
];

function cacheEntries({ id, integer, computed, table }: SqlWords): string[] {
  const kept =
    "id, group_id, upstream_id, repository, kind, reference, digest, proof, upstream_etag, content_type, size, " +
    "upstream_checked_at, downloaded_at, downloads_count, status, pinned, created_at, updated_at";
  return [
    `create table new_cache_entries (
  id ${id},
  group_id ${integer} not null,
  -- of one that was there when this was written; it may have been removed since
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
  -- only a manifest can be had by tag, and what looks like a digest is the digest
  check (reference = digest or (kind = 'manifest' and reference not like '%:%')),
  check (proof = 'shown' or upstream_checked_at = 0)
)${table}`,
    `insert into new_cache_entries (${kept}) select ${kept} from cache_entries`,
  ];
}

function lists({ id, integer, table }: SqlWords): string[] {
  const kept = "id, group_id, upstream_id, repository, kind, subject, content, checked_at";
  return [
    `create table new_lists (
  id ${id},
  group_id ${integer} not null,
  -- as in cache_entries
  upstream_id ${integer} not null,
  repository text not null,
  kind text not null check (kind in ('tags', 'referrers')),
  -- the digest that is referred to
  subject text not null,
  content text not null,
  checked_at ${integer} not null,
  unique (upstream_id, repository, kind, subject),
  check ((kind = 'tags') = (subject = ''))
)${table}`,
    `insert into new_lists (${kept}) select ${kept} from lists`,
  ];
}
