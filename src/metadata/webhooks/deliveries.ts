import { type Clock, yieldTurn } from "../../lib/clock.ts";
import { insertEvent, system } from "../audit/events.ts";
import type { Changes } from "../changes.ts";
import { factOf } from "../management/facts.ts";
import type { Passwords } from "../passwords.ts";
import type { Db } from "../schema.ts";
import type { Attempt, Deliveries, Delivery, DueDelivery, Happening } from "./contract.ts";
import { giveUp } from "./managed.ts";
import { deliveryOf, secretContext } from "./rows.ts";
import { tell } from "./tell.ts";

/** Webhooks looked at in one step. */
const maxDue = 50;
/** Deliveries of one webhook that are over and kept for whoever wants to see them. */
const maxKept = 1000;
/** So many take some milliseconds. */
const perStep = 500;
/** Each of them makes a message for each webhook of its group. */
const happeningsPerStep = 10;
/** What the table takes. */
const maxReason = 255;

/** `Deliveries` on any engine. */
export class SqlDeliveries implements Deliveries {
  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly passwords: Passwords,
    readonly clock: Clock,
  ) {}

  async tell(happenings: readonly Happening[]): Promise<void> {
    const anybody = await this.db
      .selectFrom("webhooks")
      .select("id")
      .where("enabled", "=", 1)
      .limit(1)
      .executeTakeFirst();
    if (!anybody) return;
    for (let at = 0; at < happenings.length; at += happeningsPerStep) {
      if (at > 0) await yieldTurn();
      const some = happenings.slice(at, at + happeningsPerStep);
      await this.db.transaction().execute(async (tx) => {
        for (const happening of some) await tellOf(tx, happening);
      });
    }
  }

  async isDue(): Promise<boolean> {
    const row = await this.#pending().select("webhook_id").limit(1).executeTakeFirst();
    return row !== undefined;
  }

  async due(except: readonly number[]): Promise<DueDelivery[]> {
    let query = this.#pending();
    if (except.length > 0) query = query.where("webhook_id", "not in", except);
    const hooks = await query
      .select(["webhook_id as id"])
      .select((eb) => eb.fn.min("next_attempt_at").as("at"))
      .groupBy("webhook_id")
      .orderBy("at")
      .limit(maxDue)
      .execute();
    const found = await Promise.all(hooks.map(({ id }) => this.#first(id)));
    return found.filter((one) => one !== undefined);
  }

  async note({ id, webhookId }: Pick<Delivery, "id" | "webhookId">, attempt: Attempt) {
    await this.changes.run(async (tx) => {
      const now = this.clock.now();
      const isDelivered = attempt.status === "delivered";
      const next = isDelivered ? undefined : attempt.nextAttemptAt;
      await tx
        .updateTable("webhook_deliveries")
        .set((eb) => ({
          status: next === undefined ? attempt.status : "pending",
          attempts: eb("attempts", "+", 1),
          last_attempt_at: now,
          ...(next !== undefined && { next_attempt_at: next }),
          response_status: attempt.responseStatus ?? null,
          reason: isDelivered ? null : attempt.reason.slice(0, maxReason),
        }))
        .where("id", "=", id)
        // It may have been given up meanwhile.
        .where("status", "=", "pending")
        .execute();
      if (isDelivered) {
        await tx
          .updateTable("webhooks")
          .set({ failing_since: null, last_delivered_at: now })
          .where("id", "=", webhookId)
          .execute();
      } else await this.#failed(tx, webhookId, attempt.disable, now);
      await trim(tx, webhookId);
    });
  }

  async expire(before: number): Promise<number> {
    const { numDeletedRows } = await this.db
      .deleteFrom("webhook_deliveries")
      .where("id", "in", (eb) =>
        eb
          .selectFrom("webhook_deliveries")
          .select("id")
          .where("created_at", "<", before)
          .where("status", "!=", "pending")
          .limit(perStep),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  #pending() {
    return this.db
      .selectFrom("webhook_deliveries")
      .where("status", "=", "pending")
      .where("next_attempt_at", "<=", this.clock.now());
  }

  async #first(webhookId: number): Promise<DueDelivery | undefined> {
    const row = await this.#pending()
      .selectAll()
      .where("webhook_id", "=", webhookId)
      .orderBy("next_attempt_at")
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    const hook = await this.db
      .selectFrom("webhooks")
      .selectAll()
      .where("id", "=", webhookId)
      .executeTakeFirst();
    if (!row || !hook) return undefined;
    const secret = await this.passwords.sealer.open(hook.sealed_secret, secretContext(hook.id));
    const failingSince = hook.failing_since ?? undefined;
    const { group_id: groupId, url } = hook;
    return { ...deliveryOf(row), groupId, url, ca: hook.ca ?? undefined, secret, failingSince };
  }

  async #failed(tx: Db, webhookId: number, disable: string | undefined, now: number) {
    await tx
      .updateTable("webhooks")
      .set({ failing_since: now })
      .where("id", "=", webhookId)
      .where("failing_since", "is", null)
      .execute();
    if (disable === undefined) return;
    const reason = disable.slice(0, maxReason);
    const row = await tx
      .updateTable("webhooks")
      .set({ enabled: 0, disabled_reason: reason })
      .where("id", "=", webhookId)
      .where("enabled", "=", 1)
      .returning(["group_id as groupId", "url"])
      .executeTakeFirst();
    if (!row) return;
    await giveUp(tx, webhookId, "the webhook was switched off");
    const subject = { id: webhookId, groupId: row.groupId, name: new URL(row.url).host };
    const fact = factOf("webhook", "disable", subject, { reason });
    await insertEvent(tx, { ...fact, at: now, author: system, result: "success" });
  }
}

/** Of the upstreams of Dependency Proxies nobody is told, nor of names at one that is for a group's members. */
async function tellOf(tx: Db, { event, upstreamId, at, data }: Happening): Promise<void> {
  const upstream = await tx
    .selectFrom("upstreams")
    .select(["id", "name", "group_id", "verified_group_id"])
    .where("id", "=", upstreamId)
    .where("kind", "=", "registry")
    .executeTakeFirst();
  if (!upstream) return;
  const { id, name, group_id: groupId } = upstream;
  if (event.startsWith("cache.") && upstream.verified_group_id !== null) return;
  await tell(tx, { groupId, event, at, data: { upstream: { id, name }, ...data } });
}

/** Keeps the newest. */
async function trim(tx: Db, webhookId: number): Promise<void> {
  const over = tx
    .selectFrom("webhook_deliveries")
    .select("id")
    .where("webhook_id", "=", webhookId)
    .where("status", "!=", "pending");
  const oldest = await over.orderBy("id", "desc").limit(1).offset(maxKept).executeTakeFirst();
  if (!oldest) return;
  await tx
    .deleteFrom("webhook_deliveries")
    .where("id", "in", over.where("id", "<=", oldest.id).limit(perStep))
    .execute();
}
