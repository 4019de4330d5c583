import { z } from "@hono/zod-openapi";
import {
  allEvents,
  type Management,
  type Webhook,
  type WebhookSettings,
} from "../../metadata/contract.ts";
import { deliveryWorkName } from "../../work/contract.ts";
import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { invalidRecord, notFound } from "./errors.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery } from "./pages.ts";
import { TestRate } from "./test-rate.ts";
import {
  delivery,
  webhook,
  webhookChanges,
  webhookFields,
  webhookParams,
} from "./webhook-fields.ts";
import { deliveryJson, webhookJson } from "./webhook-json.ts";

const all = "/groups/{id}/-/virtual_registries/webhooks";
const one = `${all}/{webhook_id}`;

export function webhookEndpoints(api: Api, options: ApiOptions): void {
  readWebhooks(api, options);
  createWebhook(api, options);
  changeWebhook(api, options);
  deleteWebhook(api, options);
  testWebhook(api, options);
  listDeliveries(api, options);
}

type Granted = <T extends { groupId?: number }>(found: T | undefined) => T;

/** The webhook, if the caller may and it is of this group. */
async function findWebhook(
  management: Management,
  params: z.output<typeof webhookParams>,
  granted: Granted,
): Promise<Webhook> {
  const group = topLevel(granted(await findGroup(management, params)));
  const found = await management.webhooks.get(params.webhook_id);
  if (found?.groupId !== group.id) throw notFound();
  return found;
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
