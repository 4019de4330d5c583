import type { Transaction } from "kysely";
import type { Group } from "../contract.ts";
import { changeGroup, createGroup, groupOfId, withAllBelow } from "../groups.ts";
import type { Db, Schema } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import type { ManagedGroups, Removal } from "./contract.ts";
import { changesOf, factOf } from "./facts.ts";
import { always, type Writer } from "./writer.ts";

export class SqlGroups implements ManagedGroups {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  create(
    parentId: number | undefined,
    fields: { name: string; path: string },
    ownerId: number,
  ): Promise<Group> {
    return this.writer.run(async ({ tx, changed, note }) => {
      const group = await createGroup({ tx, changed }, parentId, fields);
      const owner = { user_id: ownerId, group_id: group.id, role: "owner" } as const;
      if (parentId === undefined) {
        await tx
          .insertInto("memberships")
          .values({ ...owner, expires_at: null })
          .execute();
      }
      await note(factOf("group", "create", { id: group.id, groupId: group.id, name: group.path }));
      return group;
    });
  }

  change(
    id: number,
    changes: { name?: string | undefined; path?: string | undefined },
    condition = always,
  ): Promise<Group | undefined> {
    return this.writer.inGroup(id, async (saving) => {
      const before = await groupOfId(saving.tx, id);
      if (before) requireUnchanged(condition, before);
      const after = await changeGroup(saving, id, changes);
      if (before && after) {
        const details = changesOf<Group>(before, after, ["name", "path"]);
        await saving.note(factOf("group", "update", { ...after, groupId: id }, details));
      }
      return after;
    });
  }

  async remove(id: number, condition = always): Promise<Removal> {
    // Looked at again in the end; but what is given up on the way there would not come back.
    const seen = await groupOfId(this.db, id);
    if (seen) requireUnchanged(condition, seen);
    // What there can be much of goes first, in steps; the rest at once.
    const family = (await withAllBelow(this.db, id)).map((group) => group.id);
    for (const upstreamId of await upstreamsOf(this.db, family)) {
      await this.writer.emptyCache(upstreamId);
    }
    return this.writer.inGroup(id, async ({ tx, changed, note }) => {
      const group = await groupOfId(tx, id);
      if (group) requireUnchanged(condition, group);
      const present = (await withAllBelow(tx, id)).map((group) => group.id);
      if (present.length === 0) return "absent";
      changed();
      await note(factOf("group", "delete", { id, groupId: id, name: group?.path ?? "" }));
      await removeBots(tx, present);
      await tx.deleteFrom("groups").where("id", "=", id).execute();
      return "removed";
    });
  }
}

async function upstreamsOf(db: Db, groupIds: readonly number[]): Promise<number[]> {
  if (groupIds.length === 0) return [];
  const rows = await db
    .selectFrom("upstreams")
    .select("id")
    .where("group_id", "in", groupIds)
    .execute();
  return rows.map((row) => row.id);
}

async function removeBots(tx: Transaction<Schema>, groupIds: readonly number[]): Promise<void> {
  const rows = await tx
    .selectFrom("tokens")
    .select("user_id")
    .distinct()
    .where("kind", "=", "group")
    .where("group_id", "in", groupIds)
    .execute();
  const bots = rows.flatMap(({ user_id }) => (user_id === null ? [] : [user_id]));
  if (bots.length === 0) return;
  await tx.deleteFrom("users").where("kind", "=", "bot").where("id", "in", bots).execute();
}
