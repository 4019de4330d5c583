import type { SqlWords } from "./index.ts";

/** Subgroups, groups that are renamed, and the Dependency Proxy that each group has. */
export const dependencyProxy = ({ integer, table, keyed }: SqlWords): string[] => [
  `alter table groups add column parent_id ${integer} references groups (id) on delete cascade`,
  "create index groups_parent on groups (parent_id)",

  // Every path that leads to a group, in lower case: its own, and those it had before it was renamed.
  `create table group_paths (
  path text not null primary key check (length(path) between 1 and 255),
  group_id ${integer} not null references groups (id) on delete cascade
)${keyed}`,
  "create index group_paths_group on group_paths (group_id)",
  // Earlier releases told apart what differs in case only; the older group keeps the path.
  `insert into group_paths (path, group_id)
select lower(path), min(id) from groups group by lower(path)`,

  `alter table upstreams add column kind text not null default 'registry'
check (kind in ('registry', 'dependency_proxy'))`,
  "create unique index upstreams_dependency_proxy on upstreams (group_id) where kind = 'dependency_proxy'",

  // A group without a row has the defaults.
  `create table dependency_proxies (
  group_id ${integer} not null primary key references groups (id) on delete cascade,
  enabled ${integer} not null default 1 check (enabled in (0, 1)),
  ttl_enabled ${integer} not null default 0 check (ttl_enabled in (0, 1)),
  ttl_days ${integer} not null default 90 check (ttl_days > 0)
)${table}`,
  // What of an upstream was not pulled for long.
  "create index cache_entries_downloaded on cache_entries (upstream_id, downloaded_at)",
];
