import { MetadataError } from "../contract.ts";
import { savePositions, upstreamsInOrder } from "../positions.ts";
import type { Db } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import type { Saving } from "../upstreams.ts";
import type { Condition, ManagedAssociations, PlacedAssociation, Removal } from "./contract.ts";
import { factOf } from "./facts.ts";
import { associationOf } from "./records.ts";
import { registryRecord } from "./registries.ts";
import { always, type Recorded, type Writer } from "./writer.ts";

export class SqlAssociations implements ManagedAssociations {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  get(id: number): Promise<PlacedAssociation | undefined> {
    return associationRecord(this.db, id);
  }

  create(registryId: number, upstreamId: number): Promise<PlacedAssociation | undefined> {
    return this.writer.withRow("registries", registryId, async (saving) => {
      const { tx } = saving;
      const registry = await registryRecord(tx, registryId);
      const upstream = await tx
        .selectFrom("upstreams")
        .select("group_id")
        .where("id", "=", upstreamId)
        .where("kind", "=", "registry")
        .executeTakeFirst();
      if (!registry || registry.groupId !== upstream?.group_id) return undefined;
      const order = await upstreamsInOrder(tx, registryId);
      if (order.includes(upstreamId)) throw alreadyThere(registryId, upstreamId);
      await savePositions(saving, registry, [...order, upstreamId]);
      const row = tx.selectFrom("registry_upstreams").select("id");
      const created = row
        .where("registry_id", "=", registryId)
        .where("upstream_id", "=", upstreamId);
      const { id } = await created.executeTakeFirstOrThrow();
      const association = await associationRecord(tx, id);
      if (association) await note(saving, "create", association);
      return association;
    });
  }

  move(id: number, position: number, condition = always): Promise<PlacedAssociation | undefined> {
    return this.writer.withRow("registry_upstreams", id, async (saving) => {
      const present = await associationRecord(saving.tx, id);
      if (present) requireSameOrder(condition, present);
      await reorder(saving, id, (others, own) => others.toSpliced(position - 1, 0, own));
      const moved = await associationRecord(saving.tx, id);
      if (moved) await note(saving, "move", moved);
      return moved;
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.writer.remove("registry_upstreams", id, condition, async (saving) => {
      const found = await associationRecord(saving.tx, id);
      if (found) requireSameOrder(condition, found);
      if (found) await note(saving, "delete", found);
      await reorder(saving, id, (others) => others);
    });
  }
}

/** A move of one place is one of its list: what somebody has seen is the whole order. */
function requireSameOrder(
  { tags, unmodifiedSince }: Condition,
  { order, updatedAt }: PlacedAssociation,
): void {
  requireUnchanged({ tags, unmodifiedSince: undefined }, { order });
  requireUnchanged({ unmodifiedSince }, { updatedAt });
}

function note(saving: Recorded, verb: string, association: PlacedAssociation): Promise<void> {
  const { registryId, upstreamId, position } = association;
  const details = { registry_id: registryId, upstream_id: upstreamId, position };
  return saving.note(factOf("registry_upstream", verb, association, details));
}

async function associationRecord(db: Db, id: number): Promise<PlacedAssociation | undefined> {
  const all = db.selectFrom("registry_upstreams");
  const row = await all.selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) return undefined;
  const ofList = all.select("id").where("registry_id", "=", row.registry_id).orderBy("position");
  const order = (await ofList.execute()).map((one) => one.id);
  return { ...associationOf(row), order };
}

/** Gives the registry of an association the list that `order` makes of the other upstreams and its own. */
async function reorder(
  saving: Saving,
  id: number,
  order: (others: number[], own: number) => number[],
): Promise<void> {
  const found = await associationRecord(saving.tx, id);
  if (!found) return;
  const { registryId, upstreamId, groupId } = found;
  const all = await upstreamsInOrder(saving.tx, registryId);
  const others = all.filter((other) => other !== upstreamId);
  await savePositions(saving, { id: registryId, groupId }, order(others, upstreamId));
}

function alreadyThere(registryId: number, upstreamId: number): MetadataError {
  const message = `registry ${registryId} has upstream ${upstreamId} already`;
  const text = "has already been taken";
  return new MetadataError("refused", message, { invalid: { field: "upstream_id", text } });
}
