import type { SqlWords } from "./index.ts";

/** How people sign in, and who has. */
export const people = ({ id, integer, table, keyed }: SqlWords): string[] => [
  `create table passwords (
  user_id ${integer} not null primary key references users (id) on delete cascade,
  -- argon2id, in the form of the PHC
  hash text not null,
  changed_at ${integer} not null
)${keyed}`,
  `create table sessions (
  id ${id},
  user_id ${integer} not null references users (id) on delete cascade,
  hash text not null unique check (length(hash) = 64),
  method text not null check (method in ('password', 'token', 'provider')),
  token_id ${integer} references tokens (id) on delete cascade,
  provider text,
  created_at ${integer} not null,
  last_seen_at ${integer} not null,
  expires_at ${integer} not null,
  check ((method = 'token') = (token_id is not null)),
  check ((method = 'provider') = (provider is not null))
)${table}`,
  "create index sessions_user on sessions (user_id)",
  "create index sessions_token on sessions (token_id)",
  `create table identities (
  issuer text not null,
  subject text not null,
  user_id ${integer} not null references users (id) on delete cascade,
  created_at ${integer} not null,
  primary key (issuer, subject)
)${keyed}`,
  "create unique index identities_user on identities (user_id, issuer)",
  // What a provider's claims have given, so that they can take it back, and nothing else.
  `create table provided_memberships (
  issuer text not null,
  user_id ${integer} not null references users (id) on delete cascade,
  group_id ${integer} not null references groups (id) on delete cascade,
  role text not null,
  primary key (user_id, group_id)
)${keyed}`,
];
