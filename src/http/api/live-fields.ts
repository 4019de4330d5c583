import { z } from "@hono/zod-openapi";
import { id, pathId, time } from "./fields.ts";

/** The most that are remembered; how many are told where nothing is said of that. */
const maxPulls = 1500;
export const usualPulls = 100;

/** How a pull can be answered. */
export const cacheStatuses = [
  "hit",
  "stale",
  "revalidated",
  "miss",
  "collapsed",
  "window",
  "bypass",
  "absent",
  "refused",
] as const;

const wanted = {
  registry_id: pathId.optional(),
  upstream_id: pathId.optional(),
  repository: z.string().min(1).max(255).optional().openapi({
    description: "a part of its name, or a glob for all of it: * stops at a slash, ** does not",
    example: "library/**",
  }),
  failed: z.enum(["true", "false"]).optional(),
};

export const eventsQuery = z.strictObject(wanted);

export const pullsQuery = z.strictObject({
  ...wanted,
  limit: z
    .string()
    .regex(/^0*[1-9]\d{0,8}$/)
    .transform((text) => Math.min(Number(text), maxPulls))
    .optional()
    .openapi({ type: "integer", minimum: 1, maximum: 999_999_999 }),
});

const pullError = z
  .strictObject({ code: z.string(), message: z.string(), next: z.string() })
  .openapi("PullError");

const count = z.int().min(0);

export const pull = z
  .strictObject({
    id: z.string().openapi({ example: "9f86d081884c-2k" }),
    at: time,
    request_id: z.string(),
    method: z.enum(["GET", "HEAD"]),
    registry_id: id,
    registry: z.string(),
    upstream_id: id.nullable(),
    upstream: z.string().nullable(),
    repository: z.string(),
    reference: z.string().nullable(),
    kind: z.enum(["manifest", "blob", "tags", "referrers"]),
    cache_status: z.enum(cacheStatuses),
    reason: z.string().nullable(),
    status: z.int(),
    bytes: count,
    duration_ms: z.number().min(0),
    outcome: z.enum(["sent", "left", "cut", "refused"]),
    error: pullError.nullable(),
    actor: z.string().nullable().openapi({ description: "for maintainers; others get null" }),
  })
  .openapi("Pull");

export const fill = z
  .strictObject({
    upstream_id: id,
    repository: z.string(),
    digest: z.string(),
    size: count.nullable(),
    received: count,
    followers: count,
    started_at: time,
  })
  .openapi("Fill");

export const upstreamHealth = z
  .strictObject({
    id,
    name: z.string(),
    breaker: z.enum(["closed", "open", "half_open"]),
    retry_at: time.nullable(),
    requests: count,
    errors: count,
    latency_ms: z.strictObject({
      p50: z.number().min(0).nullable(),
      p95: z.number().min(0).nullable(),
    }),
    last_error: z
      .strictObject({ at: time, reason: z.string(), message: z.string(), next: z.string() })
      .nullable(),
    budget: z
      .strictObject({ limit: count, remaining: count, at: time, resets_at: time })
      .nullable(),
  })
  .openapi("UpstreamHealth");

export const groupHealth = z
  .strictObject({
    window_minutes: z.int().min(1),
    upstreams: z.array(upstreamHealth),
    fills: z.array(fill),
  })
  .openapi("GroupHealth");
