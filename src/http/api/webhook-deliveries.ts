import { z } from "@hono/zod-openapi";
import { deliveryWorkName } from "../../work/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { notFound } from "./errors.ts";
import { findWebhook, oneWebhook as one } from "./found-webhook.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery } from "./pages.ts";
import { TestRate } from "./test-rate.ts";
import { delivery, webhookParams } from "./webhook-fields.ts";
import { deliveryJson } from "./webhook-json.ts";

/** What a webhook was told, and what it is told to see whether that works. */
export function deliveryEndpoints(api: Api, options: ApiOptions): void {
  testWebhook(api, options);
  listDeliveries(api, options);
}

function testWebhook(api: Api, { management, runner, clock }: ApiOptions): void {
  const rate = new TestRate(clock);
  endpoint(
    api,
    {
      method: "post",
      path: `${one}/test`,
      summary: "Send a webhook a message, once, to see whether it comes through",
      action: "change_webhooks",
      params: webhookParams,
      answer: delivery,
      status: 202,
      refusals: [429],
    },
    async ({ params, granted, caller, author }) => {
      const { id } = await findWebhook(management, params, granted);
      rate.take(caller.userId);
      const sent = await management.by(author).webhooks.test(id);
      if (!sent) throw notFound();
      await runner.wake(deliveryWorkName);
      return { body: deliveryJson(sent) };
    },
  );
}

function listDeliveries(api: Api, { management, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${one}/deliveries`,
      summary: "List what a webhook was told in the last days, and how that went, the newest first",
      action: "read_webhooks",
      params: webhookParams,
      query: z.strictObject(pageQuery),
      answer: z.array(delivery),
      status: 200,
    },
    async ({ params, query, granted, path }) => {
      const { id } = await findWebhook(management, params, granted);
      const wanted = pageOptions(query);
      const page = await management.webhooks.deliveries(id, wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(deliveryJson), headers };
    },
  );
}
