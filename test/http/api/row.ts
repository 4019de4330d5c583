import type { z } from "@hono/zod-openapi";

/** One endpoint of the API: what it answers to whom. */
export interface Row {
  method: string;
  path: string;
  /** The same for what is not there, and for what is another group's. */
  unknown?: string;
  foreign?: string;
  body?: object;
  ok: number;
  shape?: z.ZodType;
  /** For owners alone, to see as well as to change. */
  owner?: true;
  /** What is there before: a cleanup policy of group 1. */
  policy?: true;
  /** The same: a rule of upstream 1. */
  rule?: true;
}
export const groups = "/api/v4/groups";
export const registries = "-/virtual_registries/container/registries";
