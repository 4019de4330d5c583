import { maybeTime } from "../../lib/time-text.ts";
import type { Delivery, Webhook } from "../../metadata/contract.ts";

/** Without the secret, and written out by name so that nothing can slip in. */
export function webhookJson(webhook: Webhook) {
  return {
    id: webhook.id,
    group_id: webhook.groupId,
    name: webhook.name ?? null,
    url: webhook.url,
    description: webhook.description ?? null,
    ca: webhook.ca ?? null,
    events: webhook.events,
    enabled: webhook.enabled,
    disabled_reason: webhook.disabledReason ?? null,
    failing_since: maybeTime(webhook.failingSince),
    last_delivered_at: maybeTime(webhook.lastDeliveredAt),
    dropped_count: webhook.dropped,
    created_at: maybeTime(webhook.createdAt),
    updated_at: maybeTime(webhook.updatedAt),
  };
}

/** A message to a webhook, and what became of it. */
export function deliveryJson(delivery: Delivery) {
  return {
    id: delivery.id,
    message_id: delivery.messageId,
    event: delivery.event,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: maybeTime(delivery.nextAttemptAt),
    last_attempt_at: maybeTime(delivery.lastAttemptAt),
    response_status: delivery.responseStatus ?? null,
    reason: delivery.reason ?? null,
    body: JSON.parse(delivery.body) as Record<string, unknown>,
    created_at: maybeTime(delivery.createdAt),
  };
}
