import { z } from "@hono/zod-openapi";
import { maxRules } from "../../metadata/contract.ts";
import * as work from "../../work/contract.ts";

/** The most an id can be, so that it stays exact. */
export const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** An id in a path, where it is a text. */
export const pathId = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .openapi({ type: "integer", minimum: 0, maximum: 999_999_999_999_999, example: 7 });

/** In a path: what is meant. */
export const idParams = z.strictObject({ id: pathId });

export const time = z.iso.datetime().openapi({ example: "2025-11-03T09:15:00.000Z" });
export const times = { created_at: time, updated_at: time };

/** A text that a leaf of the configuration can read, so that both take and refuse the same. */
export function written(leaf: work.Leaf<string>) {
  return z
    .string()
    .min(1)
    .transform((text, context) => readLeaf(leaf, text, context));
}

function readLeaf(leaf: work.Leaf<string>, text: string, context: z.RefinementCtx): string {
  const { data, error } = leaf.safeParse(text);
  if (!error) return data;
  context.addIssue({ code: "custom", message: error.issues[0]?.message ?? "is invalid" });
  return z.NEVER;
}

const isBlank = (text: string) => text.trim() === "";
const blank = { message: "is empty", params: { ofRequest: true } };

export const name = z
  .string()
  .max(255)
  .refine((text) => !isBlank(text), blank)
  .refine((text) => !/\p{C}/u.test(text), "must not have control characters")
  .openapi({ minLength: 1, pattern: String.raw`\S` });
/** Null and the empty text clear it. */
const description = z
  .string()
  .max(1024)
  .nullable()
  .transform((text) => text || undefined);
const login = (leaf: work.Leaf<string>, most = 510) =>
  z
    .string()
    .max(most)
    .nullable()
    .transform((text, context) => (text ? readLeaf(leaf, text, context) : undefined));
const hours = z.int().min(0).max(87600);

// ---- groups

export const groupFields = z
  .strictObject({ name, path: written(work.groupPart), parent_id: id.nullable().optional() })
  .openapi("GroupFields");

export const groupChanges = z
  .strictObject({ name, path: written(work.groupPart) })
  .partial()
  .openapi("GroupChanges", { minProperties: 1 });

export const group = z
  .strictObject({
    id,
    name: z.string(),
    path: z.string(),
    full_path: z.string(),
    parent_id: id.nullable(),
  })
  .openapi("Group");

export const dependencyProxyChanges = z
  .strictObject({
    enabled: z.boolean().optional(),
    identity: login(work.upstreamUsername, 255).optional(),
    secret: login(work.upstreamPassword, 255).optional(),
  })
  .openapi("DependencyProxyChanges", { minProperties: 1 });

export const dependencyProxySettings = z
  .strictObject({ enabled: z.boolean(), identity: z.string().nullable() })
  .openapi("DependencyProxySettings");

export const ttlPolicy = z
  .strictObject({ enabled: z.boolean(), ttl: z.int().min(1).max(36500) })
  .openapi("TtlPolicy");

export const ttlPolicyChanges = ttlPolicy
  .partial()
  .openapi("TtlPolicyChanges", { minProperties: 1 });

// ---- registries

export const registryFields = z
  .strictObject({
    id: id.max(2 ** 31 - 1).optional(),
    name,
    description: description.optional(),
    on_unsure: z.enum(["stop", "continue"]).optional(),
    ask: z.enum(["in_order", "parallel"]).optional(),
  })
  .openapi("RegistryFields");

export const registryChanges = registryFields
  .omit({ id: true })
  .partial()
  .openapi("RegistryChanges", { minProperties: 1 });

export const registry = z
  .strictObject({
    id,
    group_id: id,
    name: z.string(),
    description: z.string().nullable(),
    on_unsure: z.enum(["stop", "continue"]),
    ask: z.enum(["in_order", "parallel"]),
    ...times,
  })
  .openapi("Registry");

/** Written out anew: two strict objects, one extending the other, would allow nothing in the document. */
export const registryDetail = z
  .strictObject({
    ...registry.shape,
    registry_upstreams: z.array(z.strictObject({ id, upstream_id: id, position: z.int().min(1) })),
    cached_bytes: z.int().min(0).openapi({
      description: "what the entries of its upstreams need; what several need counts for each",
    }),
  })
  .openapi("RegistryDetail");

