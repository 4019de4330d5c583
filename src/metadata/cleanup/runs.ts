import type { Transaction } from "kysely";
import { failureCode } from "../../lib/log.ts";
import type { Clock } from "../../lib/clock.ts";
import { insertEvent, system } from "../audit/events.ts";
import { cacheIdFor } from "../caches.ts";
import type { Changes } from "../changes.ts";
import { factOf } from "../management/facts.ts";
import { removeFound } from "../purges/purges.ts";
import { type Position, type WalkedEntry, walkToRemove } from "../purges/walk.ts";
import type { Db, Schema } from "../schema.ts";
import { wasPulledBefore } from "./age.ts";
import type { CleanupRuns, CleanupStep } from "./contract.ts";
import { tell } from "../webhooks/tell.ts";
import { dayMs, noRun, type PolicyRow } from "./rows.ts";

type Tx = Transaction<Schema>;

const maxSeen = 500;
/** Each with a record: so many take some milliseconds. */
const maxFound = 50;
const longestMs = dayMs;
/** What the table takes. */
const maxMessage = 255;

/** Where a run has come to. */
interface CleanupPosition {
  upstreamId: number;
  after: Position;
}

/** `CleanupRuns` on any engine. */
export class SqlCleanupRuns implements CleanupRuns {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
  ) {}

  async step(): Promise<CleanupStep | undefined> {
    const row = (await this.#running()) ?? (await this.#begun());
    if (!row) return undefined;
    const groupId = row.group_id;
    if (this.clock.now() - (row.run_started_at ?? 0) > longestMs) {
      return this.#fail(groupId, "the run took more than 24 hours");
    }
    try {
      return await this.changes.run((tx, changed) => this.#advance(tx, groupId, changed));
    } catch (error) {
      return this.#fail(groupId, failureCode(error));
    }
  }

  #running(): Promise<PolicyRow | undefined> {
    return this.db
      .selectFrom("cleanup_policies")
      .selectAll()
      .where("status", "=", "running")
      .orderBy("run_started_at")
      .limit(1)
      .executeTakeFirst();
  }

  /** The one that is due for the longest time, now running. */
  #begun(): Promise<PolicyRow | undefined> {
    const now = this.clock.now();
    return (
      this.db
        .updateTable("cleanup_policies")
        .set({ ...noRun, status: "running", run_started_at: now })
        .where("group_id", "=", (eb) =>
          eb
            .selectFrom("cleanup_policies")
            .select("group_id")
            .where("enabled", "=", 1)
            .where("status", "in", ["scheduled", "failed"])
            .where("next_run_at", "<=", now)
            .orderBy("next_run_at")
            .limit(1),
        )
        // Of two servers one begins it.
        .where("status", "in", ["scheduled", "failed"])
        .returningAll()
        .executeTakeFirst()
    );
  }

  async #advance(tx: Tx, groupId: number, changed: () => void): Promise<CleanupStep | undefined> {
    // The write makes it ours, on every engine.
    const row = await tx
      .updateTable("cleanup_policies")
      .set((eb) => ({ status: eb.ref("status") }))
      .where("group_id", "=", groupId)
      .where("status", "=", "running")
      .returningAll()
      .executeTakeFirst();
    if (!row) return undefined;
    const at = await place(tx, row);
    if (!at) {
      changed();
      return this.#succeed(tx, row);
    }
    const { counts, position } = await this.#removeSome(tx, row, at);
    const next = position ? { upstreamId: at.upstreamId, after: position } : after(at);
    await tx
      .updateTable("cleanup_policies")
      .set((eb) => ({
        run_position: JSON.stringify(next),
        run_deleted_count: eb("run_deleted_count", "+", counts.entries),
        run_deleted_size: eb("run_deleted_size", "+", counts.size),
      }))
      .where("group_id", "=", groupId)
      .execute();
    return { groupId, ...counts, ended: undefined, message: undefined };
  }

  async #removeSome(tx: Tx, row: PolicyRow, { upstreamId, after }: CleanupPosition) {
    const before = (row.run_started_at ?? 0) - row.keep_n_days_after_download * dayMs;
    const bounds = { prefix: "", maxSeen, maxFound };
    const cacheId = await cacheIdFor(tx, upstreamId);
    const matches = wasPulledBefore(before);
    const looked = { cacheId, after, matches, keepPinned: true, ...bounds };
    const { found, position } = await walkToRemove(tx, looked);
    const ids = found.map(({ id }) => id);
    await removeFound(tx, ids, true);
    // What is only named was never there for anybody to see.
    const seen = found.filter(({ proof }) => proof === "shown");
    for (const entry of seen) await this.#record(tx, row.group_id, upstreamId, entry);
    const size = seen.reduce((sum, entry) => sum + entry.size, 0);
    return { counts: { entries: seen.length, size }, position };
  }

  async #record(tx: Tx, groupId: number, upstreamId: number, entry: WalkedEntry): Promise<void> {
    const { id, relative_path: name, digest } = entry;
    const details = { upstream_id: upstreamId, digest, by: "cleanup_policy" };
    const fact = factOf("cache_entry", "delete", { id, groupId, name }, details);
    await insertEvent(tx, { ...fact, at: this.clock.now(), author: system, result: "success" });
  }

  async #succeed(tx: Tx, row: PolicyRow): Promise<CleanupStep> {
    const { group_id: groupId, run_deleted_count: entries, run_deleted_size: size } = row;
    const metrics = { container: { deleted_entries_count: entries, deleted_size: size } };
    await this.#end(tx, row, {
      status: "scheduled",
      failure_message: null,
      last_run_deleted_entries_count: entries,
      last_run_deleted_size: size,
      last_run_detailed_metrics: JSON.stringify(metrics),
    });
    const told = { groupId, at: this.clock.now(), data: metrics.container };
    await tell(tx, { ...told, event: "cleanup_policy.finished" });
    if (row.notify_on_success === 1) {
      await this.#notify(tx, groupId, "success", metrics.container);
    }
    return { groupId, entries, size, ended: "success", message: undefined };
  }

  /** Whatever it has given up is told, and stays given up. */
  #fail(groupId: number, message: string): Promise<CleanupStep | undefined> {
    return this.changes.run(async (tx, changed) => {
      const row = await tx
        .selectFrom("cleanup_policies")
        .selectAll()
        .where("group_id", "=", groupId)
        .where("status", "=", "running")
        .executeTakeFirst();
      if (!row) return undefined;
      changed();
      const { run_deleted_count: entries, run_deleted_size: size } = row;
      await this.#end(tx, row, {
        status: "failed",
        failure_message: message.slice(0, maxMessage),
        last_run_deleted_entries_count: entries,
        last_run_deleted_size: size,
      });
      const data = { message, deleted_entries_count: entries, deleted_size: size };
      await tell(tx, { groupId, event: "cleanup_policy.failed", at: this.clock.now(), data });
      if (row.notify_on_failure === 1) await this.#notify(tx, groupId, "failure", { message });
      return { groupId, entries, size, ended: "failure", message };
    });
  }

  async #end(
    tx: Tx,
    { group_id: groupId, cadence }: PolicyRow,
    columns: Partial<PolicyRow>,
  ): Promise<void> {
    const now = this.clock.now();
    const times = { last_run_at: now, next_run_at: now + cadence * dayMs };
    await tx
      .updateTable("cleanup_policies")
      .set({ ...columns, ...times, ...noRun })
      .where("group_id", "=", groupId)
      .execute();
  }

  /** To the group's owners, who read its record. */
  async #notify(
    tx: Tx,
    groupId: number,
    result: "success" | "failure",
    details: Record<string, unknown>,
  ): Promise<void> {
    const fact = factOf("cleanup_policy", "run", { id: groupId, groupId }, details);
    await insertEvent(tx, { ...fact, at: this.clock.now(), author: system, result });
  }
}

/** The next upstream from here. */
const after = ({ upstreamId }: CleanupPosition): CleanupPosition => ({
  upstreamId: upstreamId + 1,
  after: undefined,
});

/** Where to go on; undefined where all upstreams of the group have been looked through. */
async function place(tx: Tx, row: PolicyRow): Promise<CleanupPosition | undefined> {
  const at = row.run_position === null ? first : (JSON.parse(row.run_position) as CleanupPosition);
  const found = await tx
    .selectFrom("upstreams")
    .select("id")
    .where("group_id", "=", row.group_id)
    .where("kind", "=", "registry")
    .where("id", ">=", at.upstreamId)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (!found) return undefined;
  return found.id === at.upstreamId ? at : { upstreamId: found.id, after: undefined };
}

const first: CleanupPosition = { upstreamId: 0, after: undefined };
