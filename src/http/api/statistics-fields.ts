import { z } from "@hono/zod-openapi";
import { instant } from "./audit-fields.ts";
import { id, pathId, time } from "./fields.ts";
import { cacheMaxBytes } from "./upstream-fields.ts";
import { pageQuery } from "./pages.ts";

const tally = z.int().min(0);

export const virtualRegistrySettings = z
  .strictObject({ enabled: z.boolean() })
  .openapi("VirtualRegistrySettings");

export const groupStatistics = z
  .strictObject({
    registries: tally,
    upstreams: tally,
    cache_entries: tally,
    cache_size: tally,
    cached_bytes: tally,
    cache_max_bytes: cacheMaxBytes.nullable(),
    hits_30d: tally,
    misses_30d: tally,
  })
  .openapi("GroupStatistics");

const counters = {
  hits: tally,
  misses: tally,
  pulls: z.strictObject({
    hit: tally,
    stale: tally,
    revalidated: tally,
    miss: tally,
    collapsed: tally,
    window: tally,
    bypass: tally,
    absent: tally,
    refused: tally,
  }),
  bytes_from_cache: tally,
  bytes_from_upstream: tally,
  upstream_requests: tally,
  upstream_errors: tally,
};

export const statisticsPoint = z.strictObject({ at: time, ...counters }).openapi("StatisticsPoint");

export const repositoryStatistics = z
  .strictObject({ upstream_id: id, repository: z.string(), ...counters })
  .openapi("RepositoryStatistics");

const between = { from: instant, to: instant, upstream_id: pathId.optional() };

export const historyQuery = z.strictObject({
  ...between,
  interval: z.enum(["five_minutes", "hour", "day"]).optional(),
  repository: z.string().min(1).max(255).optional().openapi({ example: "library/alpine" }),
});

export const topQuery = z.strictObject({ ...between, limit: pageQuery.per_page });
