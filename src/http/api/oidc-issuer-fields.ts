import { z } from "@hono/zod-openapi";
import type { ClaimPatterns } from "../../lib/claims.ts";
import * as work from "../../work/contract.ts";
import { id, times, written } from "./fields.ts";

const { audience, algorithms, claims, issuer, keysUrl, name, roads } = work.issuerParts;
const isOnce = (list: readonly unknown[]) => new Set(list).size === list.length;
const twice = "has one twice";

/** As in a file, and with the names of keys that have a meaning in JavaScript as any others: nothing that is asked for is lost. */
const patterns = z
  .unknown()
  .transform((given, context): ClaimPatterns => {
    const { data, error } = claims.safeParse(given);
    if (!error) return data;
    for (const { path, message } of error.issues) {
      const params = { ofRequest: given === undefined };
      context.addIssue({ code: "custom", path: [...path], message, params });
    }
    return z.NEVER;
  })
  .openapi({
    type: "object",
    additionalProperties: {},
    description: "claims and what they must be: a text with * and **, a list of such, or claims",
    example: { project_path: "acme/*" },
  });

/** None, as it stands in what is answered, is none. */
const required = z
  .unknown()
  .transform((given, context): ClaimPatterns => {
    const isNone = typeof given === "object" && given !== null && Object.keys(given).length === 0;
    if (isNone && !Array.isArray(given)) return {};
    const { data, error } = patterns.safeParse(given);
    for (const { path, message } of error?.issues ?? []) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
    return data ?? z.NEVER;
  })
  .openapi({ type: "object", additionalProperties: {} });

const rule = z
  .strictObject({
    claims: patterns,
    group: written(work.groupPath).optional().openapi({ example: "acme" }),
    pull: z.array(z.enum(roads)).min(1).refine(isOnce, twice).optional(),
  })
  .transform(({ claims, group = work.defaultGroup, pull }) => {
    return { claims, group, pull: pull ?? work.roadsOf(group) };
  })
  .openapi("OidcIssuerRuleFields");

export const oidcIssuerFields = z
  .strictObject({
    name: written(name).openapi({ example: "gitlab" }),
    issuer: written(issuer).openapi({ example: "https://gitlab.example.com" }),
    jwks_uri: written(keysUrl).nullable().optional(),
    audiences: z.array(written(audience)).min(1).refine(isOnce, twice).nullable().optional(),
    algorithms: z.array(z.enum(algorithms)).min(1).refine(isOnce, twice).optional(),
    ca: written(work.certificates).nullable().optional(),
    leeway_seconds: z.int().min(0).max(60).optional(),
    required_claims: required.optional(),
    rules: z.array(rule).min(1),
  })
  .openapi("OidcIssuerFields");

export const oidcIssuerChanges = oidcIssuerFields
  .partial()
  .openapi("OidcIssuerChanges", { minProperties: 1 });

const said = z.record(z.string(), z.unknown());

export const oidcIssuer = z
  .strictObject({
    id,
    name: z.string(),
    issuer: z.string(),
    jwks_uri: z.string().nullable(),
    audiences: z.array(z.string()).nullable(),
    algorithms: z.array(z.string()),
    ca: z.string().nullable(),
    leeway_seconds: z.int(),
    required_claims: said,
    rules: z.array(
      z.strictObject({ claims: said, group: z.string(), pull: z.array(z.enum(roads)) }),
    ),
    ...times,
  })
  .openapi("OidcIssuer");
