import { z } from "@hono/zod-openapi";
import { id, time, times } from "./fields.ts";

const cadence = z.union([z.literal(1), z.literal(7), z.literal(14), z.literal(30), z.literal(90)]);

export const cleanupPolicyFields = z
  .strictObject({
    enabled: z.boolean().optional(),
    keep_n_days_after_download: z.int().min(1).max(365).optional(),
    cadence: cadence.optional(),
    notify_on_success: z.boolean().optional(),
    notify_on_failure: z.boolean().optional(),
  })
  .openapi("CleanupPolicyFields");

export const cleanupPolicy = z
  .strictObject({
    group_id: id,
    next_run_at: time,
    last_run_at: time.nullable(),
    last_run_deleted_size: z.int().min(0),
    last_run_deleted_entries_count: z.int().min(0),
    keep_n_days_after_download: z.int(),
    status: z.enum(["scheduled", "running", "failed"]),
    cadence,
    enabled: z.boolean(),
    failure_message: z.string().nullable(),
    last_run_detailed_metrics: z.record(z.string(), z.unknown()),
    notify_on_success: z.boolean(),
    notify_on_failure: z.boolean(),
    ...times,
  })
  .openapi("CleanupPolicy");

/** What a policy would do that keeps so many days. */
export const cleanupPreviewQuery = z.strictObject({
  keep_n_days_after_download: z
    .string()
    .regex(/^0*([1-9]\d?|[12]\d\d|3[0-5]\d|36[0-5])$/, "must be 1 to 365")
    .transform(Number)
    .optional()
    .openapi({ type: "integer", minimum: 1, maximum: 365 }),
});
