import type { Selectable } from "kysely";
import type { Association, RegistryRecord, UpstreamRecord } from "./contract.ts";
import type { Passwords } from "../passwords.ts";
import type { Db, RegistryUpstreamsTable } from "../schema.ts";
import { upstreamOf } from "../upstreams.ts";

export function associationOf(row: Selectable<RegistryUpstreamsTable>): Association {
  return {
    id: row.id,
    groupId: row.group_id,
    registryId: row.registry_id,
    upstreamId: row.upstream_id,
    position: row.position,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** In order of registry and position. */
async function associations(
  db: Db,
  column: "registry_id" | "upstream_id",
  ids: readonly number[],
): Promise<Association[]> {
  const rows = await db
    .selectFrom("registry_upstreams")
    .selectAll()
    .where(column, "in", ids)
    .orderBy("registry_id")
    .orderBy("position")
    .execute();
  return rows.map(associationOf);
}

/** One registry, or those of a group in order of id. */
export async function registryRecords(
  db: Db,
  by: { id: number } | { groupId: number },
): Promise<RegistryRecord[]> {
  const rows = await db
    .selectFrom("registries")
    .selectAll()
    .where((eb) => ("id" in by ? eb("id", "=", by.id) : eb("group_id", "=", by.groupId)))
    .orderBy("id")
    .execute();
  const ids = rows.map(({ id }) => id);
  const all = ids.length > 0 ? await associations(db, "registry_id", ids) : [];
  return rows.map((row) => ({
    id: row.id,
    groupId: row.group_id,
    name: row.name,
    description: row.description ?? undefined,
    onUnsure: row.on_unsure,
    ask: row.ask,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    associations: all.filter(({ registryId }) => registryId === row.id),
  }));
}

/** Those of these upstreams that are there and can be seen, in the order of the ids. */
export async function upstreamRecords(
  db: Db,
  passwords: Passwords,
  ids: readonly number[],
): Promise<UpstreamRecord[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("upstreams")
    .selectAll()
    .where("id", "in", ids)
    .where("kind", "=", "registry")
    .execute();
  const all = await associations(db, "upstream_id", ids);
  const records: UpstreamRecord[] = [];
  for (const row of rows) {
    records.push({
      ...(await upstreamOf(db, row, passwords)),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      associations: all.filter(({ upstreamId }) => upstreamId === row.id),
    });
  }
  return records.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}
