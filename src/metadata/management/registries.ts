import type { Transaction } from "kysely";
import { MetadataError } from "../contract.ts";
import { requireTopLevel } from "../groups.ts";
import { insertRegistry, registryColumns } from "../registries.ts";
import type { PurgePreview, PurgeSelection } from "../purges/contract.ts";
import type { SqlPurges } from "../purges/purges.ts";
import { everything, requestPurge } from "../purges/requests.ts";
import type { Db, Schema } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import { lockUpstreams } from "../turns.ts";
import type {
  Condition,
  ManagedRegistries,
  RegistryFields,
  RegistryRecord,
  Removal,
} from "./contract.ts";
import { changesOf, factOf, purgeDetails } from "./facts.ts";
import { registryRecords } from "./records.ts";
import { always, type Writer } from "./writer.ts";

type Tx = Transaction<Schema>;

export class SqlRegistries implements ManagedRegistries {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
    readonly purges: SqlPurges,
  ) {}

  list(groupId: number): Promise<RegistryRecord[]> {
    return registryRecords(this.db, { groupId });
  }

  get(id: number): Promise<RegistryRecord | undefined> {
    return registryRecord(this.db, id);
  }

  create(groupId: number, fields: RegistryFields, wanted?: number): Promise<RegistryRecord> {
    return this.writer.inGroup(groupId, async (saving) => {
      await requireTopLevel(saving.tx, groupId);
      await refuseTakenName(saving.tx, groupId, fields.name);
      if (wanted !== undefined) await refuseTakenId(saving.tx, wanted);
      const id = await insertRegistry(saving, groupId, { ...fields, id: wanted });
      const created = await registryRecord(saving.tx, id);
      if (!created) throw new Error("a registry is gone in the transaction that made it");
      await saving.note(factOf("registry", "create", created));
      return created;
    });
  }

  change(
    id: number,
    changes: Partial<RegistryFields>,
    condition = always,
  ): Promise<RegistryRecord | undefined> {
    return this.writer.withRow("registries", id, async ({ tx, now, changed, note }) => {
      const present = await registryRecord(tx, id);
      if (!present) return undefined;
      requireUnchanged(condition, present);
      const fields = { ...present, ...changes };
      if (fields.name !== present.name) await refuseTakenName(tx, present.groupId, fields.name);
      changed();
      const columns = { ...registryColumns(fields), updated_at: now };
      await tx.updateTable("registries").set(columns).where("id", "=", id).execute();
      const details = changesOf<RegistryFields>(present, fields, told, ["description"]);
      await note(
        factOf("registry", "update", { ...fields, id, groupId: present.groupId }, details),
      );
      return registryRecord(tx, id);
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.writer.remove("registries", id, condition, async ({ tx, note }) => {
      const registry = await registryRecord(tx, id);
      if (registry) requireUnchanged(condition, registry);
      if (registry) await note(factOf("registry", "delete", registry));
      const own = await upstreamsOfAlone(tx, id);
      await lockUpstreams(tx, own);
      await tx.deleteFrom("registries").where("id", "=", id).execute();
      if (own.length > 0) await tx.deleteFrom("upstreams").where("id", "in", own).execute();
    });
  }

  async purge(id: number, condition: Condition, selection = everything): Promise<Removal> {
    const begun: number[] = [];
    const checked = await this.writer.remove("registries", id, condition, async (saving) => {
      const { tx, note, now } = saving;
      const registry = await registryRecord(tx, id);
      if (registry) requireUnchanged(condition, registry);
      // Of what is given up in steps the first one has the record: it says what was begun.
      if (registry) await note(factOf("registry", "purge", registry, purgeDetails(selection)));
      for (const upstreamId of await upstreamsOfAlone(tx, id)) {
        begun.push(...(await requestPurge(tx, upstreamId, selection, now)));
      }
    });
    await this.purges.begin(begun);
    return checked;
  }

  async preview(id: number, selection: PurgeSelection): Promise<PurgePreview | undefined> {
    if (!(await registryRecord(this.db, id))) return undefined;
    return this.purges.preview(await upstreamsOfAlone(this.db, id), selection);
  }
}

const told = ["name", "onUnsure", "ask"] as const;

export async function registryRecord(db: Db, id: number): Promise<RegistryRecord | undefined> {
  const [record] = await registryRecords(db, { id });
  return record;
}

/** Ids of the upstreams that this registry has and no other. */
async function upstreamsOfAlone(tx: Db, id: number): Promise<number[]> {
  const rows = await tx
    .selectFrom("registry_upstreams")
    .select("upstream_id")
    .groupBy("upstream_id")
    .having((eb) => eb(eb.fn.min("registry_id"), "=", id))
    .having((eb) => eb(eb.fn.max("registry_id"), "=", id))
    .execute();
  return rows.map((row) => row.upstream_id);
}

async function refuseTakenId(tx: Tx, id: number): Promise<void> {
  const taken = await tx
    .selectFrom("registries")
    .select("id")
    .where("id", "=", id)
    .executeTakeFirst();
  if (!taken) return;
  throw new MetadataError("refused", `there is a registry ${id} already`, {
    invalid: { field: "id", text: "has already been taken" },
  });
}

async function refuseTakenName(tx: Tx, groupId: number, name: string): Promise<void> {
  const taken = await tx
    .selectFrom("registries")
    .select("id")
    .where("group_id", "=", groupId)
    .where("name", "=", name)
    .executeTakeFirst();
  if (!taken) return;
  throw new MetadataError("refused", `registry ${taken.id} of this group has the name "${name}"`, {
    invalid: { field: "name", text: "has already been taken" },
  });
}
