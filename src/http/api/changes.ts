import type { z } from "@hono/zod-openapi";
import type { Removal } from "../../metadata/contract.ts";
import { badRequest, notFound, preconditionFailed } from "./errors.ts";

/** The changes, of which there must be one. */
export function atLeastOne<T extends object>(schema: z.ZodObject, changes: T): T {
  if (Object.keys(changes).length > 0) return changes;
  const names = Object.keys(schema.shape).join(", ");
  throw badRequest(`${names} are missing, at least one parameter must be provided`);
}

/** The answer to a removal: nothing to say, or why it did not come about. */
export function removed(removal: Removal): Record<string, never> {
  if (removal === "absent") throw notFound();
  if (removal === "changed") throw preconditionFailed();
  return {};
}
