import { yieldTurn } from "../../lib/clock.ts";
import type { Changes } from "../changes.ts";
import type { Db } from "../schema.ts";
import type { AuditFilter, AuditLog, AuditPage, NewAuditEvent } from "./contract.ts";
import { eventOf, insertEvent } from "./events.ts";

/** Counting more would keep everybody waiting. */
const maxCounted = 10_000;
/** So many take some milliseconds. */
const perStep = 2000;

/** `AuditLog` on any engine. */
export class SqlAuditLog implements AuditLog {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
  ) {}

  append(events: readonly NewAuditEvent[]): Promise<void> {
    return this.changes.run(async (tx) => {
      for (const event of events) await insertEvent(tx, event);
    });
  }

  async list(
    filter: AuditFilter,
    { page, perPage }: { page: number; perPage: number },
  ): Promise<AuditPage> {
    const found = this.#matching(filter);
    const counted = await this.db
      .selectFrom(
        found
          .select("id")
          .limit(maxCounted + 1)
          .as("found"),
      )
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    const rows = await found
      .selectAll()
      .orderBy("at", "desc")
      .orderBy("id", "desc")
      .limit(perPage)
      .offset((page - 1) * perPage)
      .execute();
    const total = counted.total > maxCounted ? undefined : counted.total;
    return { items: rows.map(eventOf), total };
  }

  #matching({ groupId, after, before, actor, action, subject }: AuditFilter) {
    let query = this.db.selectFrom("audit_events");
    if (groupId !== undefined) query = query.where("group_id", "=", groupId);
    if (after !== undefined) query = query.where("at", ">=", after);
    if (before !== undefined) query = query.where("at", "<", before);
    if (actor !== undefined) query = query.where("actor_name", "=", actor);
    if (action !== undefined) query = query.where("action", "=", action);
    if (subject === undefined) return query;
    return query.where("subject_kind", "=", subject.kind).where("subject_id", "=", subject.id);
  }

  async expire(before: number): Promise<number> {
    let deleted: number;
    let count = 0;
    do {
      deleted = await this.#expireSome(before);
      count += deleted;
      await yieldTurn();
    } while (deleted === perStep);
    return count;
  }

  /** Events are kept by the database itself, but for what is older than a time that stands only while this runs. */
  #expireSome(before: number): Promise<number> {
    return this.changes.run(async (tx) => {
      await tx.updateTable("audit_retention").set({ before_at: before }).execute();
      const { numDeletedRows } = await tx
        .deleteFrom("audit_events")
        .where("id", "in", (eb) =>
          eb.selectFrom("audit_events").select("id").where("at", "<", before).limit(perStep),
        )
        .executeTakeFirst();
      await tx.updateTable("audit_retention").set({ before_at: 0 }).execute();
      return Number(numDeletedRows);
    });
  }
}
