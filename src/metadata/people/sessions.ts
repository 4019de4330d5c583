import type { Selectable } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { insertEvent, userSubject } from "../audit/events.ts";
import type { Changes } from "../changes.ts";
import type { Author } from "../contract.ts";
import type { Db, SessionsTable } from "../schema.ts";
import type { NewSession, Session, Sessions, SignedInBy } from "./contract.ts";

/** `Sessions` on any engine. */
export class SqlSessions implements Sessions {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
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

  end(userId: number, id: number, author: Author): Promise<boolean> {
    return this.changes.run(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom("sessions")
        .where("id", "=", id)
        .where("user_id", "=", userId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      const subject = userSubject(userId);
      const fact = { action: "session.end", subject, groupId: undefined, details: { session: id } };
      await insertEvent(tx, { ...fact, at: this.clock.now(), author, result: "success" });
      return true;
    });
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
