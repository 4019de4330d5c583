import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

/** Locks the user with this id until the transaction ends; false where there is none who is no bot. */
export async function lockPerson(tx: Transaction<Schema>, userId: number): Promise<boolean> {
  const row = await tx
    .updateTable("users")
    .set((eb) => ({ username: eb.ref("username") }))
    .where("id", "=", userId)
    .where("kind", "=", "human")
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}
