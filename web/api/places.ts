import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { api, askPage } from "./client.ts";
import { type Group, useGroup } from "./group.ts";
import { askAll, mostAtOnce } from "./pages.ts";
import { isWithin } from "./rights.ts";

/** Every group that one may get, those below others too, in the order of their paths. */
export function useAllGroups() {
  return useQuery({
    queryKey: ["groups", "", "all"],
    queryFn: async ({ signal }) => {
      const { items } = await askAll((page) =>
        askPage(
          api.GET("/api/v4/groups", { params: { query: { page, per_page: mostAtOnce } }, signal }),
        ),
      );
      return items.sort((a, b) => (a.full_path < b.full_path ? -1 : 1));
    },
  });
}

export interface Place {
  group: Group;
  /** The group that is looked at and all below it: what one can go to from here. */
  choices: Group[];
  /** Every group that one may get. */
  all: Group[];
}

/** The group that a screen is about: that of the address (`?in=acme/tools`), else the one that is looked at. */
export function usePlace(): { place: Place | undefined; isLoading: boolean; error: unknown } {
  const { data: all, error, isPending } = useAllGroups();
  const { group: top, isLoading } = useGroup();
  const [search] = useSearchParams();
  const wanted = search.get("in");
  const group = all?.find(({ full_path: path }) => path === wanted) ?? top ?? all?.[0];
  if (!all || isLoading || !group) {
    return { place: undefined, isLoading: isPending || isLoading, error };
  }
  const [root = ""] = group.full_path.split("/");
  const choices = all.filter(({ full_path: path }) => isWithin(path, root));
  return { place: { group, choices, all }, isLoading: false, error: null };
}
