import { maybeTime, timeText } from "../../../lib/time-text.ts";
import {
  type Member,
  type Project,
  roles,
  type TokenRecord,
  type UserRecord,
} from "../../../metadata/contract.ts";

/** A day where it begins then, which is how ends are given; else the time. */
function endText(time: number | undefined): string | null {
  return maybeTime(time)?.replace("T00:00:00.000Z", "") ?? null;
}

export function userJson(user: UserRecord) {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    state: user.state,
    email: user.email ?? null,
    is_admin: user.admin,
    bot: user.kind === "bot",
    created_at: timeText(user.createdAt),
  };
}

export function memberJson({ user, role, expiresAt }: Member) {
  return {
    id: user.id,
    username: user.username,
    name: user.name,
    state: user.state,
    access_level: roles[role],
    expires_at: endText(expiresAt),
  };
}

export function projectJson({ id, name, fullPath, groupId }: Project) {
  const slash = fullPath.lastIndexOf("/");
  return {
    id,
    name,
    path: fullPath.slice(slash + 1),
    path_with_namespace: fullPath,
    namespace: { id: groupId, full_path: fullPath.slice(0, slash) },
  };
}

const isExpired = ({ expiresAt }: TokenRecord, now: number) =>
  expiresAt !== undefined && expiresAt <= now;
const isActive = (token: TokenRecord, now: number) =>
  token.revokedAt === undefined && !isExpired(token, now);

function tokenJson(token: TokenRecord, now: number) {
  return {
    id: token.id,
    name: token.name,
    scopes: token.scopes,
    created_at: timeText(token.createdAt),
    last_used_at: maybeTime(token.lastUsedAt),
    revoked: token.revokedAt !== undefined,
    active: isActive(token, now),
    expires_at: endText(token.expiresAt),
    user_id: token.userId ?? null,
  };
}

export const personalTokenJson = tokenJson;

export function groupTokenJson(token: TokenRecord, now: number) {
  return { ...tokenJson(token, now), access_level: token.role ? roles[token.role] : null };
}

export function deployTokenJson(token: TokenRecord, now: number) {
  return {
    id: token.id,
    name: token.name,
    username: token.username ?? "",
    scopes: token.scopes,
    expires_at: maybeTime(token.expiresAt),
    revoked: token.revokedAt !== undefined,
    expired: isExpired(token, now),
    last_used_at: maybeTime(token.lastUsedAt),
  };
}

export function jobTokenJson(token: TokenRecord, now: number) {
  return {
    id: token.id,
    user_id: token.userId ?? null,
    project_id: token.projectId ?? null,
    created_at: timeText(token.createdAt),
    expires_at: maybeTime(token.expiresAt),
    active: isActive(token, now),
  };
}
