import type { Selectable } from "kysely";
import type { Changes } from "../changes.ts";
import type { Db, SessionsTable } from "../schema.ts";
import type { NewSession, Session, Sessions, SignedInBy } from "./contract.ts";

/** `Sessions` on any engine. */
export class SqlSessions implements Sessions {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
  ) {}

  begin(
    { userId, hash, by, expiresAt }: NewSession,
    { now, idleSince, most }: { now: number; idleSince: number; most: number },
  ): Promise<Session> {
    return this.changes.run(async (tx) => {
      await tx
        .deleteFrom("sessions")
        .where((eb) => eb("expires_at", "<=", now).or("last_seen_at", "<=", idleSince))
        .execute();
      const others = await tx
        .selectFrom("sessions")
        .select("id")
        .where("user_id", "=", userId)
        .orderBy("last_seen_at", "desc")
        .orderBy("id", "desc")
        .execute();
      for (const { id } of others.slice(most - 1)) {
        await tx.deleteFrom("sessions").where("id", "=", id).execute();
      }
      const row = await tx
        .insertInto("sessions")
        .values({
          user_id: userId,
          hash,
          method: by.method,
          token_id: by.method === "token" ? by.tokenId : null,
          provider: by.method === "provider" ? by.provider : null,
          created_at: now,
          last_seen_at: now,
          expires_at: expiresAt,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return sessionOf(row);
    });
  }

  async byHash(hash: string): Promise<Session | undefined> {
    const row = await this.db
      .selectFrom("sessions")
      .selectAll()
      .where("hash", "=", hash)
      .executeTakeFirst();
    return row && sessionOf(row);
  }

  async ofUser(userId: number): Promise<Session[]> {
    const rows = await this.db
      .selectFrom("sessions")
      .selectAll()
      .where("user_id", "=", userId)
      .orderBy("id")
      .execute();
    return rows.map(sessionOf);
  }

  async seen(id: number, at: number): Promise<void> {
    await this.db
      .updateTable("sessions")
      .set({ last_seen_at: at })
      .where("id", "=", id)
      .where("last_seen_at", "<", at)
      .execute();
  }

  async end(userId: number, id: number): Promise<boolean> {
    const { numDeletedRows } = await this.db
      .deleteFrom("sessions")
      .where("id", "=", id)
      .where("user_id", "=", userId)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }
}

function sessionOf(row: Selectable<SessionsTable>): Session {
  return {
    id: row.id,
    userId: row.user_id,
    hash: row.hash,
    by: signedInBy(row),
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
  };
}

function signedInBy({ token_id, provider }: Selectable<SessionsTable>): SignedInBy {
  if (token_id !== null) return { method: "token", tokenId: token_id };
  return provider === null ? { method: "password" } : { method: "provider", provider };
}
