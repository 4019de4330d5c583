import { z } from "@hono/zod-openapi";
import { description, id, name, times } from "./fields.ts";

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
