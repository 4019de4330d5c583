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

const issuers = "/api/v4/admin/oidc_issuers";
/** One of those that there can be, by its number. */
const issuerOf = (number: number) => ({
  name: `forge-${number}`,
  issuer: `https://forge-${number}.example.com`,
  rules: [{ claims: { project_path: "acme/**" } }],
});

/** The newest issuer, which is there. */
async function withIssuer({ world }: Population): Promise<void> {
  const settings = {
    jwksUri: undefined,
    audiences: undefined,
    algorithms: ["RS256"],
    ca: undefined,
    leewaySeconds: 30,
    requiredClaims: {},
  };
  const { oidcIssuers } = world.metadata.management;
  if (await oidcIssuers.get(1)) return;
  const { name, issuer } = issuerOf(0);
  const rules = [{ claims: { sub: "a" }, group: "default", pull: ["registries" as const] }];
  await oidcIssuers.create({ ...settings, name, issuer, rules });
}

let newIssuers = 0;
const issuer = { path: `${issuers}/1`, before: withIssuer } as const;
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
  [`GET ${issuers}`]: { path: issuers, ok: 200 },
  [`POST ${issuers}`]: { path: issuers, body: () => issuerOf(++newIssuers), ok: 201 },
  [`GET ${issuers}/{id}`]: { ...issuer, ok: 200 },
  [`PATCH ${issuers}/{id}`]: { ...issuer, body: { leeway_seconds: 10 }, ok: 200 },
  [`DELETE ${issuers}/{id}`]: { ...issuer, ok: 204 },
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
