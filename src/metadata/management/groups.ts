import type { Transaction } from "kysely";
import type { Group } from "../contract.ts";
import { changeGroup, createGroup, groupOfId, withAllBelow } from "../groups.ts";
import type { Schema } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import { lockUpstreams } from "../turns.ts";
import type { ManagedGroups, Removal } from "./contract.ts";
import { changesOf, factOf } from "./facts.ts";
import { always, type Writer } from "./writer.ts";

export class SqlGroups implements ManagedGroups {
  constructor(readonly writer: Writer) {}

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

  limit(id: number, maxBytes: number | undefined, condition = always): Promise<void> {
    return this.writer.inGroup(id, async ({ tx, changed, note }) => {
      const group = await groupOfId(tx, id);
      if (!group) return;
      const before = await tx
        .selectFrom("groups")
        .select("cache_max_bytes as maxBytes")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      const limit: object = { maxBytes: before.maxBytes ?? undefined };
      requireUnchanged(condition, limit);
      changed();
      const details = { cache_max_bytes: maxBytes ?? null };
      await note(factOf("group", "limit", { id, groupId: id, name: group.path }, details));
      await tx
        .updateTable("groups")
        .set({ cache_max_bytes: maxBytes ?? null })
        .where("id", "=", id)
        .execute();
    });
  }

  remove(id: number, condition = always): Promise<Removal> {
    return this.writer.inGroup(id, async ({ tx, changed, note }) => {
      const group = await groupOfId(tx, id);
      if (!group) return "absent";
      requireUnchanged(condition, group);
      const family = (await withAllBelow(tx, id)).map((group) => group.id);
      changed();
      await note(factOf("group", "delete", { id, groupId: id, name: group.path }));
      await lockUpstreams(tx, await upstreamsOf(tx, family));
      await removeBots(tx, family);
      await tx.deleteFrom("groups").where("id", "=", id).execute();
      return "removed";
    });
  }
}

async function upstreamsOf(
  tx: Transaction<Schema>,
  groupIds: readonly number[],
): Promise<number[]> {
  const rows = tx.selectFrom("upstreams").select("id").where("group_id", "in", groupIds);
  return (await rows.execute()).map(({ id }) => id);
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
