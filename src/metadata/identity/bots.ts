import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

type Tx = Transaction<Schema>;

/** The user that a new token of a group is. */
export async function createBot(
  tx: Tx,
  groupId: number,
  name: string,
  now: number,
): Promise<number> {
  const random = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const username = `group_${groupId}_bot_${random}`;
  const row = await tx
    .insertInto("users")
    .values({ username, name, kind: "bot", email: null, admin: 0, created_at: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Bots without a token that is live, or this one if it has none. Their tokens go with them. How many they were. */
export async function removeSpentBots(tx: Tx, now: number, userId?: number): Promise<number> {
  let spent = tx
    .deleteFrom("users")
    .where("kind", "=", "bot")
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("tokens as t")
            .select("t.id")
            .whereRef("t.user_id", "=", "users.id")
            .where("t.revoked_at", "is", null)
            .where((live) =>
              live.or([live("t.expires_at", "is", null), live("t.expires_at", ">", now)]),
            ),
        ),
      ),
    );
  if (userId !== undefined) spent = spent.where("id", "=", userId);
  const { numDeletedRows } = await spent.executeTakeFirst();
  return Number(numDeletedRows);
}
