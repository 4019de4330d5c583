import type { Generated } from "kysely";

export interface WebhooksTable {
  id: Generated<number>;
  group_id: number;
  /** Of those of its group; null: it has none. */
  name: Generated<string | null>;
  url: string;
  description: string | null;
  sealed_secret: string;
  ca: string | null;
  /** A JSON array of texts. */
  events: string;
  enabled: number;
  disabled_reason: string | null;
  failing_since: number | null;
  last_delivered_at: number | null;
  dropped: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface WebhookDeliveriesTable {
  id: Generated<number>;
  webhook_id: number;
  message_id: string;
  event: string;
  /** What is sent, byte for byte: it is signed. */
  body: string;
  status: Generated<"pending" | "delivered" | "failed">;
  attempts: Generated<number>;
  next_attempt_at: number;
  last_attempt_at: number | null;
  response_status: number | null;
  reason: string | null;
  created_at: number;
}
