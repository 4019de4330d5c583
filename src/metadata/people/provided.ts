import type { Transaction } from "kysely";
import type { Role } from "../contract.ts";
import { groupAt } from "../groups.ts";
import { hasOwner } from "../owners.ts";
import type { Schema } from "../schema.ts";

/** The memberships of one user that one provider can give and take. */
interface Providing {
  tx: Transaction<Schema>;
  userId: number;
  issuer: string;
  now: number;
}

/** A membership that was given or taken back. */
export interface Provided {
  verb: "add" | "remove";
  groupId: number;
  role: Role;
  /** Whether the group has no owner left: the provider's word counts, and administrators make another one. */
  isLastOwner?: boolean;
}

/** Brings them to these (`Identities.provide`). What has changed by that. */
export async function provide(
  providing: Providing,
  roles: ReadonlyMap<string, Role>,
): Promise<Provided[]> {
  const wanted = new Map<number, Role>();
  for (const [path, role] of roles) {
    const group = await groupAt(providing.tx, path);
    if (group) wanted.set(group.id, role);
  }
  const isStill = (groupId: number, role: Role) => wanted.get(groupId) === role;
  const changes = await withdraw(providing, isStill);
  for (const [groupId, role] of wanted) {
    if (await give(providing, groupId, role)) changes.push({ verb: "add", groupId, role });
  }
  return changes;
}

/** Takes back what the provider has given, but for what stays. What was taken. */
export async function withdraw(
  { tx, userId, issuer }: Providing,
  stays: (groupId: number, role: Role) => boolean,
): Promise<Provided[]> {
  const given = await tx
    .selectFrom("provided_memberships")
    .select(["group_id", "role"])
    .where("user_id", "=", userId)
    .where("issuer", "=", issuer)
    .execute();
  const past = given.filter(({ group_id, role }) => !stays(group_id, role));
  const taken: Provided[] = [];
  for (const { group_id, role } of past) {
    await tx
      .deleteFrom("provided_memberships")
      .where("user_id", "=", userId)
      .where("group_id", "=", group_id)
      .execute();
    // With another role it is no more what was given.
    const { numDeletedRows } = await tx
      .deleteFrom("memberships")
      .where("user_id", "=", userId)
      .where("group_id", "=", group_id)
      .where("role", "=", role)
      .executeTakeFirst();
    if (numDeletedRows === 0n) continue;
    const isLastOwner = role === "owner" && !(await hasOwner(tx, group_id, userId));
    taken.push({ verb: "remove", groupId: group_id, role, isLastOwner });
  }
  return taken;
}

/** Whether it was given now: somebody who is a member already stays what he is. */
async function give(
  { tx, userId, issuer, now }: Providing,
  groupId: number,
  role: Role,
): Promise<boolean> {
  await tx
    .deleteFrom("memberships")
    .where("user_id", "=", userId)
    .where("group_id", "=", groupId)
    .where("expires_at", "<=", now)
    .execute();
  const inserted = await tx
    .insertInto("memberships")
    .values({ user_id: userId, group_id: groupId, role })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
  const key = { user_id: userId, group_id: groupId };
  await tx
    .insertInto("provided_memberships")
    .values({ ...key, issuer, role })
    .onConflict((conflict) =>
      conflict.columns(["user_id", "group_id"]).doUpdateSet({ issuer, role }),
    )
    .execute();
  return true;
}
