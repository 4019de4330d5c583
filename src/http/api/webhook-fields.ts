import { z } from "@hono/zod-openapi";
import { allEvents, webhookEvents } from "../../metadata/contract.ts";
import * as work from "../../work/contract.ts";
import { id, name, pathId, time, written } from "./fields.ts";
import { groupParams } from "./groups.ts";

/** In a path: a group, and a webhook of it. */
export const webhookParams = z.strictObject({ ...groupParams.shape, webhook_id: pathId });

const event = z.enum([allEvents, ...webhookEvents]);
const events = z
  .array(event)
  .min(1)
  .refine((list) => new Set(list).size === list.length, "has one twice");

export const webhookFields = z
  .strictObject({
    name: name.nullable().optional().openapi({
      description: "none other of the group has it; a configuration file finds the webhook by it",
    }),
    url: written(work.webhookUrl).openapi({ example: "https://example.com/hook" }),
    secret: written(work.webhookSecret).openapi({
      description: "`whsec_` and 24 to 64 random bytes in base64; nobody gets to see it again",
    }),
    description: z
      .string()
      .max(1024)
      .nullable()
      .transform((text) => text || undefined)
      .optional(),
    ca: written(work.certificates).nullable().optional(),
    events: events.optional(),
    enabled: z.boolean().optional(),
  })
  .openapi("WebhookFields");

export const webhookChanges = webhookFields.partial().openapi("WebhookChanges");

export const webhook = z
  .strictObject({
    id,
    group_id: id,
    name: z.string().nullable(),
    url: z.string(),
    description: z.string().nullable(),
    ca: z.string().nullable(),
    events: z.array(event),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    failing_since: time.nullable(),
    last_delivered_at: time.nullable(),
    dropped_count: z.int().min(0),
    created_at: time,
    updated_at: time,
  })
  .openapi("Webhook");

export const delivery = z
  .strictObject({
    id,
    message_id: z.string(),
    event: z.string(),
    status: z.enum(["pending", "delivered", "failed"]),
    attempts: z.int().min(0),
    next_attempt_at: time.nullable(),
    last_attempt_at: time.nullable(),
    response_status: z.int().nullable(),
    reason: z.string().nullable(),
    body: z.record(z.string(), z.unknown()),
    created_at: time,
  })
  .openapi("WebhookDelivery");
