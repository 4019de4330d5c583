import { z } from "@hono/zod-openapi";
import type { Group, Management } from "../../metadata/contract.ts";
import { atLeastOne } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { ApiError } from "./errors.ts";
import { group, groupChanges } from "./group-fields.ts";
import type { ApiOptions } from "./options.ts";
import { groupJson } from "./represent.ts";

/** In a path: a group's id or its path. */
export const groupParams = z.strictObject({
  id: z
    .string()
    .max(255)
    .openapi({ description: "id or path of a group, %2F for a slash", example: "default" }),
});

type OwnGroup = Group & { groupId: number };

/** The group as something that belongs to itself, for judging rights. */
export async function findGroup(
  management: Management,
  { id }: { id: string },
): Promise<OwnGroup | undefined> {
  const by = /^\d{1,15}$/.test(id) ? { id: Number(id) } : { path: id };
  const found = await management.group(by);
  return found && { ...found, groupId: found.id };
}

/** The group as it is stored, for its tag. */
export const recordOf = ({ id, path, name, lineage }: OwnGroup): Group => ({
  id,
  path,
  name,
  lineage,
});

/** Throws for a subgroup: what registries and upstreams there are, there are in top-level groups. */
export function topLevel(found: OwnGroup): OwnGroup {
  if (found.lineage.length === 1) return found;
  throw new ApiError(400, {
    message: "400 Bad request - only available on top-level groups.",
  });
}

export function groupEndpoints(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "put",
      conditional: true,
      path: "/groups/{id}",
      summary:
        "Give a group another name or path; the Dependency Proxy is found by the former path too",
      action: "change_group",
      params: groupParams,
      body: groupChanges,
      answer: group,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = granted(await findGroup(management, params));
      const changes = atLeastOne(groupChanges, await body());
      const changed = await management.by(author).groups.change(id, changes, condition());
      const group = granted(changed && { ...changed, groupId: id });
      return { body: groupJson(group), headers: tagged(changed ?? group) };
    },
  );
}
