import { z } from "@hono/zod-openapi";
import type { Group, Management } from "../../metadata/contract.ts";

/** In a path: a group's id or its path. */
export const groupParams = z.strictObject({
  id: z.string().max(255).openapi({ description: "id or path of a group", example: "default" }),
});

/** The group as something that belongs to itself, for judging rights. */
export async function findGroup(
  management: Management,
  { id }: { id: string },
): Promise<(Group & { groupId: number }) | undefined> {
  const by = /^\d{1,15}$/.test(id) ? { id: Number(id) } : { path: id };
  const group = await management.group(by);
  return group && { ...group, groupId: group.id };
}
