import type { Db } from "./schema.ts";

/** Whether a group has an owner of its own beside this user: a person, without an end. */
export async function hasOwner(db: Db, groupId: number, besideId: number): Promise<boolean> {
  const owner = await db
    .selectFrom("memberships as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .select("u.id")
    .where("m.group_id", "=", groupId)
    .where("m.role", "=", "owner")
    .where("m.expires_at", "is", null)
    .where("u.kind", "=", "human")
    .where("u.id", "!=", besideId)
    .executeTakeFirst();
  return owner !== undefined;
}
