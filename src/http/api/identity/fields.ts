import { z } from "@hono/zod-openapi";
import { type Role, roles } from "../../../metadata/contract.ts";
import * as work from "../../../work/contract.ts";
import { id, name, pathId, time, written } from "../fields.ts";

/** What users, projects, memberships and tokens look like: as in the public REST API of GitLab, as far as we have it. */

const dayText = z.iso.date().openapi({ example: "2026-12-31" });
/** A day counts from its beginning: what ends on it is dead from 00:00 UTC on. */
const day = dayText.transform((text) => Date.parse(text));
const dayOrTime = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((text) => Date.parse(text))
  .openapi({ type: "string", example: "2026-12-31" });

const names = new Map<number, Role>(
  Object.entries(roles).map(([role, level]) => [level, role as Role]),
);
const levels = [...names.keys()].sort((a, b) => a - b);
export const accessLevel = z
  .literal(levels)
  .transform((level) => roleOf(level))
  .openapi({ type: "integer", enum: levels, example: 30 });

/** The same as it stands in answers: a list of literals would be told as the first of them alone. */
const toldLevel = z.literal(levels).openapi({ type: "integer", enum: levels, example: 30 });

function roleOf(level: number): Role {
  const role = names.get(level);
  if (!role) throw new Error(`there is no role of level ${level}`);
  return role;
}

const scopes = <const T extends readonly [string, ...string[]]>(known: T) =>
  z
    .array(z.enum(known))
    .min(1)
    .refine((list) => new Set(list).size === list.length, "has a scope twice");

// ---- users

export const user = z
  .strictObject({
    id,
    username: z.string(),
    name: z.string(),
    state: z.enum(["active", "blocked", "deactivated"]),
    email: z.string().nullable(),
    is_admin: z.boolean(),
    bot: z.boolean(),
    created_at: time,
  })
  .openapi("User");

export const userFields = z
  .strictObject({
    username: written(work.username),
    name: name.optional(),
    email: z.email().max(254).optional(),
    admin: z.boolean().optional(),
  })
  .openapi("UserFields");

/** A null address is none. */
export const userChanges = z
  .strictObject({ name, email: z.email().max(254).nullable(), admin: z.boolean() })
  .partial()
  .openapi("UserChanges", { minProperties: 1 });

// ---- members

const memberOf = {
  id,
  username: z.string(),
  name: z.string(),
  state: user.shape.state,
  access_level: toldLevel,
  expires_at: z.string().nullable(),
};
export const member = z.strictObject(memberOf).openapi("Member");

export const memberFields = z
  .strictObject({
    user_id: id.optional(),
    username: written(work.username).optional(),
    access_level: accessLevel,
    expires_at: day.nullable().optional(),
  })
  .openapi("MemberFields");

export const memberChanges = z
  .strictObject({ access_level: accessLevel, expires_at: day.nullable() })
  .partial()
  .openapi("MemberChanges", { minProperties: 1 });

export const memberParams = z.strictObject({ user_id: pathId });

// ---- projects

export const project = z
  .strictObject({
    id,
    name: z.string(),
    path: z.string(),
    path_with_namespace: z.string(),
    namespace: z.strictObject({ id, full_path: z.string() }),
  })
  .openapi("Project");

export const projectFields = z
  .strictObject({ namespace_id: id, path: written(work.groupPart), name: name.optional() })
  .openapi("ProjectFields");

// ---- tokens

/** Why somebody is given none. */
export const isBot = "is a bot, which has the token of its group alone";

const tokenOf = {
  id,
  name: z.string(),
  scopes: z.array(z.string()),
  created_at: time,
  last_used_at: time.nullable(),
  revoked: z.boolean(),
  active: z.boolean(),
  expires_at: z.string().nullable(),
};
const once = { token: z.string().openapi({ description: "shown this once" }) };

export const personalToken = z
  .strictObject({ ...tokenOf, user_id: id })
  .openapi("PersonalAccessToken");
export const newPersonalToken = z
  .strictObject({ ...personalToken.shape, ...once })
  .openapi("NewPersonalAccessToken");

export const personalTokenFields = z
  .strictObject({ name, scopes: scopes(work.tokenScopes), expires_at: day.nullable().optional() })
  .openapi("PersonalAccessTokenFields");

const maybeToldLevel = z
  .literal(levels)
  .nullable()
  .openapi({ type: ["integer", "null"], enum: [...levels, null], example: 30 });
export const groupToken = z
  .strictObject({ ...tokenOf, user_id: id, access_level: maybeToldLevel })
  .openapi("GroupAccessToken");
export const newGroupToken = z
  .strictObject({ ...groupToken.shape, ...once })
  .openapi("NewGroupAccessToken");

export const groupTokenFields = z
  .strictObject({ ...personalTokenFields.shape, access_level: accessLevel.optional() })
  .openapi("GroupAccessTokenFields");

export const rotation = z.strictObject({ expires_at: day.optional() }).openapi("Rotation");

export const deployRotation = z
  .strictObject({ expires_at: dayOrTime.optional() })
  .openapi("DeployTokenRotation");

export const deployToken = z
  .strictObject({
    id,
    name: z.string(),
    username: z.string(),
    scopes: z.array(z.string()),
    expires_at: time.nullable(),
    revoked: z.boolean(),
    expired: z.boolean(),
    last_used_at: time.nullable(),
  })
  .openapi("DeployToken");
export const newDeployToken = z
  .strictObject({ ...deployToken.shape, ...once })
  .openapi("NewDeployToken");

const deployScopes = [
  "read_registry",
  "write_registry",
  "read_virtual_registry",
  "write_virtual_registry",
] as const;

export const deployTokenFields = z
  .strictObject({
    name,
    username: z
      .string()
      .regex(/^[A-Za-z0-9.+_-]+$/)
      .max(255)
      .optional(),
    scopes: scopes(deployScopes),
    expires_at: dayOrTime.nullable().optional(),
  })
  .openapi("DeployTokenFields");

export const jobToken = z
  .strictObject({
    id,
    user_id: id,
    project_id: id,
    created_at: time,
    expires_at: time,
    active: z.boolean(),
  })
  .openapi("JobToken");
export const newJobToken = z.strictObject({ ...jobToken.shape, ...once }).openapi("NewJobToken");

export const jobTokenFields = z
  .strictObject({
    user_id: id,
    project_id: id,
    ttl_seconds: z.int().min(1).max(86_400).optional(),
  })
  .openapi("JobTokenFields");
