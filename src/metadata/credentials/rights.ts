import { type RawBuilder, sql } from "kysely";
import { FixedMap } from "../../lib/fixed-map.ts";
import { FixedSet } from "../../lib/fixed-set.ts";
import type { Credential, Role, TokenKind, UserRights } from "../contract.ts";
import type { Db } from "../schema.ts";

/** By what a token is found. */
export type TokenKey = { hash: string } | { tokenId: number };

interface OwnerRow {
  user_id: number;
  username: string;
  admin: number;
}

interface TokenRow {
  token_id: number;
  kind: TokenKind;
  token_group: number | null;
  token_username: string | null;
  scopes: string;
  token_expires: number | null;
}

/** One for each membership; a project's stands once for each group that the project is in. All null where there is none. */
interface MembershipRow {
  group_id: number | null;
  project_id: number | null;
  role: Role | null;
  expires_at: number | null;
}

/** Whether there is such a token, whatever it is worth: a hundredth of the query below, for those who guess. */
export async function isToken(db: Db, hash: string): Promise<boolean> {
  const { rows } = await sql`select 1 from tokens where hash = ${hash}`.execute(db);
  return rows.length > 0;
}

/** The token with what its owner may, in one query, so that all of it is of one moment. */
export async function readCredential(
  db: Db,
  key: TokenKey,
  now: number,
): Promise<Credential | undefined> {
  const found = "hash" in key ? sql`t.hash = ${key.hash}` : sql`t.id = ${key.tokenId}`;
  const owner = sql`(select t.user_id from tokens t where ${found})`;
  const token = sql`
    select t.id as token_id, t.kind, t.group_id as token_group, t.username as token_username, t.scopes,
      t.expires_at as token_expires, u.id as user_id, u.username, u.admin
    from tokens t left join users u on u.id = t.user_id
    where ${found} and t.revoked_at is null and (t.user_id is null or u.state = 'active')`;
  const rows = await readMemberships<TokenRow & OwnerRow>(db, owner, token);
  const [first] = rows;
  const expiresAt = first?.token_expires ?? undefined;
  if (!first || (expiresAt !== undefined && expiresAt <= now)) return undefined;
  const { token_id: tokenId, kind } = first;
  const scopes = Object.freeze(JSON.parse(first.scopes) as string[]);
  const facts = { tokenId, scopes, expiresAt };
  if (kind === "deploy") return Object.freeze({ kind, ...facts, ...deployFacts(first) });
  const { validUntil, ...rights } = rightsOf(first, rows, now);
  return Object.freeze({ kind, ...facts, ...rights, validUntil: sooner(expiresAt, validUntil) });
}

function deployFacts(row: TokenRow) {
  const { token_group: groupId, token_username: username, token_expires: expiresAt } = row;
  if (groupId === null || username === null) throw new Error("a deploy token has a group");
  return { groupId, username, validUntil: expiresAt ?? undefined };
}

export async function readRights(
  db: Db,
  userId: number,
  now: number,
): Promise<UserRights | undefined> {
  const user = sql`
    select id as user_id, username, admin from users where id = ${userId} and state = 'active'`;
  const rows = await readMemberships<OwnerRow>(db, sql`${userId}`, user);
  return rows[0] && Object.freeze(rightsOf(rows[0], rows, now));
}

async function readMemberships<R>(
  db: Db,
  owner: RawBuilder<unknown>,
  subject: RawBuilder<unknown>,
): Promise<(R & MembershipRow)[]> {
  const { rows } = await sql<R & MembershipRow>`
    with recursive held (project_id, role, expires_at, group_id) as (
      select m.project_id, m.role, m.expires_at, p.group_id
      from project_memberships m join projects p on p.id = m.project_id
      where m.user_id = ${owner}
      union all
      select h.project_id, h.role, h.expires_at, g.parent_id
      from held h join groups g on g.id = h.group_id
      where g.parent_id is not null
    ), memberships_held as (
      select group_id, null as project_id, role, expires_at from memberships
      where user_id = ${owner}
      union all
      select group_id, project_id, role, expires_at from held
    )
    select s.*, m.group_id, m.project_id, m.role, m.expires_at
    from (${subject}) s left join memberships_held m on s.user_id is not null`.execute(db);
  return rows;
}

function rightsOf(owner: OwnerRow, rows: readonly MembershipRow[], now: number): UserRights {
  const groups: [number, Role][] = [];
  const projects: [number, Role][] = [];
  const projectGroups: number[] = [];
  let validUntil: number | undefined;
  for (const { group_id, project_id, role, expires_at } of rows) {
    if (group_id === null || role === null) continue;
    if (expires_at !== null && expires_at <= now) continue;
    validUntil = sooner(validUntil, expires_at ?? undefined);
    if (project_id === null) {
      groups.push([group_id, role]);
    } else {
      projects.push([project_id, role]);
      projectGroups.push(group_id);
    }
  }
  const { user_id: id, username, admin } = owner;
  return {
    user: Object.freeze({ id, username, admin: admin === 1 }),
    memberships: new FixedMap(groups),
    projects: new FixedMap(projects),
    projectGroups: new FixedSet(projectGroups),
    validUntil,
  };
}

function sooner(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
