import type { Expression, Transaction } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { insertEvent, system } from "../audit/events.ts";
import type { Changes } from "../changes.ts";
import { factOf } from "../management/facts.ts";
import type { Db, Schema } from "../schema.ts";
import type { Prefetch, PrefetchImage, PrefetchRuns } from "./contract.ts";
import { progressColumns, readPrefetch, readPrefetches, untouched } from "./rows.ts";

type Tx = Transaction<Schema>;
type Run = Pick<Prefetch, "id" | "runStartedAt">;

const hourMs = 3_600_000;
/** What has run once is kept so long for whoever wants to see how it went. */
const keptMs = 30 * 24 * hourMs;
/** Looked at in one step. */
const maxRunning = 16;
/** Reasons in a record. */
const maxTold = 10;

/** `PrefetchRuns` on any engine. */
export class SqlPrefetchRuns implements PrefetchRuns {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
  ) {}

  async begin(): Promise<void> {
    const now = this.clock.now();
    const due = await this.db
      .selectFrom("prefetches")
      .select("id")
      .where("status", "!=", "running")
      .where((eb) =>
        eb.or([
          eb("next_run_at", "<=", now),
          eb.and([eb("next_run_at", "is", null), eb("last_run_at", "<", now - keptMs)]),
        ]),
      )
      .orderBy("next_run_at")
      .limit(maxRunning)
      .execute();
    for (const { id } of due) await this.changes.run((tx) => begin(tx, id, now));
  }

  async running(): Promise<Prefetch[]> {
    const now = this.clock.now();
    const rows = await this.db
      .selectFrom("prefetches")
      .select("id")
      .where("status", "=", "running")
      .where((eb) =>
        eb.or([
          eb.exists(pending(eb.ref("prefetches.id"), this.db).where("not_before", "<=", now)),
          // All have come to their end: the run is to be ended.
          eb.not(eb.exists(pending(eb.ref("prefetches.id"), this.db))),
        ]),
      )
      .orderBy("advanced_at")
      .orderBy("id")
      .limit(maxRunning)
      .execute();
    const ids = rows.map(({ id }) => id);
    const found = await readPrefetches(this.db, ids);
    return found.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }

  note(run: Run, image: PrefetchImage): Promise<boolean> {
    return this.db.transaction().execute(async (tx) => {
      // The write makes it ours, on every engine.
      const { numUpdatedRows } = await tx
        .updateTable("prefetches")
        .set({ advanced_at: this.clock.now() })
        .where("id", "=", run.id)
        .where("status", "=", "running")
        .where("run_started_at", "=", run.runStartedAt ?? null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await tx
        .updateTable("prefetch_images")
        .set(progressColumns(image))
        .where("prefetch_id", "=", run.id)
        .where("position", "=", image.position)
        .execute();
      return true;
    });
  }

  end(run: Run): Promise<Prefetch | undefined> {
    return this.changes.run(async (tx) => {
      const prefetch = await readPrefetch(tx, run.id);
      const isOurs = prefetch?.status === "running" && prefetch.runStartedAt === run.runStartedAt;
      if (!isOurs || prefetch.images.some(({ status }) => status === "pending")) return undefined;
      const now = this.clock.now();
      const failed = prefetch.images.filter(({ status }) => status === "failed");
      const status = failed.length > 0 ? "failed" : "finished";
      await tx
        .updateTable("prefetches")
        .set({
          status,
          last_run_at: now,
          next_run_at: nextRun(prefetch, now),
          run_started_at: null,
        })
        .where("id", "=", run.id)
        .execute();
      await record(tx, prefetch, failed, now);
      return readPrefetch(tx, run.id);
    });
  }
}

/** Images that have not come to their end. */
function pending(prefetchId: Expression<number>, db: Db) {
  return db
    .selectFrom("prefetch_images")
    .select("position")
    .where("prefetch_id", "=", prefetchId)
    .where("status", "=", "pending");
}

async function begin(tx: Tx, id: number, now: number): Promise<void> {
  const row = await tx
    .updateTable("prefetches")
    .set({ status: "running", run_started_at: now, next_run_at: null })
    .where("id", "=", id)
    .where("status", "!=", "running")
    .where("next_run_at", "<=", now)
    .returning("id")
    .executeTakeFirst();
  if (row) {
    await tx.updateTable("prefetch_images").set(untouched).where("prefetch_id", "=", id).execute();
    return;
  }
  await tx
    .deleteFrom("prefetches")
    .where("id", "=", id)
    .where("status", "!=", "running")
    .where("next_run_at", "is", null)
    .where("last_run_at", "<", now - keptMs)
    .execute();
}

/** From start to start, but never at once again. */
function nextRun({ everyHours, runStartedAt = 0 }: Prefetch, now: number): number | null {
  if (everyHours === undefined) return null;
  return Math.max(runStartedAt + everyHours * hourMs, now + hourMs / 2);
}

async function record(
  tx: Tx,
  prefetch: Prefetch,
  failed: readonly PrefetchImage[],
  now: number,
): Promise<void> {
  const { images, registryId } = prefetch;
  const sum = (of: (image: PrefetchImage) => number) => images.reduce((n, one) => n + of(one), 0);
  const fact = factOf("prefetch", "run", prefetch, {
    registry_id: registryId,
    images: images.length,
    images_failed: failed.length,
    objects: sum(({ done }) => done.objects),
    bytes: sum(({ done }) => done.bytes),
    ...(failed.length > 0 && {
      failures: failed.slice(0, maxTold).map(({ image, reason }) => ({ image, reason })),
    }),
  });
  const result = failed.length > 0 ? "failure" : "success";
  await insertEvent(tx, { ...fact, at: now, author: system, result });
}
