import { useQuery } from "@tanstack/react-query";
import { api, ask, askPage } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { asked } from "../../api/told.ts";

type Schemas = components["schemas"];
export type Prefetch = Schemas["Prefetch"];
export type PrefetchImage = Schemas["PrefetchImage"];
export type PrefetchFields = Schemas["PrefetchFields"];

const listMs = 10_000;

export function usePrefetches(registryId: number) {
  return usePages(
    ["prefetches", registryId],
    (page, signal) =>
      askPage(
        api.GET("/api/v4/virtual_registries/container/registries/{id}/prefetches", {
          params: { path: { id: registryId }, query: { page } },
          signal,
        }),
      ),
    listMs,
  );
}

export const prefetchKey = (id: number) => ["prefetch", id] as const;

/** What becomes of it while it runs comes by events; this finds out that it does. */
export function usePrefetch(id: number) {
  return useQuery({
    queryKey: prefetchKey(id),
    refetchInterval: listMs,
    queryFn: ({ queryKey, signal }) =>
      asked(
        queryKey,
        ask(
          api.GET("/api/v4/virtual_registries/container/prefetches/{id}", {
            params: { path: { id } },
            signal,
          }),
        ),
      ),
  });
}

export const eventsUrl = (id: number): string =>
  `/api/v4/virtual_registries/container/prefetches/${id}/events`;

export async function prefetchesChanged(): Promise<void> {
  const kinds = ["prefetches", "prefetch"];
  await queries.invalidateQueries({
    predicate: ({ queryKey: [kind] }) => kinds.includes(String(kind)),
  });
}
