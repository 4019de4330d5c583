import type { PullsWanted } from "../../api/live.ts";

const idOf = (text: string | null) =>
  text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;

const longestName = 255;

/** The filters of an address; what none of them can be is none. */
export function wantedOf(search: URLSearchParams): PullsWanted {
  const registry = idOf(search.get("registry_id"));
  const upstream = idOf(search.get("upstream_id"));
  const repository = (search.get("repository") ?? "").trim().slice(0, longestName);
  return {
    ...(registry !== undefined && { registry_id: registry }),
    ...(upstream !== undefined && { upstream_id: upstream }),
    ...(repository && { repository }),
    ...(search.get("failed") === "true" && { failed: "true" }),
  };
}
