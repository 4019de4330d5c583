import { z } from "@hono/zod-openapi";
import * as work from "../../work/contract.ts";
import { id, login, name, written } from "./fields.ts";

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
