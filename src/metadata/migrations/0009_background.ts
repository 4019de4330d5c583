import type { SqlWords } from "./index.ts";

/** Background work, purges that outlive the process, and cleanup policies. */
export const background = ({ id, integer, table, keyed }: SqlWords): string[] => [
  // A row a kind of work. Whoever has the lease runs it; the state is where its run has come to.
  `create table work (
  name text not null primary key check (length(name) between 1 and 64),
  state text,
  done ${integer} not null default 0,
  total ${integer},
  failures ${integer} not null default 0,
  message text check (length(message) <= 255),
  wakes ${integer} not null default 0,
  last_run_at ${integer},
  next_run_at ${integer} not null,
  owner text,
  leased_until ${integer} not null default 0
)${keyed}`,

  // What is to be given up. Without a reference to the upstream: what it leaves behind can go after it.
  `create table purges (
  id ${id},
  upstream_id ${integer} not null,
  pattern text check (length(pattern) between 1 and 512),
  include_pinned ${integer} not null check (include_pinned in (0, 1)),
  last_id ${integer} not null,
  position text,
  removed ${integer} not null default 0,
  created_at ${integer} not null
)${table}`,
  // What pins keep is looked for at each step.
  "create index cache_entries_pinned on cache_entries (upstream_id, repository) where pinned = 1",

  `create table cleanup_policies (
  group_id ${integer} not null primary key references groups (id) on delete cascade,
  enabled ${integer} not null check (enabled in (0, 1)),
  keep_n_days_after_download ${integer} not null check (keep_n_days_after_download between 1 and 365),
  cadence ${integer} not null check (cadence in (1, 7, 14, 30, 90)),
  notify_on_success ${integer} not null check (notify_on_success in (0, 1)),
  notify_on_failure ${integer} not null check (notify_on_failure in (0, 1)),
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'failed')),
  failure_message text check (length(failure_message) <= 255),
  next_run_at ${integer} not null,
  last_run_at ${integer},
  last_run_deleted_size ${integer} not null default 0,
  last_run_deleted_entries_count ${integer} not null default 0,
  last_run_detailed_metrics text not null default '{}',
  run_started_at ${integer},
  run_position text,
  run_deleted_size ${integer} not null default 0,
  run_deleted_count ${integer} not null default 0,
  created_at ${integer} not null,
  updated_at ${integer} not null
)${table}`,
];
