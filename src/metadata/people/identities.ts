import { sql, type Transaction } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import type { Changes } from "../changes.ts";
import { insertEvent, provider, userSubject } from "../audit/events.ts";
import {
  type AuditSubject,
  type Author,
  MetadataError,
  type Role,
  type User,
} from "../contract.ts";
import type { Db, Schema } from "../schema.ts";
import type { Identities, ProviderIdentity, NewPerson } from "./contract.ts";
import { always } from "../management/writer.ts";
import { requireUnchanged } from "../tags.ts";
import { lockPerson } from "./persons.ts";
import { provide, type Provided, withdraw } from "./provided.ts";

type Tx = Transaction<Schema>;

/** `Identities` on any engine. */
export class SqlIdentities implements Identities {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
  ) {}

  userOf(identity: ProviderIdentity): Promise<number | undefined> {
    return ownerOf(this.db, identity);
  }

  ofUser(userId: number): Promise<ProviderIdentity[]> {
    return this.db
      .selectFrom("identities")
      .select(["issuer", "subject"])
      .where("user_id", "=", userId)
      .orderBy("issuer")
      .execute();
  }

  createUser(
    identity: ProviderIdentity,
    { username, name, email }: NewPerson,
  ): Promise<User | undefined> {
    return this.changes.run(async (tx, changed) => {
      if ((await ownerOf(tx, identity)) !== undefined) return undefined;
      const taken = await tx
        .selectFrom("users")
        .select("id")
        // A name that differs by case alone would be taken for the other one.
        .where(sql<boolean>`lower(username) = ${username.toLowerCase()}`)
        .executeTakeFirst();
      if (taken) return undefined;
      changed();
      const now = this.clock.now();
      const { id } = await tx
        .insertInto("users")
        .values({ username, name, admin: 0, created_at: now, email: await freeEmail(tx, email) })
        .returning("id")
        .executeTakeFirstOrThrow();
      await insert(tx, id, identity, now);
      const details = { issuer: identity.issuer };
      await this.#note(tx, "user.create", userSubject(id, username), provider, details);
      return { id, username, admin: false };
    });
  }

  link(
    userId: number,
    identity: ProviderIdentity,
    author: Author,
    condition = always,
  ): Promise<boolean> {
    return this.changes.run(async (tx, changed) => {
      if (!(await lockPerson(tx, userId))) return false;
      requireUnchanged(condition, await identityAt(tx, userId, identity.issuer));
      const owner = await ownerOf(tx, identity);
      if (owner === userId) return true;
      if (owner !== undefined) throw anothers();
      changed();
      await remove(tx, userId, identity.issuer);
      await insert(tx, userId, identity, this.clock.now());
      await this.#note(tx, "identity.link", userSubject(userId), author, { ...identity });
      return true;
    });
  }

  unlink(userId: number, issuer: string, author: Author, condition = always): Promise<boolean> {
    return this.changes.run(async (tx, changed) => {
      await lockPerson(tx, userId);
      const present = await identityAt(tx, userId, issuer);
      if (present.subject === undefined) return false;
      requireUnchanged(condition, present);
      if (!(await remove(tx, userId, issuer))) return false;
      changed();
      // What was begun by it ends with it.
      await tx
        .deleteFrom("sessions")
        .where("user_id", "=", userId)
        .where("method", "=", "provider")
        .execute();
      const now = this.clock.now();
      const taken = await withdraw({ tx, userId, issuer, now }, () => false);
      await this.#noteMembers(tx, { userId, issuer }, taken, author);
      await this.#note(tx, "identity.unlink", userSubject(userId), author, { issuer });
      return true;
    });
  }

  provide(userId: number, issuer: string, roles: ReadonlyMap<string, Role>): Promise<void> {
    return this.changes.run(async (tx, changed) => {
      const now = this.clock.now();
      const changes = await provide({ tx, userId, issuer, now }, roles);
      if (changes.length > 0) changed();
      await this.#noteMembers(tx, { userId, issuer }, changes, provider);
    });
  }

  /** Each in its group, whose owners are to see who has come in and as what. */
  async #noteMembers(
    tx: Tx,
    { userId, issuer }: { userId: number; issuer: string },
    changes: readonly Provided[],
    author: Author,
  ): Promise<void> {
    const at = this.clock.now();
    for (const { verb, groupId, role, isLastOwner } of changes) {
      const fact = { action: `member.${verb}`, subject: userSubject(userId), groupId };
      const details = { role, issuer, ...(isLastOwner && { last_owner: true }) };
      await insertEvent(tx, { ...fact, details, at, author, result: "success" });
    }
  }

  #note(
    tx: Tx,
    action: string,
    subject: AuditSubject,
    author: Author,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const fact = { action, subject, groupId: undefined, details };
    return insertEvent(tx, { ...fact, at: this.clock.now(), author, result: "success" });
  }
}

async function ownerOf(db: Db, { issuer, subject }: ProviderIdentity): Promise<number | undefined> {
  const row = await db
    .selectFrom("identities")
    .select("user_id")
    .where("issuer", "=", issuer)
    .where("subject", "=", subject)
    .executeTakeFirst();
  return row?.user_id;
}

/** Null where there is none, or where it is another user's. */
async function freeEmail(tx: Tx, email: string | undefined): Promise<string | null> {
  if (email === undefined || email.length < 3 || email.length > 254) return null;
  const taken = await tx
    .selectFrom("users")
    .select("id")
    .where(sql<boolean>`lower(email) = lower(${email})`)
    .executeTakeFirst();
  return taken ? null : email;
}

/** As it is seen by who means to change it; without a subject where there is none. */
async function identityAt(tx: Tx, userId: number, issuer: string) {
  const row = await tx
    .selectFrom("identities")
    .select("subject")
    .where("user_id", "=", userId)
    .where("issuer", "=", issuer)
    .executeTakeFirst();
  return { issuer, subject: row?.subject };
}

async function insert(
  tx: Tx,
  userId: number,
  identity: ProviderIdentity,
  now: number,
): Promise<void> {
  const { issuer, subject } = identity;
  await tx
    .insertInto("identities")
    .values({ issuer, subject, user_id: userId, created_at: now })
    .execute();
}

async function remove(tx: Tx, userId: number, issuer: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("identities")
    .where("user_id", "=", userId)
    .where("issuer", "=", issuer)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function anothers(): MetadataError {
  const text = "belongs to another user; take it from him first";
  return new MetadataError("refused", `this identity ${text}`, {
    invalid: { field: "subject", text },
  });
}
