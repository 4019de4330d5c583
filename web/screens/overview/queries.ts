import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { beginOf, type Range } from "./ranges.ts";

export const refreshSeconds = 30;
const refreshMs = refreshSeconds * 1000;
const mostRepositories = 10;

/** What the group's registries hold. */
export function useSummary(id: string) {
  return useQuery({
    queryKey: ["statistics", id],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics", {
          params: { path: { id } },
          signal,
        }),
      ),
    refetchInterval: refreshMs,
  });
}

/** Pulls by hour or day. */
export function useHistory(id: string, range: Range) {
  return useQuery({
    queryKey: ["statistics", id, "history", range.id],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics/history", {
          params: {
            path: { id },
            query: { interval: range.interval, from: beginOf(range, Date.now()) },
          },
          signal,
        }),
      ),
    refetchInterval: refreshMs,
  });
}

/** Where most is pulled. */
export function useTopRepositories(id: string, range: Range) {
  return useQuery({
    queryKey: ["statistics", id, "repositories", range.id],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics/repositories", {
          params: {
            path: { id },
            query: { from: beginOf(range, Date.now()), limit: mostRepositories },
          },
          signal,
        }),
      ),
    refetchInterval: refreshMs,
  });
}

/** What the whole server stores. */
export function useSpace() {
  return useQuery({
    queryKey: ["space"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/space", { signal })),
    refetchInterval: refreshMs,
  });
}
