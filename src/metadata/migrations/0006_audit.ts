import type { SqlWords } from "./index.ts";

/**
 * What was done, and what was tried. Without references: a record outlives what it tells of, and ids are never given out
 * twice.
 */
export const audit = ({ id, integer, table, appendOnly }: SqlWords): string[] => [
  `create table audit_events (
  id ${id},
  at ${integer} not null,
  actor_kind text not null check (length(actor_kind) between 1 and 255),
  actor_id ${integer},
  actor_name text not null check (length(actor_name) <= 255),
  action text not null check (length(action) between 1 and 255),
  subject_kind text not null check (length(subject_kind) between 1 and 255),
  subject_id ${integer},
  subject_name text check (length(subject_name) <= 255),
  group_id ${integer},
  address text check (length(address) <= 255),
  result text not null check (result in ('success', 'failure', 'refused')),
  request_id text,
  details text not null
)${table}`,
  // One for each thing that is looked for, in the order in which it is shown.
  "create index audit_events_at on audit_events (at)",
  "create index audit_events_group on audit_events (group_id, at) where group_id is not null",
  "create index audit_events_actor on audit_events (actor_name, at)",
  "create index audit_events_action on audit_events (action, at)",
  "create index audit_events_subject on audit_events (subject_kind, subject_id, at)",

  // Before this time events may go: 0 but within the transaction that gives them up.
  `create table audit_retention (
  id ${integer} primary key check (id = 1),
  before_at ${integer} not null
)${table}`,
  "insert into audit_retention (id, before_at) values (1, 0)",
  ...appendOnly("audit_events", "old.at >= (select before_at from audit_retention where id = 1)"),
];
