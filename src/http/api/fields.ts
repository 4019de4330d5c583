import { z } from "@hono/zod-openapi";
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
export const description = z
  .string()
  .max(1024)
  .nullable()
  .transform((text) => text || undefined);
export const login = (leaf: work.Leaf<string>, most = 510) =>
  z
    .string()
    .max(most)
    .nullable()
    .transform((text, context) => (text ? readLeaf(leaf, text, context) : undefined));
export const hours = z.int().min(0).max(87600);
