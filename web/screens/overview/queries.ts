import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { beginOf, type Range } from "./ranges.ts";

const refreshMs = 30_000;
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
