import { type Selectable, sql } from "kysely";
import { MetadataError, type UserState } from "../contract.ts";
import { changesOf, factOf } from "../management/facts.ts";
import type { Page, PageOptions } from "../management/contract.ts";
import { always, type Writer } from "../management/writer.ts";
import { requireUnchanged } from "../tags.ts";
import type { Db, UsersTable } from "../schema.ts";
import type { ManagedUsers, UserFields, UserRecord } from "./contract.ts";

export class SqlUsers implements ManagedUsers {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  async list({ words, page, perPage }: PageOptions): Promise<Page<UserRecord>> {
    const rows = await this.db.selectFrom("users").selectAll().orderBy("id").execute();
    // Here and not in SQL, where on some engines only ASCII letters have a case.
    const wanted = words.map((word) => word.toLowerCase());
    const found = rows.filter(({ username, name, email }) => {
      const texts = [username, name, email ?? ""].map((text) => text.toLowerCase());
      return wanted.every((word) => texts.some((text) => text.includes(word)));
    });
    const start = (page - 1) * perPage;
    return { items: found.slice(start, start + perPage).map(userRecord), total: found.length };
  }

  async get(by: { id: number } | { username: string }): Promise<UserRecord | undefined> {
    const row = await this.db
      .selectFrom("users")
      .selectAll()
      .where((eb) => ("id" in by ? eb("id", "=", by.id) : eb("username", "=", by.username)))
      .executeTakeFirst();
    return row && userRecord(row);
  }

  create({ username, name, email, admin }: UserFields): Promise<UserRecord> {
    return this.writer.run(async ({ tx, now, note }) => {
      await refuseTaken(tx, "username", username);
      if (email !== undefined) await refuseTaken(tx, "email", email);
      const row = await tx
        .insertInto("users")
        .values({ username, name, email: email ?? null, admin: admin ? 1 : 0, created_at: now })
        .returningAll()
        .executeTakeFirstOrThrow();
      await note(factOf("user", "create", subjectOf(row), { admin }));
      return userRecord(row);
    });
  }

  change(
    id: number,
    changes: Partial<Pick<UserFields, "name" | "email" | "admin">>,
    condition = always,
  ): Promise<UserRecord | undefined> {
    return this.writer.run(async ({ tx, changed, note }) => {
      // Those who take it from each other at once do so one after the other.
      await lockUsers(tx, id);
      const row = await rowOf(tx, id);
      if (!row) return undefined;
      const before = userRecord(row);
      requireUnchanged(condition, before);
      if (before.kind === "bot") throw isBot(id);
      const after = { ...before, ...changes };
      const isOther = after.email?.toLowerCase() !== before.email?.toLowerCase();
      if (after.email !== undefined && isOther) await refuseTaken(tx, "email", after.email);
      if (before.admin && !after.admin) await refuseLast(tx, id, "admin");
      const told = changesOf(before, after, ["name", "email", "admin"]);
      if (Object.keys(told).length === 0) return before;
      const { name, email, admin } = after;
      const columns = { name, email: email ?? null, admin: admin ? 1 : 0 };
      await tx.updateTable("users").set(columns).where("id", "=", id).execute();
      changed();
      await note(factOf("user", "update", subjectOf(row), told));
      return after;
    });
  }

  setState(id: number, state: UserState, condition = always): Promise<UserRecord | undefined> {
    return this.writer.run(async ({ tx, changed, note }) => {
      // Those who shut each other out at once do so one after the other.
      await lockUsers(tx, id);
      const before = await rowOf(tx, id);
      if (before) requireUnchanged(condition, userRecord(before));
      if (before?.admin === 1 && state !== "active") await refuseLast(tx, id, "user");
      const row = await tx
        .updateTable("users")
        .set({ state })
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst();
      if (!row) return undefined;
      changed();
      // Whoever is let in again signs in again: what was open before may be in wrong hands.
      if (state !== "active") await tx.deleteFrom("sessions").where("user_id", "=", id).execute();
      await note(factOf("user", "update", subjectOf(row), { state }));
      return userRecord(row);
    });
  }
}

/** A user is of no group. */
const subjectOf = ({ id, username: name }: Selectable<UsersTable>) => {
  return { id, name, groupId: undefined };
};

export function userRecord(row: Selectable<UsersTable>): UserRecord {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    email: row.email ?? undefined,
    admin: row.admin === 1,
    state: row.state,
    kind: row.kind,
    createdAt: row.created_at,
  };
}

function rowOf(db: Db, id: number) {
  return db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Locks every administrator, and this user, until the transaction ends. */
async function lockUsers(db: Db, id: number): Promise<void> {
  await db
    .updateTable("users")
    .set((eb) => ({ username: eb.ref("username") }))
    .where((eb) => eb.or([eb("admin", "=", 1), eb("id", "=", id)]))
    .execute();
}

/** Throws unless somebody else could make administrators. */
async function refuseLast(db: Db, id: number, field: "admin" | "user"): Promise<void> {
  const other = await db
    .selectFrom("users")
    .select("id")
    .where("admin", "=", 1)
    .where("state", "=", "active")
    .where("kind", "=", "human")
    .where("id", "!=", id)
    .executeTakeFirst();
  if (other) return;
  throw new MetadataError("refused", `user ${id} is the last administrator`, {
    invalid: { field, text: "is the last active administrator; make somebody else one" },
  });
}

function isBot(id: number): MetadataError {
  const text = "is a bot, which is as the token of its group says";
  return new MetadataError("refused", `user ${id} ${text}`, { invalid: { field: "user", text } });
}

async function refuseTaken(db: Db, field: "username" | "email", text: string): Promise<void> {
  const taken = await db
    .selectFrom("users")
    .select("id")
    .where(sql<boolean>`lower(${sql.ref(field)}) = ${text.toLowerCase()}`)
    .executeTakeFirst();
  if (!taken) return;
  throw new MetadataError("refused", `user ${taken.id} has this ${field} already`, {
    invalid: { field, text: "has already been taken" },
  });
}
