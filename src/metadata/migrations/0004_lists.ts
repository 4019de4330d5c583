import type { SqlWords } from "./index.ts";

/** Lists that upstreams gave: the tags of a repository, and what refers to a digest. */
export const lists = ({ id, integer, table }: SqlWords): string[] => [
  `create table lists (
  id ${id},
  group_id ${integer} not null,
  upstream_id ${integer} not null,
  repository text not null,
  kind text not null check (kind in ('tags', 'referrers')),
  -- the digest that is referred to
  subject text not null,
  content text not null,
  checked_at ${integer} not null,
  unique (upstream_id, repository, kind, subject),
  foreign key (upstream_id, group_id) references upstreams (id, group_id) on delete cascade,
  check ((kind = 'tags') = (subject = ''))
)${table}`,
];
