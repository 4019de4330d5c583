import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { api, ask } from "../../api/client.ts";
import { type Choice, Select } from "../../ui/choices.tsx";
import { SearchField, Switch } from "../../ui/fields.tsx";
import { useRegistries } from "../registries/queries.ts";

const all = "all";

/** What is wanted of the log, as the address has it. */
export function Filters({ groupId }: { groupId: number }) {
  const [search, setSearch] = useSearchParams();
  const set = (name: string, value: string) =>
    setSearch(
      (before) => {
        if (value === "" || value === all) before.delete(name);
        else before.set(name, value);
        before.delete("pull");
        return before;
      },
      { replace: name === "repository" },
    );
  const registries = useRegistries(groupId).data ?? [];
  const upstreams = useUpstreamNames(groupId);
  const valueOf = (name: string) => search.get(name) ?? all;
  return (
    <div className="live-filters" role="search" aria-label="Filters of the log">
      <Select
        label="Registry"
        choices={choicesOf("All registries", registries, valueOf("registry_id"))}
        value={valueOf("registry_id")}
        onChange={(id) => set("registry_id", id)}
      />
      <Select
        label="Upstream"
        choices={choicesOf("All upstreams", upstreams, valueOf("upstream_id"))}
        value={valueOf("upstream_id")}
        onChange={(id) => set("upstream_id", id)}
      />
      <div className="field">
        <span className="live-filter-name" aria-hidden="true">
          Repository
        </span>
        <SearchField
          label="Repository"
          placeholder="A part of the name, or library/**"
          value={search.get("repository") ?? ""}
          onChange={(text) => set("repository", text)}
        />
      </div>
      <Switch
        label="Failed only"
        isSelected={search.get("failed") === "true"}
        onChange={(isOn) => set("failed", isOn ? "true" : "")}
      />
    </div>
  );
}

/** One that the address names stays a choice, though nothing is known of it. */
function choicesOf(
  allOfThem: string,
  named: readonly { id: number; name: string }[],
  chosen: string,
): Choice[] {
  const choices = named.map(({ id, name }) => ({ id: String(id), label: name }));
  const isKnown = chosen === all || choices.some(({ id }) => id === chosen);
  const unknown = isKnown ? [] : [{ id: chosen, label: `Number ${chosen}` }];
  return [{ id: all, label: allOfThem }, ...choices, ...unknown];
}

const mostUpstreams = 100;

function useUpstreamNames(groupId: number): readonly { id: number; name: string }[] {
  const { data = [] } = useQuery({
    queryKey: ["upstreams", groupId, "names"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/upstreams", {
          params: { path: { id: String(groupId) }, query: { per_page: mostUpstreams } },
          signal,
        }),
      ),
  });
  return data;
}
