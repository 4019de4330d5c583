import type { Transaction } from "kysely";
import { MetadataError } from "./contract.ts";
import type { Db, Schema } from "./schema.ts";

type Tx = Transaction<Schema>;

/** What there may be at most; what is there already stays when a limit is lowered. */
export interface Limits {
  registriesPerGroup: number;
  upstreamsPerRegistry: number;
}

/** A write in one transaction. */
export interface Writing {
  tx: Tx;
  now: number;
  limits: Limits;
  /** Says that something did change. */
  changed: () => void;
}

/** Beyond every position in use, for those on their way to another one. */
const parked = 1_000_000;

/** Ids of a registry's upstreams in order of position. */
export async function upstreamsInOrder(db: Db, registryId: number): Promise<number[]> {
  const rows = await db
    .selectFrom("registry_upstreams")
    .select("upstream_id")
    .where("registry_id", "=", registryId)
    .orderBy("position")
    .execute();
  return rows.map((row) => row.upstream_id);
}

/**
 * Makes `wanted` the registry's list: the one way in which positions are written, so that they run from 1 without gaps.
 * Associations that stay keep their ids.
 */
export async function savePositions(
  { tx, now, limits, changed }: Writing,
  { id: registryId, groupId }: { id: number; groupId: number },
  wanted: readonly number[],
): Promise<void> {
  const present = await upstreamsInOrder(tx, registryId);
  if (present.join() === wanted.join()) return;
  const most = limits.upstreamsPerRegistry;
  if (wanted.length > most && wanted.length > present.length) throw full(registryId, most);
  changed();
  const ofRegistry = () =>
    tx.updateTable("registry_upstreams").where("registry_id", "=", registryId);
  const moved = wanted.filter((id, index) => present[index] !== id && present.includes(id));
  const gone = present.filter((id) => !wanted.includes(id));
  if (gone.length > 0) {
    await tx
      .deleteFrom("registry_upstreams")
      .where("registry_id", "=", registryId)
      .where("upstream_id", "in", gone)
      .execute();
  }
  // No two may have one position, not even for a moment.
  if (moved.length > 0) {
    await ofRegistry()
      .set((eb) => ({ position: eb("position", "+", parked), updated_at: now }))
      .where("upstream_id", "in", moved)
      .execute();
  }
  for (const [index, upstreamId] of wanted.entries()) {
    const position = index + 1;
    if (moved.includes(upstreamId)) {
      await ofRegistry().set({ position }).where("upstream_id", "=", upstreamId).execute();
    } else if (!present.includes(upstreamId)) {
      await tx
        .insertInto("registry_upstreams")
        .values({
          group_id: groupId,
          registry_id: registryId,
          upstream_id: upstreamId,
          position,
          created_at: now,
          updated_at: now,
        })
        .execute();
    }
  }
  const touched = tx.updateTable("registries").set({ updated_at: now });
  await touched.where("id", "=", registryId).execute();
}

function full(registryId: number, most: number): MetadataError {
  const message = `registry ${registryId} would have more than ${most} upstreams: take some out of it, or raise WEIR_MAX_UPSTREAMS_PER_REGISTRY`;
  const text = `must be less than or equal to ${most}`;
  return new MetadataError("refused", message, {
    invalid: { field: "registry_upstreams.position", text },
  });
}

/** Whoever writes to a group has its row first, so that limits hold among those who write at once. */
export async function lockGroup(tx: Tx, groupId: number): Promise<void> {
  await tx
    .updateTable("groups")
    .set((eb) => ({ path: eb.ref("path") }))
    .where("id", "=", groupId)
    .execute();
}

/** Throws where the group has as many registries as it may have. */
export async function refuseFullGroup({ tx, limits }: Writing, groupId: number): Promise<void> {
  const { count } = await tx
    .selectFrom("registries")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("group_id", "=", groupId)
    .executeTakeFirstOrThrow();
  const most = limits.registriesPerGroup;
  if (count < most) return;
  const message = `a group would have more than ${most} registries: remove some, or raise WEIR_MAX_REGISTRIES_PER_GROUP`;
  const text = `${most} registries is the maximum allowed per top-level group.`;
  throw new MetadataError("refused", message, { invalid: { field: "base", text } });
}
