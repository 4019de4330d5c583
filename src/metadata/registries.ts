import type { Selectable, Transaction } from "kysely";
import { MetadataError, type Registry, type RegistrySettings } from "./contract.ts";
import type { Passwords } from "./passwords.ts";
import type { Db, Schema, UpstreamsTable } from "./schema.ts";
import { upstreamOf } from "./upstreams.ts";

type Tx = Transaction<Schema>;

interface Saving {
  tx: Tx;
  now: number;
  changed: () => void;
}

/** One registry or all, in order of id, with their upstreams in order of position; all frozen. */
export async function readRegistries(
  db: Db,
  passwords: Passwords,
  { id }: { id?: number },
): Promise<Registry[]> {
  // In one query, so that a list and its upstreams are of one moment.
  let query = db
    .selectFrom("registries as r")
    .leftJoin("registry_upstreams as ru", "ru.registry_id", "r.id")
    .leftJoin("upstreams as u", "u.id", "ru.upstream_id")
    .selectAll("u")
    .select(["r.id as registry_id", "r.group_id as registry_group_id", "r.name as registry_name"])
    .orderBy("r.id")
    .orderBy("ru.position");
  if (id !== undefined) query = query.where("r.id", "=", id);
  const registries = new Map<number, Registry>();
  for (const row of await query.execute()) {
    const registry = registries.get(row.registry_id) ?? {
      id: row.registry_id,
      groupId: row.registry_group_id,
      name: row.registry_name,
      upstreams: [],
    };
    registries.set(registry.id, registry);
    // The join gives all columns of an upstream or none.
    if (row.id !== null) {
      registry.upstreams.push(await upstreamOf(row as Selectable<UpstreamsTable>, passwords));
    }
  }
  for (const registry of registries.values()) Object.freeze(Object.freeze(registry).upstreams);
  return [...registries.values()];
}

/** Creates or changes a registry (`Directory.saveRegistry`) and gives its id. */
export async function saveRegistry(
  saving: Saving,
  groupId: number,
  settings: RegistrySettings,
): Promise<number> {
  const upstreamIds = await upstreamIdsOf(saving.tx, groupId, settings);
  const id = await saveName(saving, groupId, settings);
  await savePositions(saving, groupId, id, upstreamIds);
  return id;
}

async function upstreamIdsOf(
  tx: Tx,
  groupId: number,
  { name, upstreams }: RegistrySettings,
): Promise<number[]> {
  const rows = await tx
    .selectFrom("upstreams")
    .select(["id", "name"])
    .where("group_id", "=", groupId)
    .execute();
  const ids = new Map(rows.map((row) => [row.name, row.id]));
  const wanted = upstreams.map((upstream) => {
    const id = ids.get(upstream);
    if (id !== undefined) return id;
    throw refused(`registry "${name}" lists the upstream "${upstream}", which its group has not`);
  });
  if (new Set(wanted).size !== wanted.length) {
    throw refused(`registry "${name}" lists an upstream twice; name each once`);
  }
  return wanted;
}

async function saveName(
  { tx, now, changed }: Saving,
  groupId: number,
  { id, name }: RegistrySettings,
): Promise<number> {
  const named = await tx
    .selectFrom("registries")
    .selectAll()
    .where("group_id", "=", groupId)
    .where("name", "=", name)
    .executeTakeFirst();
  if (named && (id === undefined || named.id === id)) return named.id;
  if (named) {
    throw refused(`the name "${name}" belongs to registry ${named.id}; choose another, or that id`);
  }
  const present =
    id === undefined
      ? undefined
      : await tx.selectFrom("registries").selectAll().where("id", "=", id).executeTakeFirst();
  if (present && present.group_id !== groupId) {
    throw refused(`the id ${present.id} belongs to a registry of another group; choose another id`);
  }
  changed();
  if (present) {
    const columns = { name, updated_at: now };
    await tx.updateTable("registries").set(columns).where("id", "=", present.id).execute();
    return present.id;
  }
  const created = await tx
    .insertInto("registries")
    .values({
      ...(id !== undefined && { id }),
      group_id: groupId,
      name,
      created_at: now,
      updated_at: now,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return created.id;
}

/** The whole list anew where it differs: positions then have no gaps and never meet. */
async function savePositions(
  { tx, now, changed }: Saving,
  groupId: number,
  registryId: number,
  upstreamIds: readonly number[],
): Promise<void> {
  const present = await tx
    .selectFrom("registry_upstreams")
    .select("upstream_id")
    .where("registry_id", "=", registryId)
    .orderBy("position")
    .execute();
  if (present.map((row) => row.upstream_id).join() === upstreamIds.join()) return;
  changed();
  await tx.deleteFrom("registry_upstreams").where("registry_id", "=", registryId).execute();
  const rows = upstreamIds.map((upstreamId, index) => ({
    group_id: groupId,
    registry_id: registryId,
    upstream_id: upstreamId,
    position: index + 1,
  }));
  if (rows.length > 0) await tx.insertInto("registry_upstreams").values(rows).execute();
  await tx
    .updateTable("registries")
    .set({ updated_at: now })
    .where("id", "=", registryId)
    .execute();
}

function refused(message: string): MetadataError {
  return new MetadataError("refused", message);
}
