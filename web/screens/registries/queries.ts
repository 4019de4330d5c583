import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ask, askPage, askTagged } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";

export type Registry = components["schemas"]["Registry"];
export type RegistryDetail = components["schemas"]["RegistryDetail"];
export type Upstream = components["schemas"]["Upstream"];
export type UpstreamDetail = components["schemas"]["UpstreamDetail"];
export type PlacedUpstream = components["schemas"]["PlacedUpstream"];
export type Health = components["schemas"]["Health"];

export type Order = { data: PlacedUpstream[]; tag: string };

const healthMs = 10_000;

export function useRegistries(groupId: number | undefined) {
  return useQuery({
    queryKey: ["registries", groupId],
    enabled: groupId !== undefined,
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/registries", {
          params: { path: { id: String(groupId) } },
          signal,
        }),
      ),
  });
}

export function useRegistry(id: number) {
  return useQuery({
    queryKey: ["registry", id],
    queryFn: ({ signal }) =>
      askTagged(
        api.GET("/api/v4/virtual_registries/container/registries/{id}", {
          params: { path: { id } },
          signal,
        }),
      ),
  });
}

/** The upstreams of a registry, in the order in which they are asked. */
export const useUpstreamsOf = (registryId: number | undefined) =>
  useOrdered(registryId, ({ data }) => data);

/** The same with the tag of their order. */
export const useOrder = (registryId: number) => useOrdered(registryId, (order) => order);

function useOrdered<T>(registryId: number | undefined, select: (order: Order) => T) {
  return useQuery({
    queryKey: upstreamsOfKey(registryId),
    enabled: registryId !== undefined,
    select,
    queryFn: ({ signal }) =>
      askTagged(
        api.GET("/api/v4/virtual_registries/container/registries/{id}/upstreams", {
          params: { path: { id: registryId ?? 0 } },
          signal,
        }),
      ),
  });
}

export const upstreamsOfKey = (registryId: number | undefined) =>
  ["registry", registryId, "upstreams"] as const;

/** The upstreams of a group whose name has the words, those too that are in no registry. */
export function useUpstreams(groupId: number | undefined, search: string) {
  return useInfiniteQuery({
    queryKey: ["upstreams", groupId, search],
    enabled: groupId !== undefined,
    initialPageParam: 1,
    queryFn: ({ pageParam, signal }) =>
      askPage(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/upstreams", {
          params: {
            path: { id: String(groupId) },
            query: { page: pageParam, ...(search && { upstream_name: search }) },
          },
          signal,
        }),
      ),
    getNextPageParam: ({ next }) => next,
  });
}

/** An upstream with its registries and its health, which is kept new. */
export function useUpstream(id: number) {
  return useQuery({
    queryKey: ["upstream", id],
    refetchInterval: healthMs,
    queryFn: ({ signal }) =>
      askTagged(
        api.GET("/api/v4/virtual_registries/container/upstreams/{id}", {
          params: { path: { id } },
          signal,
        }),
      ),
  });
}

/** How an upstream has done in the last minutes, as the server that answers has seen it. */
export function useUpstreamHealth(groupId: number, id: number) {
  return useQuery({
    queryKey: ["health", groupId],
    refetchInterval: healthMs,
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/health", {
          params: { path: { id: String(groupId) } },
          signal,
        }),
      ),
    select: ({ window_minutes: minutes, upstreams }) => ({
      minutes,
      seen: upstreams.find((upstream) => upstream.id === id),
    }),
  });
}

/** After a change: whatever is known of registries and upstreams is read anew where it is shown. */
export async function registriesChanged(): Promise<void> {
  const kinds = ["registries", "registry", "upstreams", "upstream", "statistics"];
  await queries.invalidateQueries({
    predicate: ({ queryKey: [kind] }) => kinds.includes(String(kind)),
  });
}
