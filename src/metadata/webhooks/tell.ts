import type { NewAuditEvent } from "../audit/contract.ts";
import type { Db } from "../schema.ts";
import { allEvents, type Delivery, type WebhookEvent } from "./contract.ts";
import { deliveryOf } from "./rows.ts";

/** Of one webhook; what comes on top is counted. */
const maxPending = 1000;

/** What is on record and what webhooks are told of it. */
const events: Readonly<Record<string, WebhookEvent>> = {
  "registry.create": "registry.created",
  "registry.declare": "registry.changed",
  "registry.update": "registry.changed",
  "registry.purge": "registry.purged",
  "registry.delete": "registry.deleted",
  "registry_upstream.create": "registry.changed",
  "registry_upstream.move": "registry.changed",
  "registry_upstream.delete": "registry.changed",
  "upstream.create": "upstream.created",
  "upstream.declare": "upstream.changed",
  "upstream.update": "upstream.changed",
  "rule.create": "upstream.changed",
  "rule.update": "upstream.changed",
  "rule.delete": "upstream.changed",
  "upstream.purge": "upstream.purged",
  "upstream.delete": "upstream.deleted",
  "cache_entry.delete": "cache.deleted",
  "prefetch.run": "prefetch.finished",
};

export interface Told {
  groupId: number;
  event: string;
  at: number;
  data: Readonly<Record<string, unknown>>;
}

/** Tells the webhooks of the group what is put on record, in the transaction of the change. */
export async function tellRecorded(tx: Db, recorded: NewAuditEvent): Promise<void> {
  const { action, groupId, result, at, author, subject, details = {} } = recorded;
  const event = events[action];
  if (!event || groupId === undefined || result === "refused") return;
  // Policies tell of all that they give up at once, when they have run.
  if (details["by"] === "cleanup_policy") return;
  const isHidden = event === "cache.deleted" && (await isVerified(tx, details["upstream_id"]));
  if (isHidden) return;
  const { kind, id, name } = author.actor;
  const data = {
    subject: { kind: subject.kind, id: subject.id ?? null, name: subject.name ?? null },
    actor: { kind, id: id ?? null, name },
    ...(Object.keys(details).length > 0 && { details }),
  };
  const isFailure = event === "prefetch.finished" && result === "failure";
  await tell(tx, { groupId, event: isFailure ? "prefetch.failed" : event, at, data });
}

/** What is cached of an upstream that is for a group's members is nothing for the owners of another. */
async function isVerified(tx: Db, upstreamId: unknown): Promise<boolean> {
  const found = await tx
    .selectFrom("upstreams")
    .select("verified_group_id")
    .where("id", "=", Number(upstreamId))
    .executeTakeFirst();
  return found?.verified_group_id !== null;
}

/** Notes a message for each webhook of the group that wants to be told of it. */
export async function tell(tx: Db, told: Told): Promise<void> {
  const hooks = await tx
    .selectFrom("webhooks")
    .select(["id", "events"])
    .where("group_id", "=", told.groupId)
    .where("enabled", "=", 1)
    .execute();
  for (const { id, events: wanted } of hooks) {
    const list = JSON.parse(wanted) as string[];
    if (list.includes(told.event) || list.includes(allEvents)) await send(tx, id, told);
  }
}

/** Undefined where too many are waiting already. */
export async function send(
  tx: Db,
  webhookId: number,
  { groupId, event, at, data }: Told,
): Promise<Delivery | undefined> {
  if (await isFull(tx, webhookId)) {
    await tx
      .updateTable("webhooks")
      .set((eb) => ({ dropped: eb("dropped", "+", 1) }))
      .where("id", "=", webhookId)
      .execute();
    return undefined;
  }
  const timestamp = new Date(at).toISOString();
  const row = await tx
    .insertInto("webhook_deliveries")
    .values({
      webhook_id: webhookId,
      message_id: `msg_${crypto.randomUUID()}`,
      event,
      body: JSON.stringify({ type: event, timestamp, group_id: groupId, data }),
      next_attempt_at: at,
      created_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return deliveryOf(row);
}

async function isFull(tx: Db, webhookId: number): Promise<boolean> {
  const row = await tx
    .selectFrom("webhook_deliveries")
    .select("id")
    .where("webhook_id", "=", webhookId)
    .where("status", "=", "pending")
    .orderBy("next_attempt_at")
    .limit(1)
    .offset(maxPending - 1)
    .executeTakeFirst();
  return row !== undefined;
}
