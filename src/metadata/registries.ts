import type { Selectable, Transaction } from "kysely";
import { FixedMap } from "../lib/fixed-map.ts";
import { MetadataError, type Registry, type RegistrySettings } from "./contract.ts";
import { groupOfId, requireTopLevel } from "./groups.ts";
import type { Passwords } from "./passwords.ts";
import type { Db, Schema, UpstreamsTable } from "./schema.ts";
import { lockGroup, refuseFullGroup, savePositions, type Writing } from "./positions.ts";
import { upstreamOf } from "./upstreams.ts";

type Tx = Transaction<Schema>;

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
    .select(["r.description as registry_description", "r.on_unsure", "r.ask"])
    .orderBy("r.id")
    .orderBy("ru.position");
  if (id !== undefined) query = query.where("r.id", "=", id);
  const registries = new Map<number, Registry>();
  const rows = await query.execute();
  const lineages = await lineagesOf(db, rows);
  for (const row of rows) {
    const registry = registries.get(row.registry_id) ?? {
      id: row.registry_id,
      groupId: row.registry_group_id,
      name: row.registry_name,
      description: row.registry_description ?? undefined,
      onUnsure: row.on_unsure,
      ask: row.ask,
      upstreams: [],
      verified: lineages.size === 0 ? nobodys : verifiedIn(rows, lineages, row.registry_id),
    };
    registries.set(registry.id, registry);
    // The join gives all columns of an upstream or none.
    if (row.id !== null) {
      registry.upstreams.push(await upstreamOf(db, row as Selectable<UpstreamsTable>, passwords));
    }
  }
  for (const registry of registries.values()) Object.freeze(Object.freeze(registry).upstreams);
  return [...registries.values()];
}

type Lineage = readonly number[];
const nobodys: Registry["verified"] = new FixedMap([]);

/** Of the groups that upstreams are for, by id. They do not change: groups are renamed, but not moved. */
async function lineagesOf(
  db: Db,
  rows: readonly { verified_group_id: number | null }[],
): Promise<Map<number, Lineage>> {
  const ids = new Set(rows.map((row) => row.verified_group_id));
  const lineages = new Map<number, Lineage>();
  for (const id of ids) {
    // Of one that is gone since, nobody is a member.
    if (id !== null) lineages.set(id, Object.freeze((await groupOfId(db, id))?.lineage ?? []));
  }
  return lineages;
}

function verifiedIn(
  rows: readonly { id: number | null; registry_id: number; verified_group_id: number | null }[],
  lineages: ReadonlyMap<number, Lineage>,
  registryId: number,
): Registry["verified"] {
  return new FixedMap(
    rows.flatMap(({ id, registry_id, verified_group_id: groupId }) =>
      registry_id === registryId && id !== null && groupId !== null
        ? [[id, lineages.get(groupId) ?? []] as const]
        : [],
    ),
  );
}

/** Creates or changes a registry (`Directory.saveRegistry`) and gives its id. */
export async function saveRegistry(
  writing: Writing,
  groupId: number,
  settings: RegistrySettings,
): Promise<number> {
  await lockGroup(writing.tx, groupId);
  await requireTopLevel(writing.tx, groupId);
  const upstreamIds = await upstreamIdsOf(writing.tx, groupId, settings);
  const id = await saveRow(writing, groupId, settings);
  await savePositions(writing, { id, groupId }, upstreamIds);
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
    .where("kind", "=", "registry")
    // Of several with one name the oldest is the last here, and stays.
    .orderBy("id", "desc")
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

async function saveRow(
  writing: Writing,
  groupId: number,
  settings: RegistrySettings,
): Promise<number> {
  const { tx, now, changed } = writing;
  const present = await presentRow(tx, groupId, settings);
  const columns = registryColumns(settings);
  const same =
    present &&
    Object.entries(columns).every(
      ([name, value]) => present[name as keyof typeof present] === value,
    );
  if (same) return present.id;
  if (present) {
    changed();
    const changes = { ...columns, updated_at: now };
    await tx.updateTable("registries").set(changes).where("id", "=", present.id).execute();
    return present.id;
  }
  return insertRegistry(writing, groupId, settings);
}

/** The row that the settings speak of: that of the id, else that of the name. */
async function presentRow(tx: Tx, groupId: number, { id, name }: RegistrySettings) {
  const named = await tx
    .selectFrom("registries")
    .selectAll()
    .where("group_id", "=", groupId)
    .where("name", "=", name)
    .executeTakeFirst();
  if (id === undefined || named?.id === id) return named;
  if (named) {
    throw refused(`the name "${name}" belongs to registry ${named.id}; choose another, or that id`);
  }
  const present = await tx
    .selectFrom("registries")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (present && present.group_id !== groupId) {
    throw refused(`the id ${present.id} belongs to a registry of another group; choose another id`);
  }
  return present;
}

/** The columns that the settings determine by themselves. */
export function registryColumns(settings: Omit<RegistrySettings, "id" | "upstreams">) {
  return {
    name: settings.name,
    description: settings.description ?? null,
    on_unsure: settings.onUnsure,
    ask: settings.ask,
  };
}

/** A new registry, without upstreams; its id. */
export async function insertRegistry(
  writing: Writing,
  groupId: number,
  settings: Omit<RegistrySettings, "upstreams">,
): Promise<number> {
  const { tx, now, changed } = writing;
  await refuseFullGroup(writing, groupId);
  changed();
  const { id } = settings;
  const created = await tx
    .insertInto("registries")
    .values({
      ...(id !== undefined && { id }),
      group_id: groupId,
      ...registryColumns(settings),
      created_at: now,
      updated_at: now,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return created.id;
}

function refused(message: string): MetadataError {
  return new MetadataError("refused", message);
}
