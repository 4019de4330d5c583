import { useQuery } from "@tanstack/react-query";
import { useSeen } from "../ui/seen.ts";
import { api, ask } from "./client.ts";
import { type Events, useEvents } from "./events.ts";
import { queries } from "./queries.ts";
import type { components } from "./schema.ts";
import { asked, told } from "./told.ts";

export type Pull = components["schemas"]["Pull"];
export type Fill = components["schemas"]["Fill"];
export type UpstreamHealth = components["schemas"]["UpstreamHealth"];
export type GroupHealth = components["schemas"]["GroupHealth"];

/** Which pulls somebody wants to see, as the API has it. */
export interface PullsWanted {
  registry_id?: number;
  upstream_id?: number;
  repository?: string;
  failed?: "true";
}

/** Where there is no stream, things are asked for so often. */
const pollMs = 10_000;

export interface LiveHandlers {
  pull: (pull: Pull) => void;
  /** Undefined: nobody knows how many. */
  skipped: (pulls: number | undefined) => void;
  opened: (isAgain: boolean) => void;
}

/**
 * The one stream of a screen: pulls go to the handlers, health and fills to who asks for `useHealth`. It is closed while
 * nobody has seen the page for long.
 */
export function useLive(groupId: number, wanted: PullsWanted, handlers: LiveHandlers): Events {
  const isSeen = useSeen();
  const key = healthKey(groupId);
  const put = (part: Partial<GroupHealth>) =>
    told<GroupHealth>(key, (known) => ({ ...known, ...part }));
  const entries = Object.entries(wanted).map(([name, value]) => [name, String(value)]);
  const query = new URLSearchParams(entries);
  const url = `/api/v4/groups/${groupId}/-/virtual_registries/container/events?${query}`;
  return useEvents(
    isSeen ? url : undefined,
    {
      pull: (data) => handlers.pull(data as Pull),
      skipped: (data) => handlers.skipped((data as { pulls: number | null }).pulls ?? undefined),
      health: (data) => put({ upstreams: data as UpstreamHealth[] }),
      fills: (data) => put({ fills: data as Fill[] }),
    },
    handlers.opened,
  );
}

/** How often to ask, beside this stream; false where it tells everything. */
export const pollOf = ({ state }: Events): number | false =>
  state === "refused" || state === "waiting" ? pollMs : false;

const healthKey = (groupId: number) => ["health", groupId] as const;

/** How the upstreams do, and the fills under way; kept new by the stream, or by asking where there is none. */
export function useHealth(groupId: number, events: Events) {
  return useQuery({
    queryKey: healthKey(groupId),
    queryFn: ({ queryKey, signal }) =>
      asked(
        queryKey,
        ask(
          api.GET("/api/v4/groups/{id}/-/virtual_registries/container/health", {
            params: { path: { id: String(groupId) } },
            signal,
          }),
        ),
      ),
    refetchInterval: pollOf(events),
  });
}

const pullsKey = (groupId: number, wanted: PullsWanted, limit: number) =>
  ["pulls", groupId, wanted, limit] as const;

export function usePulls(groupId: number, wanted: PullsWanted, limit: number, events: Events) {
  return useQuery({
    queryKey: pullsKey(groupId, wanted, limit),
    queryFn: ({ queryKey, signal }) =>
      asked(
        queryKey,
        ask(
          api.GET("/api/v4/groups/{id}/-/virtual_registries/container/pulls", {
            params: { path: { id: String(groupId) }, query: { ...wanted, limit } },
            signal,
          }),
        ),
      ),
    // What the stream has told meanwhile is not in what was asked for before.
    staleTime: 0,
    refetchInterval: pollOf(events),
  });
}

/** A pull that the stream has told, before those that are known of the same. */
export function keepPull(groupId: number, wanted: PullsWanted, limit: number, pull: Pull): void {
  told<Pull[]>(pullsKey(groupId, wanted, limit), (known) =>
    known.some(({ id }) => id === pull.id) ? known : [pull, ...known].slice(0, limit),
  );
}

/** Asks anew for the pulls of a group, whatever is wanted of them. */
export const refreshPulls = (groupId: number): Promise<void> =>
  queries.invalidateQueries({ queryKey: ["pulls", groupId] });
