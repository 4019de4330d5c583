import { somePrefetch, someWebhook } from "../automation-rows.ts";
import { base } from "../world.ts";
import type { Sample } from "./endpoints.ts";
import type { Population } from "./population.ts";

const hooks = "/api/v4/groups/{id}/-/virtual_registries/webhooks";
const ofGroup = hooks.replace("{id}", "1");

/** Registry 1 has prefetch 1. */
async function withPrefetch({ world }: Population): Promise<void> {
  const { prefetches } = world.metadata.management;
  if (!(await prefetches.get(1))) await prefetches.create(1, somePrefetch);
}

/** The same, whose run is over. */
async function withEnded(population: Population): Promise<void> {
  await withPrefetch(population);
  const { prefetches } = population.world.metadata;
  await prefetches.begin();
  for (const run of await prefetches.running()) {
    for (const image of run.images) await prefetches.note(run, { ...image, status: "done" });
    await prefetches.end(run);
  }
}

/** Group 1 has webhook 1. */
async function withWebhook({ world }: Population): Promise<void> {
  const { webhooks } = world.metadata.management;
  if (!(await webhooks.get(1))) await webhooks.create(1, someWebhook);
}

const prefetch = { path: `${base}/prefetches/1`, before: withPrefetch } as const;
const webhook = { path: `${ofGroup}/1`, before: withWebhook } as const;

/** Prefetches and webhooks, by method and path. */
export const automation: Record<string, Sample> = {
  [`GET ${base}/registries/{id}/prefetches`]: {
    path: `${base}/registries/1/prefetches`,
    ok: 200,
  },
  [`POST ${base}/registries/{id}/prefetches`]: {
    path: `${base}/registries/1/prefetches`,
    body: { images: ["library/alpine:3.20"] },
    ok: 202,
  },
  [`GET ${base}/prefetches/{id}`]: { ...prefetch, ok: 200 },
  [`DELETE ${base}/prefetches/{id}`]: { ...prefetch, ok: 204 },
  [`GET ${base}/prefetches/{id}/events`]: {
    path: `${base}/prefetches/1/events`,
    before: withEnded,
    ok: 200,
  },
  [`GET ${hooks}`]: { path: ofGroup, ok: 200 },
  [`POST ${hooks}`]: {
    path: ofGroup,
    body: { url: "https://example.com/hook", secret: someWebhook.secret },
    ok: 201,
  },
  [`GET ${hooks}/{webhook_id}`]: { ...webhook, ok: 200 },
  [`PATCH ${hooks}/{webhook_id}`]: { ...webhook, body: { description: "chat" }, ok: 200 },
  [`DELETE ${hooks}/{webhook_id}`]: { ...webhook, ok: 204 },
  [`POST ${hooks}/{webhook_id}/test`]: { ...webhook, path: `${ofGroup}/1/test`, ok: 202 },
  [`GET ${hooks}/{webhook_id}/deliveries`]: {
    ...webhook,
    path: `${ofGroup}/1/deliveries`,
    ok: 200,
  },
};