// ---- upstreams

export const rule = z
  .strictObject({
    target: z.enum(["repository", "tag"]),
    effect: z.enum(["allow", "deny"]),
    pattern: written(work.rulePattern),
  })
  .openapi("Rule");

const rules = z
  .array(rule)
  .refine((list) => list.length <= maxRules, `must be at most ${maxRules}`)
  .refine(
    (list) => new Set(list.map((rule) => JSON.stringify(rule))).size === list.length,
    "has a rule twice",
  );

const credentials = {
  username: login(work.upstreamUsername).optional(),
  password: login(work.upstreamPassword).optional(),
};

/** How much of what it needs may be stored; null: no limit of its own. */
export const cacheMaxBytes = z.int().min(1).openapi({ example: 107374182400 });

export const upstreamFields = z
  .strictObject({
    url: written(work.upstreamUrl).openapi({ example: "https://registry-1.docker.io" }),
    name,
    description: description.optional(),
    ...credentials,
    cache_validity_hours: hours.optional(),
    token_realm: written(work.realmUrl).nullable().optional(),
    denied_means: z.enum(["absent", "unsure"]).optional(),
    library_prefix: z.boolean().optional(),
    stale_if_absent_hours: hours.optional(),
    stale_while_revalidate: z.boolean().optional(),
    cache_max_bytes: cacheMaxBytes.nullable().optional(),
    ca: written(work.certificates).nullable().optional(),
    rules: rules.optional(),
    access: z.enum(["shared", "verified"]).optional(),
    verified_group: written(work.groupPath).nullable().optional(),
  })
  .openapi("UpstreamFields");

export const upstreamChanges = upstreamFields
  .partial()
  .openapi("UpstreamChanges", { minProperties: 1 });

export const upstream = z
  .strictObject({
    id,
    group_id: id,
    url: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    cache_validity_hours: hours,
    username: z.string().nullable(),
    token_realm: z.string().nullable(),
    denied_means: z.enum(["absent", "unsure"]),
    library_prefix: z.boolean(),
    stale_if_absent_hours: hours,
    stale_while_revalidate: z.boolean(),
    cache_max_bytes: cacheMaxBytes.nullable(),
    ca: z.string().nullable(),
    rules: z.array(rule),
    access: z.enum(["shared", "verified"]),
    verified_group: z.string().nullable(),
    ...times,
  })
  .openapi("Upstream");

const place = z.strictObject({ id, registry_id: id, position: z.int().min(1) });

export const placedUpstream = z
  .strictObject({ ...upstream.shape, registry_upstream: place })
  .openapi("PlacedUpstream");

export const health = z
  .strictObject({
    breaker: z.enum(["closed", "open", "half_open"]),
    retry_at: time.nullable(),
    last_failure: z.string().nullable(),
    budget: z
      .strictObject({
        limit: z.int(),
        remaining: z.int(),
        window_seconds: z.int(),
        at: time,
      })
      .nullable(),
  })
  .openapi("Health");

export const upstreamDetail = z
  .strictObject({ ...upstream.shape, registry_upstreams: z.array(place), health })
  .openapi("UpstreamDetail");

export const connection = z
  .strictObject({ url: upstreamFields.shape.url, ...credentials })
  .openapi("Connection");
export const connectionChanges = connection.partial().openapi("ConnectionChanges");

export const connectionResult = z
  .strictObject({ success: z.boolean(), result: z.string().optional() })
  .openapi("ConnectionResult");

// ---- associations

export const associationFields = z
  .strictObject({ registry_id: id, upstream_id: id })
  .openapi("AssociationFields");

/** The range is that of the reference, whatever a registry can hold here. */
export const move = z.strictObject({ position: z.int().min(1).max(20) }).openapi("Move");

export const association = z
  .strictObject({ id, registry_id: id, upstream_id: id, position: z.int().min(1) })
  .openapi("Association");

// ---- cache entries

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

// ---- pulls

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
