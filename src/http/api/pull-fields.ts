import { z } from "@hono/zod-openapi";
import { id, time } from "./fields.ts";
import { rule } from "./upstream-fields.ts";

export const refreshed = z
  .strictObject({
    digest: z.string(),
    content_type: z.string(),
    cache: z.strictObject({
      status: z.string(),
      upstream: z.string(),
      age: z.number(),
      reason: z.string().nullable(),
    }),
  })
  .openapi("Refreshed");

export const plan = z
  .strictObject({
    upstreams: z.array(
      z.strictObject({
        upstream_id: id,
        upstream: z.string(),
        position: z.int().min(1),
        repository: z.string(),
        denied_by: z.union([rule, z.null()]),
        cached: z
          .strictObject({
            digest: z.string(),
            proof: z.enum(["named", "shown"]),
            checked_at: time,
            fresh_until: time.nullable(),
          })
          .nullable(),
        says: z.string().nullable(),
        next: z.string().nullable(),
      }),
    ),
    decision: z.strictObject({
      status: z.string(),
      upstream: z.string().nullable(),
      digest: z.string().nullable(),
      reason: z.string().nullable(),
      next: z
        .string()
        .nullable()
        .openapi({ description: "what to do about it, where it is no success" }),
    }),
  })
  .openapi("PullPlan");
