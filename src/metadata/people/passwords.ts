import { sql } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { type Changes, Remembered } from "../changes.ts";
import type { Db } from "../schema.ts";
import type { PasswordChange, UserPassword, UserPasswords } from "./contract.ts";
import { insertEvent, userSubject } from "../audit/events.ts";
import { always } from "../management/writer.ts";
import { requireUnchanged } from "../tags.ts";
import { lockPerson } from "./persons.ts";

const maxRemembered = 4096;

/** `UserPasswords` on any engine. */
export class SqlUserPasswords implements UserPasswords {
  readonly #byUser: Remembered<number, UserPassword>;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
  ) {
    this.#byUser = new Remembered(changes, maxRemembered, (userId) =>
      passwords(db).where("p.user_id", "=", userId).executeTakeFirst(),
    );
  }

  async of(userId: number): Promise<UserPassword | undefined> {
    return this.#byUser.get(userId);
  }

  async ofLogin(login: string): Promise<UserPassword | undefined> {
    return (
      passwords(this.db)
        .innerJoin("users as u", "u.id", "p.user_id")
        .where(sql<boolean>`(u.username = ${login} or lower(u.email) = lower(${login}))`)
        .where("u.state", "=", "active")
        .where("u.kind", "=", "human")
        // A user name can look like somebody's address.
        .orderBy(sql`u.username = ${login}`, "desc")
        .executeTakeFirst()
    );
  }

  set(
    userId: number,
    hash: string,
    { before, keep, author, condition = always }: PasswordChange,
  ): Promise<boolean> {
    return this.changes.run(async (tx, changed) => {
      if (!(await lockPerson(tx, userId))) return false;
      const present = await passwords(tx).where("p.user_id", "=", userId).executeTakeFirst();
      if (before !== undefined && present?.hash !== before) return false;
      requireUnchanged(condition, { userId, changedAt: present?.changedAt });
      changed();
      // Two within a millisecond are two: what was issued for the first ends with it.
      const changedAt = Math.max(this.clock.now(), (present?.changedAt ?? 0) + 1);
      const columns = { hash, changed_at: changedAt };
      await tx
        .insertInto("passwords")
        .values({ user_id: userId, ...columns })
        .onConflict((conflict) => conflict.column("user_id").doUpdateSet(columns))
        .execute();
      await tx
        .deleteFrom("sessions")
        .where("user_id", "=", userId)
        .where("id", "!=", keep ?? -1)
        .execute();
      const fact = { action: "password.set", subject: userSubject(userId), groupId: undefined };
      await insertEvent(tx, { ...fact, at: this.clock.now(), author, result: "success" });
      return true;
    });
  }
}

const passwords = (db: Db) =>
  db
    .selectFrom("passwords as p")
    .select(["p.user_id as userId", "p.hash", "p.changed_at as changedAt"]);
