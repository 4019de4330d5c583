import { z } from "@hono/zod-openapi";
import { allEvents, type WebhookSettings } from "../../metadata/contract.ts";
import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { invalidRecord, notFound } from "./errors.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import { findWebhook, oneWebhook as one, webhooks as all } from "./found-webhook.ts";
import { webhook, webhookChanges, webhookFields, webhookParams } from "./webhook-fields.ts";
import { webhookJson } from "./webhook-json.ts";

export function webhookEndpoints(api: Api, options: ApiOptions): void {
  readWebhooks(api, options);
  createWebhook(api, options);
  changeWebhook(api, options);
  deleteWebhook(api, options);
}

function readWebhooks(api: Api, { management }: ApiOptions): void {
  const common = { method: "get", action: "read_webhooks", status: 200 } as const;
  endpoint(
    api,
    {
      ...common,
      path: all,
      summary: "List the webhooks of a group",
      params: groupParams,
      answer: z.array(webhook),
    },
    async ({ params, granted }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      return { body: (await management.webhooks.list(id)).map(webhookJson) };
    },
  );
  endpoint(
    api,
    {
      ...common,
      path: one,
      summary: "Get a webhook, and how its deliveries go",
      params: webhookParams,
      answer: webhook,
      tagged: true,
    },
    async ({ params, granted }) => {
      const found = await findWebhook(management, params, granted);
      return { body: webhookJson(found), headers: tagged(found) };
    },
  );
}

function createWebhook(api: Api, { management, isInner }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Have a server told of what happens in a group",
      action: "change_webhooks",
      params: groupParams,
      body: webhookFields,
      answer: webhook,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, body, author }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      const {
        url,
        secret,
        description,
        events = [allEvents],
        enabled = true,
        ...rest
      } = await body();
      await refuseInnerHook(isInner, url);
      const [name, ca] = [rest.name ?? undefined, rest.ca ?? undefined];
      const settings = { name, url, secret, description, ca, events, enabled };
      const made = await management.by(author).webhooks.create(id, settings);
      return { body: webhookJson(made), headers: tagged(made) };
    },
  );
}

function changeWebhook(api: Api, { management, isInner }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: one,
      summary: "Change a webhook; to switch it on begins anew what has failed for long",
      action: "change_webhooks",
      params: webhookParams,
      body: webhookChanges,
      answer: webhook,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = await findWebhook(management, params, granted);
      const given = atLeastOne(webhookChanges, await body());
      await refuseInnerHook(isInner, given.url);
      // What stands there is given, null meaning unset.
      const entries = Object.entries(given).map(([field, value]) => [field, value ?? undefined]);
      const changes = Object.fromEntries(entries) as Partial<WebhookSettings>;
      const changed = await management.by(author).webhooks.change(id, changes, condition());
      if (!changed) throw notFound();
      return { body: webhookJson(changed), headers: tagged(changed) };
    },
  );
}

function deleteWebhook(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      path: one,
      summary: "Delete a webhook, with its deliveries",
      action: "change_webhooks",
      params: webhookParams,
      conditional: true,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = await findWebhook(management, params, granted);
      return removed(await management.by(author).webhooks.remove(id, condition()));
    },
  );
}

/** As of upstreams: what a name leads to is judged when it is dialled. */
async function refuseInnerHook(
  isInner: (url: string) => Promise<boolean>,
  url: string | undefined,
): Promise<void> {
  if (url === undefined || !(await isInner(url))) return;
  const text =
    "is an inner address, which webhooks may have only where WEIR_ALLOWED_UPSTREAM_ADDRESSES says so";
  throw invalidRecord({ url: [text] });
}
