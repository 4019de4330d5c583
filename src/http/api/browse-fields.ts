import { z } from "@hono/zod-openapi";
import { time } from "./fields.ts";
import { cacheEntry } from "./entry-fields.ts";

const count = z.int().min(0);

/** What every repository's name is written with. */
const repositoryForm = /^[a-z0-9._/-]{1,255}$/;
export const repositoryFilter = z
  .string()
  .refine((text) => repositoryForm.test(text), {
    message:
      "must be a repository, such as library/alpine: lower-case letters, digits, . _ - and /",
    params: { ofRequest: true },
  })
  .optional()
  .openapi({ pattern: repositoryForm.source, example: "library/alpine" });

export const entryKind = z.enum(["tag", "digest", "blob"]);
export const entryOrder = z.enum(["asc", "desc"]).optional();

export const cachedRepository = z
  .strictObject({
    repository: z.string(),
    entries_count: count,
    tags_count: count,
    digests_count: count,
    size: count,
    last_downloaded_at: time,
  })
  .openapi("CachedRepository");

const descriptor = {
  digest: z.string(),
  media_type: z.string(),
  size: count,
  annotations: z.record(z.string(), z.string()),
  cached: z.boolean(),
  entry_id: z.string().nullable(),
};

export const manifestDetail = z
  .strictObject({
    media_type: z.string(),
    artifact_type: z.string().nullable(),
    annotations: z.record(z.string(), z.string()),
    subject: z.strictObject(descriptor).nullable(),
    config: z.strictObject(descriptor).nullable(),
    layers: z.array(z.strictObject(descriptor)),
    platforms: z.array(z.strictObject({ ...descriptor, platform: z.string().nullable() })),
    tags: z.array(z.string()),
    referrers: z.array(
      z.strictObject({
        ...descriptor,
        artifact_type: z.string().nullable(),
        tag: z.string().nullable(),
      }),
    ),
    truncated: z.boolean(),
  })
  .openapi("ManifestDetail");

export const cacheEntryDetail = z
  .strictObject({
    ...cacheEntry.shape,
    repository: z.string(),
    kind: entryKind,
    reference: z.string(),
    next_check_at: time.nullable(),
    manifest: manifestDetail.nullable(),
  })
  .openapi("CacheEntryDetail");
