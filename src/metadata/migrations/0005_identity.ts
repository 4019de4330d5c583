import type { SqlWords } from "./index.ts";

/**
 * Projects, memberships that end, and tokens of more kinds. Names of tokens need not be unique any more, which SQLite
 * allows only to a table that is made anew; nothing refers to tokens.
 */
export const identity = (words: SqlWords): string[] => [
  ...users,
  `alter table memberships add column expires_at ${words.integer}`,
  "create index memberships_group on memberships (group_id)",
  ...projects(words),
  ...tokens(words),
  // No reference: the upstream of a group that is gone is nobody's, and no group is kept by what others have said.
  `alter table upstreams add column verified_group_id ${words.integer}`,
];

const users: string[] = [
  "alter table users add column email text check (length(email) between 3 and 254)",
  "alter table users add column name text not null default '' check (length(name) <= 255)",
  "alter table users add column kind text not null default 'human' check (kind in ('human', 'bot'))",
  "update users set name = username",
  "create unique index users_email on users (lower(email))",
];

const projects = ({ id, integer, table, keyed }: SqlWords): string[] => [
  `create table projects (
  id ${id},
  group_id ${integer} not null references groups (id) on delete cascade,
  path text not null check (length(path) between 1 and 255),
  name text not null check (length(name) between 1 and 255),
  created_at ${integer} not null
)${table}`,
  "create unique index projects_path on projects (group_id, lower(path))",

  `create table project_memberships (
  user_id ${integer} not null references users (id) on delete cascade,
  project_id ${integer} not null references projects (id) on delete cascade,
  role text not null check (
    role in ('guest', 'planner', 'reporter', 'developer', 'maintainer', 'owner')
  ),
  expires_at ${integer},
  primary key (user_id, project_id)
)${keyed}`,
  "create index project_memberships_project on project_memberships (project_id)",
];

function tokens({ id, integer, table }: SqlWords): string[] {
  const kept = "id, user_id, name, hash, scopes, expires_at, revoked_at, created_at";
  return [
    `create table new_tokens (
  id ${id},
  kind text not null check (kind in ('personal', 'group', 'deploy', 'job')),
  user_id ${integer} references users (id) on delete cascade,
  group_id ${integer} references groups (id) on delete cascade,
  project_id ${integer} references projects (id) on delete cascade,
  -- of a deploy token: what has to be given as the user name
  username text check (length(username) between 1 and 255),
  name text not null check (length(name) between 1 and 255),
  hash text not null unique check (length(hash) = 64),
  scopes text not null,
  -- whether the configuration file has made it; such tokens are known by their names
  declared ${integer} not null default 0 check (declared in (0, 1)),
  created_by ${integer} references users (id) on delete set null,
  created_at ${integer} not null,
  expires_at ${integer},
  revoked_at ${integer},
  last_used_at ${integer},
  check ((user_id is null) = (kind = 'deploy')),
  check ((group_id is not null) = (kind in ('group', 'deploy'))),
  check ((project_id is not null) = (kind = 'job')),
  check ((username is not null) = (kind = 'deploy'))
)${table}`,
    `insert into new_tokens (kind, declared, ${kept}) select 'personal', 1, ${kept} from tokens`,
    "drop table tokens",
    "alter table new_tokens rename to tokens",
    "create unique index tokens_declared on tokens (user_id, name) where declared = 1",
    "create index tokens_user on tokens (user_id)",
    "create index tokens_group on tokens (group_id)",
    "create index tokens_project on tokens (project_id)",
  ];
}
