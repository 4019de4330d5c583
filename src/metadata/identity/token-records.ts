import type { Db, TokensTable } from "../schema.ts";
import type { TokenRecord } from "./contract.ts";

/** Of one that this transaction has made or changed. */
export async function tokenOf(db: Db, id: number): Promise<TokenRecord> {
  const [token] = await readTokens(db, { id });
  if (!token) throw new Error("a token is gone in the transaction that made it");
  return token;
}

export async function readTokens(
  db: Db,
  filter: Partial<{ kind: string; userId: number | undefined; groupId: number; id: number }>,
): Promise<TokenRecord[]> {
  const { kind, userId, groupId, id } = filter;
  let query = db
    .selectFrom("tokens as t")
    .leftJoin("memberships as m", (join) =>
      join.onRef("m.user_id", "=", "t.user_id").onRef("m.group_id", "=", "t.group_id"),
    )
    .selectAll("t")
    .select("m.role")
    .orderBy("t.id");
  if (kind !== undefined) query = query.where("t.kind", "=", kind as TokensTable["kind"]);
  if (userId !== undefined) query = query.where("t.user_id", "=", userId);
  if (groupId !== undefined) query = query.where("t.group_id", "=", groupId);
  if (id !== undefined) query = query.where("t.id", "=", id);
  return (await query.execute()).map((row) => ({
    id: row.id,
    kind: row.kind,
    userId: row.user_id ?? undefined,
    groupId: row.group_id ?? undefined,
    projectId: row.project_id ?? undefined,
    username: row.username ?? undefined,
    role: row.role ?? undefined,
    name: row.name,
    scopes: JSON.parse(row.scopes) as string[],
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }));
}
