import { requireTopLevel } from "../groups.ts";
import type { Db } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import type { ManagedVirtualRegistries, VirtualRegistrySettings } from "./contract.ts";
import { changesOf, factOf } from "./facts.ts";
import { always, type Writer } from "./writer.ts";

export class SqlVirtualRegistries implements ManagedVirtualRegistries {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  settings(groupId: number): Promise<VirtualRegistrySettings> {
    return readSettings(this.db, groupId);
  }

  change(
    groupId: number,
    settings: VirtualRegistrySettings,
    condition = always,
  ): Promise<VirtualRegistrySettings> {
    return this.writer.inGroup(groupId, async ({ tx, now, changed, note }) => {
      await requireTopLevel(tx, groupId);
      const before = await readSettings(tx, groupId);
      requireUnchanged(condition, before);
      const columns = { enabled: settings.enabled ? 1 : 0, updated_at: now };
      if (before.enabled !== settings.enabled) {
        changed();
        await tx
          .insertInto("virtual_registry_settings")
          .values({ group_id: groupId, ...columns })
          .onConflict((conflict) => conflict.column("group_id").doUpdateSet(columns))
          .execute();
      }
      const details = changesOf<VirtualRegistrySettings>(before, settings, ["enabled"]);
      await note(factOf("virtual_registries", "update", { id: groupId, groupId }, details));
      return readSettings(tx, groupId);
    });
  }
}

async function readSettings(db: Db, groupId: number): Promise<VirtualRegistrySettings> {
  const row = await db
    .selectFrom("virtual_registry_settings")
    .select("enabled")
    .where("group_id", "=", groupId)
    .executeTakeFirst();
  return { enabled: row?.enabled !== 0 };
}

/** Groups whose registries are switched off. */
export async function switchedOff(db: Db): Promise<number[]> {
  const rows = await db
    .selectFrom("virtual_registry_settings")
    .select("group_id")
    .where("enabled", "=", 0)
    .execute();
  return rows.map((row) => row.group_id);
}
