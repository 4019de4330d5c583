import { z } from "@hono/zod-openapi";
import { id, time } from "./fields.ts";
import { cacheMaxBytes } from "./upstream-fields.ts";

const count = z.int().min(0);

export const groupSpaceFields = z
  .strictObject({ cache_max_bytes: cacheMaxBytes.nullable() })
  .openapi("GroupSpaceFields");

export const groupSpace = z
  .strictObject({ cached_bytes: count, cache_max_bytes: cacheMaxBytes.nullable() })
  .openapi("GroupSpace");

export const space = z
  .strictObject({
    stored_bytes: count,
    leaving_bytes: count,
    cache_max_bytes: cacheMaxBytes.nullable(),
    storable_bytes: z.int().nullable(),
    limits: z.array(
      z.strictObject({
        scope: z.enum(["upstream", "group"]),
        id,
        name: z.string(),
        cached_bytes: count,
        cache_max_bytes: cacheMaxBytes,
      }),
    ),
  })
  .openapi("Space");

export const evictionPreview = z
  .strictObject({
    scope: z.enum(["upstream", "group", "instance"]),
    id: id.nullable(),
    name: z.string(),
    reason: z.enum(["limit", "free_space"]),
    bytes: z.int(),
    bound: z.int(),
    excess: count,
    entries_count: count,
    size: count,
    left: count,
    entries: z.array(
      z.strictObject({
        id,
        group_id: id,
        upstream_id: id,
        relative_path: z.string(),
        digest: z.string(),
        size: count,
        downloaded_at: time,
      }),
    ),
  })
  .openapi("EvictionPreview");
