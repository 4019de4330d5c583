import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ask, askPage, askTagged } from "../../api/client.ts";
import { pageSize } from "../../api/pages.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";

type Schemas = components["schemas"];
export type CachedRepository = Schemas["CachedRepository"];
/** These are always null: the types of answers leave them out. */
type Unkept = "file_md5" | "file_sha1";
export type CacheEntry = Omit<Schemas["CacheEntry"], Unkept>;
export type EntryDetail = Omit<Schemas["CacheEntryDetail"], Unkept>;
export type Manifest = NonNullable<EntryDetail["manifest"]>;
export type EntryKind = EntryDetail["kind"];

const refreshMs = 15_000;

/** The repositories of an upstream in order of name, by keyset: each page begins behind the last name of the one before. */
export function useRepositories(upstreamId: number, text: string) {
  // Names of repositories are in lower case.
  const search = text.toLowerCase();
  return useInfiniteQuery({
    queryKey: ["cache", upstreamId, "repositories", search],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam: after, signal }) =>
      askPage(
        api.GET("/api/v4/virtual_registries/container/upstreams/{id}/repositories", {
          params: {
            path: { id: upstreamId },
            query: { per_page: pageSize, ...(search && { search }), ...(after && { after }) },
          },
          signal,
        }),
      ),
    getNextPageParam: ({ items, next }) =>
      next === undefined ? undefined : items.at(-1)?.repository,
  });
}

/** One repository by its exact name; null where nothing of it is cached, or where too many have the name in theirs. */
export function useRepository(upstreamId: number, repository: string) {
  return useQuery({
    queryKey: ["cache", upstreamId, "repository", repository],
    queryFn: async ({ signal }) => {
      const { items } = await askPage(
        api.GET("/api/v4/virtual_registries/container/upstreams/{id}/repositories", {
          params: {
            path: { id: upstreamId },
            query: { per_page: pageSize, search: repository },
          },
          signal,
        }),
      );
      return items.find((each) => each.repository === repository) ?? null;
    },
  });
}

export interface EntryList {
  upstreamId: number;
  search: string;
  /** Of this repository alone, in order of reference; otherwise the newest first. */
  repository?: string;
  kind?: EntryKind;
}

export const entriesKey = ({ upstreamId, ...list }: EntryList) =>
  ["cache", upstreamId, "entries", list] as const;

export const askEntries =
  ({ upstreamId, search, repository, kind }: EntryList) =>
  (page: number, signal: AbortSignal) =>
    askPage(
      api.GET("/api/v4/virtual_registries/container/upstreams/{id}/cache_entries", {
        params: {
          path: { id: upstreamId },
          query: {
            page,
            per_page: pageSize,
            ...(search && { search }),
            ...(repository !== undefined && { repository }),
            ...(kind && { kind }),
          },
        },
        signal,
      }),
    );

export const entryKey = (id: string) => ["cache entry", id] as const;

/** An entry and what its manifest leads to, with its `ETag`. */
export function useEntry(id: string) {
  return useQuery({
    queryKey: entryKey(id),
    refetchInterval: refreshMs,
    queryFn: ({ signal }) =>
      askTagged(
        api.GET("/api/v4/virtual_registries/container/cache_entries/{id}", {
          params: { path: { id } },
          signal,
        }),
      ),
  });
}

export const useGroupSummary = (groupId: number) =>
  useQuery({
    queryKey: ["statistics", String(groupId)],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics", {
          params: { path: { id: String(groupId) } },
          signal,
        }),
      ),
  });

/** After a change: whatever is known of what is cached is read anew where it is shown. */
export async function cacheChanged(): Promise<void> {
  const kinds = ["cache", "cache entry", "statistics"];
  await queries.invalidateQueries({
    predicate: ({ queryKey: [kind] }) => kinds.includes(String(kind)),
  });
}
