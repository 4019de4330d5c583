import { useQuery } from "@tanstack/react-query";
import { api, ask, askPage, askTagged } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { usePages } from "../../api/pages.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";

type Schemas = components["schemas"];
export type Webhook = Schemas["Webhook"];
export type Delivery = Schemas["WebhookDelivery"];
export type WebhookFields = Schemas["WebhookFields"];
export type WebhookEvent = Webhook["events"][number];

export const webhooksChanged = () => queries.invalidateQueries({ queryKey: ["webhooks"] });

export function useWebhooks({ id }: Group) {
  return useQuery({
    queryKey: ["webhooks", id],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/webhooks", {
          params: { path: { id: String(id) } },
          signal,
        }),
      ),
  });
}

/** Where one webhook is. */
export const placeOf = ({ id }: Group, webhookId: number) => ({
  path: { id: String(id), webhook_id: webhookId },
});

export const readWebhook = (group: Group, id: number, signal: AbortSignal) =>
  askTagged(
    api.GET("/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}", {
      params: placeOf(group, id),
      signal,
    }),
  );

const perPage = 20;
const refreshMs = 5000;

/** What a webhook was told, as far as one looks; kept up to date, since what is under way ends soon. */
export function useDeliveries(group: Group, id: number) {
  const query = usePages(
    ["webhooks", group.id, id, "deliveries"],
    (page, signal) =>
      askPage(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}/deliveries", {
          params: { ...placeOf(group, id), query: { page, per_page: perPage } },
          signal,
        }),
      ),
    refreshMs,
  );
  return query;
}

/** A secret that nobody can guess, in the form of Standard Webhooks. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** What can be told, with what it means. */
export const events: { id: WebhookEvent; label: string }[] = [
  { id: "*", label: "Everything, what comes with later versions too" },
  { id: "registry.created", label: "A registry was created" },
  { id: "registry.changed", label: "A registry was changed" },
  { id: "registry.purged", label: "The cache of a registry was emptied" },
  { id: "registry.deleted", label: "A registry was deleted" },
  { id: "upstream.created", label: "An upstream was created" },
  { id: "upstream.changed", label: "An upstream was changed" },
  { id: "upstream.purged", label: "The cache of an upstream was emptied" },
  { id: "upstream.deleted", label: "An upstream was deleted" },
  { id: "upstream.unavailable", label: "An upstream cannot be used for now" },
  { id: "upstream.recovered", label: "An upstream answers again" },
  { id: "upstream.denied", label: "An upstream refuses us" },
  { id: "cache.stored", label: "Something was stored in the cache" },
  { id: "cache.replaced", label: "A tag has moved" },
  { id: "cache.deleted", label: "An entry was deleted" },
  { id: "cache.tag_gone", label: "A tag is gone at its upstream" },
  { id: "cleanup_policy.finished", label: "A cleanup has finished" },
  { id: "cleanup_policy.failed", label: "A cleanup has failed" },
  { id: "prefetch.finished", label: "A prefetch has finished" },
  { id: "prefetch.failed", label: "A prefetch has failed" },
];

export const eventText = (id: string): string =>
  events.find((event) => event.id === id)?.label ?? (id === "test" ? "A test" : id);
