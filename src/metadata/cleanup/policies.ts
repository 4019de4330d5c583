import { MetadataError } from "../contract.ts";
import { requireTopLevel } from "../groups.ts";
import type { Condition, Removal } from "../management/contract.ts";
import { changesOf, factOf } from "../management/facts.ts";
import { always, type Writer } from "../management/writer.ts";
import { requireUnchanged } from "../tags.ts";
import type { PurgePreview } from "../purges/contract.ts";
import { previewOf } from "../purges/preview.ts";
import type { Db } from "../schema.ts";
import { wasPulledBefore } from "./age.ts";
import type { CleanupPolicy, CleanupSettings, ManagedCleanupPolicies } from "./contract.ts";
import { columnsOf, dayMs, noRun, policyOf } from "./rows.ts";

export class SqlCleanupPolicies implements ManagedCleanupPolicies {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  get(groupId: number): Promise<CleanupPolicy | undefined> {
    return read(this.db, groupId);
  }

  create(groupId: number, settings: CleanupSettings): Promise<CleanupPolicy> {
    return this.writer.inGroup(groupId, async ({ tx, now, note }) => {
      await requireTopLevel(tx, groupId);
      if (await read(tx, groupId)) throw taken(groupId);
      const row = await tx
        .insertInto("cleanup_policies")
        .values({
          group_id: groupId,
          ...columnsOf(settings),
          next_run_at: now + settings.cadence * dayMs,
          created_at: now,
          updated_at: now,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await note(fact("create", groupId, { ...columnsOf(settings) }));
      return policyOf(row);
    });
  }

  change(
    groupId: number,
    changes: Partial<CleanupSettings>,
    condition = always,
  ): Promise<CleanupPolicy | undefined> {
    return this.writer.inGroup(groupId, async ({ tx, now, note }) => {
      const before = await read(tx, groupId);
      if (!before) return undefined;
      requireUnchanged(condition, before);
      const settings = { ...before, ...changes };
      // Switched off it does not go on with a run.
      const stopped = settings.enabled ? {} : ({ ...noRun, status: "scheduled" } as const);
      const row = await tx
        .updateTable("cleanup_policies")
        .set({
          ...columnsOf(settings),
          ...stopped,
          next_run_at: now + settings.cadence * dayMs,
          updated_at: now,
        })
        .where("group_id", "=", groupId)
        .returningAll()
        .executeTakeFirstOrThrow();
      const after = policyOf(row);
      await note(fact("update", groupId, changesOf<CleanupSettings>(before, after, told)));
      return after;
    });
  }

  remove(groupId: number, condition: Condition): Promise<Removal> {
    return this.writer.inGroup(groupId, async ({ tx, note }) => {
      const policy = await read(tx, groupId);
      if (!policy) return "absent";
      // As in `Writer.remove`.
      const updatedAt = Math.floor(policy.updatedAt / 1000) * 1000;
      const { unmodifiedSince } = condition;
      if (unmodifiedSince !== undefined && updatedAt > unmodifiedSince) return "changed";
      requireUnchanged(condition, policy);
      await note(fact("delete", groupId));
      await tx.deleteFrom("cleanup_policies").where("group_id", "=", groupId).execute();
      return "removed";
    });
  }

  async preview(groupId: number, keepDays: number): Promise<PurgePreview> {
    const upstreams = await this.db
      .selectFrom("upstreams")
      .select("id")
      .where("group_id", "=", groupId)
      .where("kind", "=", "registry")
      .orderBy("id")
      .execute();
    return previewOf(
      this.db,
      upstreams.map(({ id }) => id),
      {
        prefix: "",
        matches: wasPulledBefore(this.writer.clock.now() - keepDays * dayMs),
        keepPinned: true,
        maxSeen,
      },
    );
  }
}

/** Entries of one step of a preview. */
const maxSeen = 500;

const told = ["enabled", "keepDays", "cadence", "notifyOnSuccess", "notifyOnFailure"] as const;

const fact = (verb: string, groupId: number, details?: Record<string, unknown>) =>
  factOf("cleanup_policy", verb, { id: groupId, groupId }, details);

async function read(db: Db, groupId: number): Promise<CleanupPolicy | undefined> {
  const row = await db
    .selectFrom("cleanup_policies")
    .selectAll()
    .where("group_id", "=", groupId)
    .executeTakeFirst();
  return row && policyOf(row);
}

function taken(groupId: number): MetadataError {
  return new MetadataError(
    "refused",
    `group ${groupId} has a cleanup policy already; change that`,
    {
      invalid: { field: "group", text: "has already been taken" },
    },
  );
}
