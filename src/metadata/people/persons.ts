import type { Db } from "../schema.ts";

/** Whether there is a user with this id, who is no bot. */
export async function isPerson(db: Db, userId: number): Promise<boolean> {
  const row = await db
    .selectFrom("users")
    .select("id")
    .where("id", "=", userId)
    .where("kind", "=", "human")
    .executeTakeFirst();
  return row !== undefined;
}
