import type { Selectable, Transaction } from "kysely";
import { MetadataError, type Role, type TokenSettings, type User } from "./contract.ts";
import type { Schema, TokensTable } from "./schema.ts";

type Tx = Transaction<Schema>;

interface Saving {
  tx: Tx;
  now: number;
  changed: () => void;
}

/** By group id; what has no end is not in `ends`. */
interface Memberships {
  roles: ReadonlyMap<number, Role>;
  ends: ReadonlyMap<number, number>;
}

/** Creates or changes a user (`Credentials.saveUser`). */
export async function saveUser(
  saving: Saving,
  user: { username: string; admin: boolean },
  memberships: Memberships,
): Promise<User> {
  const id = await saveName(saving, user);
  await saveMemberships(saving, id, memberships);
  return { id, username: user.username, admin: user.admin };
}

async function saveName(
  { tx, now, changed }: Saving,
  { username, admin }: { username: string; admin: boolean },
): Promise<number> {
  const flag = admin ? 1 : 0;
  const present = await tx
    .selectFrom("users")
    .select(["id", "admin"])
    .where("username", "=", username)
    .executeTakeFirst();
  if (present) await refuseProvided(tx, present.id, username);
  if (present?.admin === flag) return present.id;
  changed();
  const row = await tx
    .insertInto("users")
    .values({ username, name: username, admin: flag, created_at: now })
    .onConflict((conflict) => conflict.column("username").doUpdateSet({ admin: flag }))
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/**
 * Whoever signs in at a provider first says himself what he is called: such a user is not the one that is declared, unless an
 * administrator has said so since, by linking the identity anew.
 */
async function refuseProvided(tx: Tx, userId: number, username: string): Promise<void> {
  const provided = await tx
    .selectFrom("users as u")
    .innerJoin("identities as i", "i.user_id", "u.id")
    .select("i.issuer")
    .where("u.id", "=", userId)
    .whereRef("i.created_at", "=", "u.created_at")
    .executeTakeFirst();
  if (!provided) return;
  const message =
    `the user "${username}" was made for somebody who signed in at ${provided.issuer}, and is not taken for the one that is declared: ` +
    "declare another name; or start without it, take the identity from the user (DELETE /api/v4/users/:id/identities/:provider), link it anew if it is his, and declare him then";
  throw new MetadataError("refused", message);
}

async function saveMemberships(
  { tx, changed }: Saving,
  userId: number,
  { roles, ends }: Memberships,
): Promise<void> {
  const present = await tx
    .selectFrom("memberships")
    .select(["group_id", "role", "expires_at"])
    .where("user_id", "=", userId)
    .execute();
  const same =
    present.length === roles.size &&
    present.every(
      ({ group_id: id, role, expires_at: end }) =>
        roles.get(id) === role && (ends.get(id) ?? null) === end,
    );
  if (same) return;
  changed();
  await tx.deleteFrom("memberships").where("user_id", "=", userId).execute();
  const rows = [...roles].map(([groupId, role]) => ({
    user_id: userId,
    group_id: groupId,
    role,
    expires_at: ends.get(groupId) ?? null,
  }));
  if (rows.length > 0) await tx.insertInto("memberships").values(rows).execute();
}

/**
 * Creates or changes a token (`Credentials.saveToken`). One with another hash is another token with an id of its
 * own, so that what was issued for the former one ends with it, as do tokens that came from it by rotation. A revoked
 * one stays revoked.
 */
export async function saveToken(
  { tx, now, changed }: Saving,
  userId: number,
  token: TokenSettings,
): Promise<void> {
  const scopes = JSON.stringify(token.scopes);
  const expiresAt = token.expiresAt ?? null;
  const present = await tx
    .selectFrom("tokens")
    .selectAll()
    .where("user_id", "=", userId)
    .where("name", "=", token.name)
    .where("declared", "=", 1)
    .executeTakeFirst();
  if (present?.hash === token.hash) {
    if (present.scopes === scopes && present.expires_at === expiresAt) return;
    changed();
    const columns = { scopes, expires_at: expiresAt };
    await tx.updateTable("tokens").set(columns).where("id", "=", present.id).execute();
    return;
  }
  await refuseSharedSecret(tx, token);
  changed();
  if (present) await endFormer(tx, now, present);
  await tx
    .insertInto("tokens")
    .values({
      kind: "personal",
      declared: 1,
      user_id: userId,
      name: token.name,
      hash: token.hash,
      scopes,
      expires_at: expiresAt,
      created_at: now,
    })
    .execute();
}

/** Whoever declares another secret may do so because the former one leaked, and with it what was rotated out of it. */
async function endFormer(
  tx: Tx,
  now: number,
  { id, user_id, name }: Pick<Selectable<TokensTable>, "id" | "user_id" | "name">,
): Promise<void> {
  await tx.deleteFrom("tokens").where("id", "=", id).execute();
  await tx
    .updateTable("tokens")
    .set({ revoked_at: now })
    .where("user_id", "=", user_id)
    .where("name", "=", name)
    .where("from_declared", "=", 1)
    .where("revoked_at", "is", null)
    .execute();
}

async function refuseSharedSecret(tx: Tx, { name, hash }: TokenSettings): Promise<void> {
  const other = await tx
    .selectFrom("tokens")
    .select("id")
    .where("hash", "=", hash)
    .executeTakeFirst();
  if (!other) return;
  throw new MetadataError(
    "refused",
    `the secret of the token "${name}" is already that of another token; give it one of its own`,
  );
}
