import { z } from "@hono/zod-openapi";
import { maxRules } from "../../metadata/contract.ts";
import * as work from "../../work/contract.ts";
import { description, hours, id, login, name, time, times, written } from "./fields.ts";

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

export const associationFields = z
  .strictObject({ registry_id: id, upstream_id: id })
  .openapi("AssociationFields");

/** The range is that of the reference, whatever a registry can hold here. */
export const move = z.strictObject({ position: z.int().min(1).max(20) }).openapi("Move");

export const association = z
  .strictObject({ id, registry_id: id, upstream_id: id, position: z.int().min(1) })
  .openapi("Association");
