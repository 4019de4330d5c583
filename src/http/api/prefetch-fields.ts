import { z } from "@hono/zod-openapi";
import * as work from "../../work/contract.ts";
import { id, name, time, written } from "./fields.ts";

const { images: maxImages, platforms: maxPlatforms, everyHours: maxHours } = work.prefetchLimits;

/** A list of texts, each there once. */
function listOf(item: z.ZodType<string>, most: number) {
  return z
    .array(item)
    .min(1)
    .refine((list) => list.length <= most, `must be at most ${most}`)
    .refine((list) => new Set(list).size === list.length, "has one twice");
}

export const prefetchFields = z
  .strictObject({
    name: name.nullable().optional().openapi({
      description:
        "none other of the registry has it; a configuration file finds the prefetch by it",
    }),
    images: listOf(written(work.imageName), maxImages).openapi({
      example: ["library/alpine:3.20"],
    }),
    platforms: listOf(written(work.platform), maxPlatforms)
      .optional()
      .openapi({ example: ["linux/amd64", "linux/arm64/v8"] }),
    every_hours: z.int().min(1).max(maxHours).nullable().optional(),
  })
  .openapi("PrefetchFields");

const count = z.int().min(0);
const part = z.strictObject({ done: count, total: count });
const parts = { objects: part, bytes: part };

const prefetchImage = z
  .strictObject({
    image: z.string(),
    status: z.enum(["pending", "done", "failed"]),
    reason: z.string().nullable(),
    digest: z.string().nullable(),
    retry_at: time.nullable(),
    ...parts,
  })
  .openapi("PrefetchImage");

export const prefetch = z
  .strictObject({
    id,
    group_id: id,
    registry_id: id,
    name: z.string().nullable(),
    platforms: z.array(z.string()),
    every_hours: z.int().nullable(),
    status: z.enum(["scheduled", "running", "finished", "failed"]),
    next_run_at: time.nullable(),
    last_run_at: time.nullable(),
    progress: z.strictObject({ images: part, ...parts }),
    images: z.array(prefetchImage),
    created_at: time,
    updated_at: time,
  })
  .openapi("Prefetch");
