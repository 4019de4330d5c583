import { z } from "@hono/zod-openapi";
import { id, time, times } from "./fields.ts";

export const cacheEntry = z
  .strictObject({
    id: z.string().openapi({ example: "NDIgMTUxNw==" }),
    group_id: id,
    upstream_id: id,
    upstream_checked_at: time,
    file_md5: z.null(),
    file_sha1: z.null(),
    digest: z.string(),
    size: z.int().min(0),
    relative_path: z.string(),
    upstream_etag: z.string().nullable(),
    content_type: z.string(),
    ...times,
    downloads_count: z.int().min(0),
    downloaded_at: time,
    pinned: z.boolean(),
  })
  .openapi("CacheEntry");

export const purgePreview = z
  .strictObject({
    entries: z.int().min(0),
    size: z.int().min(0),
    repositories: z.array(z.string()),
    partial: z.boolean(),
  })
  .openapi("PurgePreview");
