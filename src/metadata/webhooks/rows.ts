import type { Selectable } from "kysely";
import type { WebhookDeliveriesTable, WebhooksTable } from "./tables.ts";
import type { Delivery, Webhook, WebhookSettings } from "./contract.ts";

export function webhookOf(row: Selectable<WebhooksTable>): Webhook {
  return {
    id: row.id,
    groupId: row.group_id,
    name: row.name ?? undefined,
    url: row.url,
    description: row.description ?? undefined,
    ca: row.ca ?? undefined,
    events: JSON.parse(row.events) as WebhookSettings["events"],
    enabled: row.enabled === 1,
    disabledReason: row.disabled_reason ?? undefined,
    failingSince: row.failing_since ?? undefined,
    lastDeliveredAt: row.last_delivered_at ?? undefined,
    dropped: row.dropped,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function columnsOf(settings: Omit<WebhookSettings, "secret">) {
  return {
    name: settings.name ?? null,
    url: settings.url,
    description: settings.description ?? null,
    ca: settings.ca ?? null,
    events: JSON.stringify(settings.events),
    enabled: settings.enabled ? 1 : 0,
  };
}

export function deliveryOf(row: Selectable<WebhookDeliveriesTable>): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    messageId: row.message_id,
    event: row.event,
    body: row.body,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: row.status === "pending" ? row.next_attempt_at : undefined,
    lastAttemptAt: row.last_attempt_at ?? undefined,
    responseStatus: row.response_status ?? undefined,
    reason: row.reason ?? undefined,
    createdAt: row.created_at,
  };
}

/** A secret is bound to its webhook. */
export const secretContext = (id: number) => `webhook:${id}`;
