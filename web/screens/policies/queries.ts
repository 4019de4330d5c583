import { useQuery } from "@tanstack/react-query";
import { api, askTagged } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import type { Group } from "../../api/group.ts";
import type { components } from "../../api/schema.ts";

type Schemas = components["schemas"];
export type CleanupPolicy = Schemas["CleanupPolicy"];
export type CleanupFields = Schemas["CleanupPolicyFields"];

export const groupParams = ({ id }: Group) => ({ path: { id: String(id) } });

export const cleanupKey = ({ id }: Group) => ["cleanup", id] as const;

export const readCleanup = (group: Group, signal: AbortSignal) =>
  askTagged(
    api.GET("/api/v4/groups/{id}/-/virtual_registries/cleanup/policy", {
      params: groupParams(group),
      signal,
    }),
  );

/** Kept new, as a run may be under way; null where the group has none. */
export function useCleanup(group: Group) {
  return useQuery({
    queryKey: cleanupKey(group),
    refetchInterval: 10_000,
    queryFn: async ({ signal }) => {
      try {
        return (await readCleanup(group, signal)).data;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
}
