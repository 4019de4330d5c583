import type { Insertable, Transaction } from "kysely";
import type { AuditFact, Role } from "../contract.ts";
import { endText, factOf } from "../management/facts.ts";
import type { Removal } from "../management/contract.ts";
import { always, type Writer } from "../management/writer.ts";
import { requireUnchanged } from "../tags.ts";
import type { Db, Schema, TokensTable } from "../schema.ts";
import { createBot, removeSpentBots } from "./bots.ts";
import type { ManagedTokens, TokenFields, TokenFilter, TokenRecord } from "./contract.ts";
import { readTokens, tokenOf } from "./token-records.ts";

type Tx = Transaction<Schema>;

const dayMs = 86_400_000;
/** How long a token is to be seen after its end: a job's, of which there are many, and others. */
const jobsEndedMs = dayMs;
const endedMs = 90 * dayMs;

export class SqlTokens implements ManagedTokens {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  list(filter: TokenFilter): Promise<TokenRecord[]> {
    return readTokens(this.db, filter);
  }

  async get(filter: TokenFilter, id: number): Promise<TokenRecord | undefined> {
    const [token] = await readTokens(this.db, { ...filter, id });
    return token;
  }

  createPersonal(userId: number, fields: TokenFields): Promise<TokenRecord> {
    return this.#create(fields, async () => ({ kind: "personal", user_id: userId }));
  }

  createGroups(groupId: number, fields: TokenFields, role: Role): Promise<TokenRecord> {
    return this.#create(fields, async (tx, now) => {
      const userId = await createBot(tx, groupId, fields.name, now);
      await tx
        .insertInto("memberships")
        .values({ user_id: userId, group_id: groupId, role, expires_at: null })
        .execute();
      return { kind: "group", user_id: userId, group_id: groupId };
    });
  }

  createDeploy(
    groupId: number,
    fields: TokenFields,
    username: string | undefined,
  ): Promise<TokenRecord> {
    return this.writer.run(async ({ tx, now, note }) => {
      const owner = { kind: "deploy", group_id: groupId, username: username ?? "-" } as const;
      const id = await insert(tx, { ...columnsOf(fields, now), ...owner });
      if (username === undefined) {
        const made = tx.updateTable("tokens").set({ username: `gitlab+deploy-token-${id}` });
        await made.where("id", "=", id).execute();
      }
      const token = await tokenOf(tx, id);
      await note(await factOn(tx, "create", token));
      return token;
    });
  }

  createJob(userId: number, projectId: number, fields: TokenFields): Promise<TokenRecord> {
    const owner = { kind: "job", user_id: userId, project_id: projectId } as const;
    return this.#create(fields, async () => owner);
  }

  #create(
    fields: TokenFields,
    owner: (tx: Tx, now: number) => Promise<Owner>,
  ): Promise<TokenRecord> {
    return this.writer.run(async ({ tx, now, note }) => {
      const columns = { ...columnsOf(fields, now), ...(await owner(tx, now)) };
      const token = await tokenOf(tx, await insert(tx, columns));
      await note(await factOn(tx, "create", token));
      return token;
    });
  }

  revoke(id: number, condition = always): Promise<Removal> {
    return this.writer.run(async ({ tx, now, changed, note }) => {
      const [present] = await readTokens(tx, { id });
      const row = await revokeRow(tx, id, now);
      if (!row || !present) return "absent";
      requireUnchanged(condition, present);
      changed();
      await note(await factOn(tx, "revoke", await tokenOf(tx, id)));
      if (row.kind === "group") await removeSpentBots(tx, now, row.user_id ?? undefined);
      return "removed";
    });
  }

  rotate(
    id: number,
    { hash, expiresAt, createdBy }: Omit<TokenFields, "name" | "scopes">,
    condition = always,
  ): Promise<TokenRecord | undefined> {
    return this.writer.run(async ({ tx, now, changed, note }) => {
      const [present] = await readTokens(tx, { id });
      const row = await revokeRow(tx, id, now);
      if (!row || !present) return undefined;
      requireUnchanged(condition, present);
      changed();
      const { kind, user_id, group_id, project_id, username, name, scopes } = row;
      const from_declared = row.declared === 1 ? 1 : row.from_declared;
      const kept = { kind, user_id, group_id, project_id, username, name, scopes, from_declared };
      const next = { hash, expires_at: expiresAt ?? null, created_by: createdBy, created_at: now };
      const token = await tokenOf(tx, await insert(tx, { ...kept, ...next }));
      await note(await factOn(tx, "rotate", token, { former_id: id }));
      return token;
    });
  }

  sweep(): Promise<void> {
    return this.writer.run(async ({ tx, now, changed }) => {
      const spent = await removeSpentBots(tx, now);
      const ofJobs = await removeEnded(tx, "=", now - jobsEndedMs);
      const others = await removeEnded(tx, "!=", now - endedMs);
      if (spent > 0 || ofJobs + others > 0n) changed();
    });
  }
}

/** Tokens of jobs, or others, that had ended before. One that is declared stays: once revoked, it is not to be made again. */
async function removeEnded(tx: Tx, isJob: "=" | "!=", before: number): Promise<bigint> {
  const { numDeletedRows } = await tx
    .deleteFrom("tokens")
    .where("kind", isJob, "job")
    .where("declared", "=", 0)
    .where((eb) => eb.or([eb("expires_at", "<", before), eb("revoked_at", "<", before)]))
    .executeTakeFirst();
  return numDeletedRows;
}

/** What was done to a token; one that has to do with a group is its owners' to know of. */
async function factOn(
  tx: Tx,
  verb: string,
  token: TokenRecord,
  more: Readonly<Record<string, unknown>> = {},
): Promise<AuditFact> {
  const { id, name, kind, scopes, projectId } = token;
  const project =
    projectId === undefined
      ? undefined
      : await tx.selectFrom("projects").selectAll().where("id", "=", projectId).executeTakeFirst();
  const details = {
    kind,
    scopes,
    expires_at: endText(token.expiresAt),
    user_id: token.userId ?? null,
    ...(projectId !== undefined && { project_id: projectId }),
    ...(token.role && { role: token.role }),
    ...more,
  };
  return factOf("token", verb, { id, name, groupId: token.groupId ?? project?.group_id }, details);
}

type Owner = Pick<
  Insertable<TokensTable>,
  "kind" | "user_id" | "group_id" | "project_id" | "username"
>;

function columnsOf({ name, hash, scopes, expiresAt, createdBy }: TokenFields, now: number) {
  return {
    name,
    hash,
    scopes: JSON.stringify(scopes),
    expires_at: expiresAt ?? null,
    created_by: createdBy,
    created_at: now,
  };
}

async function insert(tx: Tx, columns: Insertable<TokensTable>): Promise<number> {
  const row = await tx
    .insertInto("tokens")
    .values(columns)
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** The row of a live token, which is revoked now. */
function revokeRow(tx: Tx, id: number, now: number) {
  return tx
    .updateTable("tokens")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .returningAll()
    .executeTakeFirst();
}
