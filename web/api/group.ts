import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { useLocation, useSearchParams } from "wouter";
import { api, ask } from "./client.ts";
import type { components } from "./schema.ts";

export type Group = components["schemas"]["Group"];

const key = "weir.group";
const most = 100;

/** Of this tab, and where that has none yet, of the last one. */
function remembered(): string | null {
  return sessionStorage.getItem(key) ?? localStorage.getItem(key);
}

function remember(path: string): void {
  sessionStorage.setItem(key, path);
  localStorage.setItem(key, path);
}

/** Top-level groups whose name or path has the words: those that registries belong to. */
export function useGroups(search = "") {
  return useQuery({
    queryKey: ["groups", search],
    queryFn: async ({ signal }) => {
      const query = { per_page: most, ...(search && { search }) };
      const groups = await ask(api.GET("/api/v4/groups", { params: { query }, signal }));
      return groups.filter(({ parent_id: parent }) => parent === null);
    },
  });
}

/** The group that is looked at: that of the address (`?group=`), else the one remembered, else the first. */
export function useGroup(): { group: Group | undefined; isLoading: boolean; error: unknown } {
  const { data, isPending, error } = useGroups();
  const [search] = useSearchParams();
  const named = search.get("group");
  useEffect(() => {
    if (named !== null) remember(named);
  }, [named]);
  const wanted = named ?? remembered();
  const group = data?.find(({ full_path: path }) => path === wanted) ?? data?.[0];
  return { group, isLoading: isPending, error };
}

/** At a thing that belongs to a group, that is the one looked at. */
export function useGroupOf(groupId: number | undefined): void {
  const { data } = useGroups();
  const { group } = useGroup();
  const [, setSearch] = useSearchParams();
  const path = data?.find(({ id }) => id === groupId)?.full_path;
  useEffect(() => {
    if (path === undefined || path === group?.full_path) return;
    setSearch(
      (before) => {
        before.set("group", path);
        return before;
      },
      { replace: true },
    );
  }, [path, group?.full_path, setSearch]);
}

/** Looks at another group from now on: from within something of the former one it leads out, to the screen above. */
export function useChooseGroup(): (path: string) => void {
  const [location, navigate] = useLocation();
  return useCallback(
    (path) => {
      remember(path);
      const [, screen = ""] = location.split("/");
      navigate(`/${screen}?${new URLSearchParams({ group: path })}`);
    },
    [location, navigate],
  );
}
