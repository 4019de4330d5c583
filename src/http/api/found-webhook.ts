import type { z } from "@hono/zod-openapi";
import type { Management, Webhook } from "../../metadata/contract.ts";
import { notFound } from "./errors.ts";
import { findGroup, topLevel } from "./groups.ts";
import type { webhookParams } from "./webhook-fields.ts";

export const webhooks = "/groups/{id}/-/virtual_registries/webhooks";
export const oneWebhook = `${webhooks}/{webhook_id}`;

type Granted = <T extends { groupId?: number }>(found: T | undefined) => T;

/** The webhook, if the caller may and it is of this group. */
export async function findWebhook(
  management: Management,
  params: z.output<typeof webhookParams>,
  granted: Granted,
): Promise<Webhook> {
  const group = topLevel(granted(await findGroup(management, params)));
  const found = await management.webhooks.get(params.webhook_id);
  if (found?.groupId !== group.id) throw notFound();
  return found;
}
