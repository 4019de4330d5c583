import { type Selectable, sql, type Transaction } from "kysely";
import { type AuditFact, MetadataError, type Role } from "../contract.ts";
import { changesOf, endText } from "../management/facts.ts";
import type { Removal } from "../management/contract.ts";
import { always, type Recorded, type Writer } from "../management/writer.ts";
import { hasOwner } from "../owners.ts";
import { lockGroup } from "../positions.ts";
import type { Db, Schema, UsersTable } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import type { ManagedMembers, Member, Membered, Membership } from "./contract.ts";
import { userRecord } from "./users.ts";

type Tx = Transaction<Schema>;

export class SqlMembers implements ManagedMembers {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  list(of: Membered): Promise<Member[]> {
    return readMembers(this.db, of, this.writer.clock.now());
  }

  async get(of: Membered, userId: number): Promise<Member | undefined> {
    const [member] = await readMembers(this.db, of, this.writer.clock.now(), userId);
    return member;
  }

  add(of: Membered, userId: number, membership: Membership): Promise<Member | undefined> {
    return this.#write(of, async ({ tx, now, changed, note }) => {
      const present = await readMembers(tx, of, now, userId);
      if (present.length > 0) return undefined;
      await refuseBot(tx, userId);
      changed();
      await remove(tx, of, userId); // one that has ended
      await insert(tx, of, userId, membership);
      const [added] = await readMembers(tx, of, now, userId);
      if (added) await note(await factOn(tx, of, "add", added, detailsOf(added)));
      return added;
    });
  }

  change(
    of: Membered,
    userId: number,
    changes: Partial<Membership>,
    judge: (present: Member) => void,
    condition = always,
  ): Promise<Member | undefined> {
    return this.#write(of, async ({ tx, now, changed, note }) => {
      const [present] = await readMembers(tx, of, now, userId);
      if (!present) return undefined;
      judge(present);
      requireUnchanged(condition, present);
      const wanted = { role: present.role, expiresAt: present.expiresAt, ...changes };
      if (!isLasting(wanted)) await keepOwner(tx, of, present);
      changed();
      await remove(tx, of, userId);
      await insert(tx, of, userId, wanted);
      const [member] = await readMembers(tx, of, now, userId);
      if (member) {
        const told = (one: Member) => ({ role: one.role, expiresAt: endText(one.expiresAt) });
        const details = changesOf(told(present), told(member), ["role", "expiresAt"]);
        await note(await factOn(tx, of, "update", member, details));
      }
      return member;
    });
  }

  remove(
    of: Membered,
    userId: number,
    judge: (present: Member) => void,
    condition = always,
  ): Promise<Removal> {
    return this.#write(of, async ({ tx, now, changed, note }) => {
      const [present] = await readMembers(tx, of, now, userId);
      if (!present) return "absent";
      judge(present);
      requireUnchanged(condition, present);
      await keepOwner(tx, of, present);
      changed();
      await note(await factOn(tx, of, "remove", present, detailsOf(present)));
      await remove(tx, of, userId);
      return "removed";
    });
  }

  #write<T>(of: Membered, work: (saving: Recorded) => Promise<T>): Promise<T> {
    return this.writer.run(async (saving) => {
      if ("groupId" in of) await lockGroup(saving.tx, of.groupId);
      return work(saving);
    });
  }
}

const detailsOf = ({ role, expiresAt }: Membership) => ({ role, expires_at: endText(expiresAt) });

/** What was done to a member, who is the subject; of a project it is its group's to know. */
async function factOn(
  tx: Tx,
  of: Membered,
  verb: string,
  { user }: Member,
  details: Readonly<Record<string, unknown>>,
): Promise<AuditFact> {
  const { id, username: name } = user;
  const action = `member.${verb}`;
  const subject = { kind: "user", id, name };
  if ("groupId" in of) return { action, subject, groupId: of.groupId, details };
  const project = await tx
    .selectFrom("projects")
    .select("group_id")
    .where("id", "=", of.projectId)
    .executeTakeFirst();
  const ofProject = { project_id: of.projectId, ...details };
  return { action, subject, groupId: project?.group_id, details: ofProject };
}

const tableOf = (of: Membered) =>
  "groupId" in of
    ? { table: sql.table("memberships"), column: sql.ref("group_id"), id: of.groupId }
    : { table: sql.table("project_memberships"), column: sql.ref("project_id"), id: of.projectId };

type Row = Selectable<UsersTable> & { role: Role; expires_at: number | null };

async function readMembers(db: Db, of: Membered, now: number, userId?: number): Promise<Member[]> {
  const { table, column, id } = tableOf(of);
  const one = userId === undefined ? sql`` : sql`and u.id = ${userId}`;
  const { rows } = await sql<Row>`
    select u.*, m.role, m.expires_at from ${table} m join users u on u.id = m.user_id
    where m.${column} = ${id} and (m.expires_at is null or m.expires_at > ${now}) ${one}
    order by u.id`.execute(db);
  return rows.map((row) => ({
    user: userRecord(row),
    role: row.role,
    expiresAt: row.expires_at ?? undefined,
  }));
}

async function remove(tx: Tx, of: Membered, userId: number): Promise<void> {
  const { table, column, id } = tableOf(of);
  await sql`delete from ${table} where ${column} = ${id} and user_id = ${userId}`.execute(tx);
}

async function insert(
  tx: Tx,
  of: Membered,
  userId: number,
  { role, expiresAt }: Membership,
): Promise<void> {
  const { table, column, id } = tableOf(of);
  await sql`insert into ${table} (user_id, ${column}, role, expires_at)
    values (${userId}, ${id}, ${role}, ${expiresAt ?? null})`.execute(tx);
}

/** Its token is its group's, whose owners would have it in another group too. */
async function refuseBot(tx: Tx, userId: number): Promise<void> {
  const bot = await tx
    .selectFrom("users")
    .select("id")
    .where("id", "=", userId)
    .where("kind", "=", "bot")
    .executeTakeFirst();
  if (!bot) return;
  const text = "is a bot, which is a member of its own group alone";
  throw new MetadataError("refused", `user ${userId} ${text}`, {
    invalid: { field: "user", text },
  });
}

const isLasting = ({ role, expiresAt }: Membership) => role === "owner" && expiresAt === undefined;

/** Throws where this is the last owner of a top-level group; those of others are owned by whoever is above. */
async function keepOwner(tx: Tx, of: Membered, leaving: Member): Promise<void> {
  if (!("groupId" in of) || !isLasting(leaving) || leaving.user.kind === "bot") return;
  const top = await tx
    .selectFrom("groups")
    .select("id")
    .where("id", "=", of.groupId)
    .where("parent_id", "is", null)
    .executeTakeFirst();
  if (!top) return;
  if (await hasOwner(tx, of.groupId, leaving.user.id)) return;
  const text = "would have no owner left; make somebody else one first";
  const invalid = { field: "group", text };
  throw new MetadataError("refused", `the group ${of.groupId} ${text}`, { invalid });
}
