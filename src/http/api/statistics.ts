import { z } from "@hono/zod-openapi";
import type { Caller } from "../../access/contract.ts";
import {
  type Counters,
  type HistoryFilter,
  keptDays,
  type Point,
} from "../../metadata/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { badRequest, notFound } from "./errors.ts";
import {
  groupStatistics,
  historyQuery,
  repositoryStatistics,
  statisticsPoint,
  topQuery,
} from "./statistics-fields.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import { cacheStatuses } from "./live-fields.ts";
import type { ApiOptions } from "./options.ts";
import { upstreamsFor } from "./shown.ts";

const ofGroup = "/groups/{id}/-/virtual_registries/container/statistics";
const dayMs = 86_400_000;
const spanMs = { five_minutes: 300_000, hour: 3_600_000, day: dayMs };
/** Intervals that are told where nothing is said of that. */
const usual = { five_minutes: 12, hour: 48, day: 30 };
/** Days of which the most pulled repositories are told. */
const maxTopDays = 31;

/** What a group's registries hold, and what they are used for. */
export function statisticsEndpoints(api: Api, options: ApiOptions): void {
  summary(api, options);
  history(api, options);
  repositories(api, options);
}

function summary(api: Api, { management, statistics, pullStatistics, space }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: ofGroup,
      summary: "What a group's registries hold, and how often they were pulled from in 30 days",
      action: "read_registry",
      params: groupParams,
      answer: groupStatistics,
      status: 200,
    },
    async ({ params, granted }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      await pullStatistics.flush();
      const { registries, upstreams, entries, size, counters } = await statistics.summary(id);
      const { bytes = 0, maxBytes } = (await space.group(id)) ?? {};
      return {
        body: {
          registries,
          upstreams,
          cache_entries: entries,
          cache_size: size,
          cached_bytes: bytes,
          cache_max_bytes: maxBytes ?? null,
          hits_30d: hitsOf(counters),
          misses_30d: missesOf(counters),
        },
      };
    },
  );
}

function history(api: Api, options: ApiOptions): void {
  const { management, statistics, pullStatistics, clock } = options;
  endpoint(
    api,
    {
      method: "get",
      path: `${ofGroup}/history`,
      summary:
        "Pulls by five minutes, hour or day, all of the group's, or those of an upstream or repository",
      action: "read_registry",
      params: groupParams,
      query: historyQuery,
      answer: z.array(statisticsPoint),
      status: 200,
    },
    async ({ params, query, granted, caller }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      const { interval: span = "day", repository, upstream_id: upstreamId } = query;
      if (repository !== undefined && span !== "day") {
        throw badRequest("repository needs interval to be day");
      }
      const ms = spanMs[span];
      const most = keptDays[span] * (dayMs / ms);
      const { from, to } = timesOf(query, clock.now(), { ms, most, usual: usual[span] });
      const without = await hiddenUpstreams(options, caller, id);
      if (upstreamId !== undefined) await requireUpstream(options, id, upstreamId, without);
      await pullStatistics.flush();
      const filter = { groupId: id, from, to, upstreamId };
      const points =
        repository === undefined
          ? await statistics.history({ ...filter, span })
          : await statistics.ofRepository({ ...filter, repository, without });
      return { body: filled(points, filter, ms).map(pointJson) };
    },
  );
}

function repositories(api: Api, options: ApiOptions): void {
  const { management, statistics, pullStatistics, clock } = options;
  endpoint(
    api,
    {
      method: "get",
      path: `${ofGroup}/repositories`,
      summary: "The repositories with the most pulls",
      action: "read_registry",
      params: groupParams,
      query: topQuery,
      answer: z.array(repositoryStatistics),
      status: 200,
    },
    async ({ params, query, granted, caller }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      const { upstream_id: upstreamId, limit = 20 } = query;
      const times = timesOf(query, clock.now(), { ms: dayMs, most: maxTopDays, usual: usual.day });
      const without = await hiddenUpstreams(options, caller, id);
      if (upstreamId !== undefined) await requireUpstream(options, id, upstreamId, without);
      await pullStatistics.flush();
      const filter = { groupId: id, ...times, upstreamId, without, limit };
      const top = await statistics.topRepositories(filter);
      return {
        body: top.map(({ upstreamId, repository, counters }) => ({
          upstream_id: upstreamId,
          repository,
          ...countersJson(counters),
        })),
      };
    },
  );
}

/** From the beginning of the first interval to the end of the last; in all not more than are kept. */
function timesOf(
  { from, to }: { from?: number | undefined; to?: number | undefined },
  now: number,
  { ms, most, usual }: { ms: number; most: number; usual: number },
): { from: number; to: number } {
  const end = Math.min(to ?? now, now);
  const after = Math.floor(end / ms) * ms + ms;
  const first = Math.floor((from ?? after - Math.min(usual, most) * ms) / ms) * ms;
  if (first >= after) throw badRequest("from is not before to");
  if (after - first > most * ms) throw badRequest(`from is more than ${most} intervals before to`);
  return { from: first, to: after };
}

/** Names of repositories at these are not for the caller. */
async function hiddenUpstreams(
  options: ApiOptions,
  caller: Caller,
  groupId: number,
): Promise<number[]> {
  const { hidden } = await upstreamsFor(caller, groupId, options);
  return hidden.map(({ id }) => id);
}

async function requireUpstream(
  { management }: Pick<ApiOptions, "management">,
  groupId: number,
  id: number,
  hidden: readonly number[],
): Promise<void> {
  const found = await management.upstreams.get(id);
  if (found?.groupId !== groupId || hidden.includes(id)) throw notFound("Upstream");
}

/** With those in between in which nothing happened. */
function filled(
  points: readonly Point[],
  { from, to }: Pick<HistoryFilter, "from" | "to">,
  ms: number,
): { at: number; counters: Counters | undefined }[] {
  const known = new Map(points.map(({ at, counters }) => [at, counters]));
  return Array.from({ length: (to - from) / ms }, (_, i) => {
    const at = from + i * ms;
    return { at, counters: known.get(at) };
  });
}

/** Answered from what was here. */
const hitsOf = ({ hit, stale, revalidated }: Counters) => hit + stale + revalidated;
/** Answered with what came from an upstream. */
const missesOf = ({ miss, collapsed, window, bypass }: Counters) =>
  miss + collapsed + window + bypass;

const pointJson = ({ at, counters }: { at: number; counters: Counters | undefined }) => ({
  at: new Date(at).toISOString(),
  ...countersJson(counters),
});

function countersJson(counters: Counters | undefined) {
  const pulls = Object.fromEntries(
    cacheStatuses.map((status) => [status, counters?.[status] ?? 0]),
  );
  return {
    hits: counters ? hitsOf(counters) : 0,
    misses: counters ? missesOf(counters) : 0,
    pulls,
    bytes_from_cache: counters?.bytesFromCache ?? 0,
    bytes_from_upstream: counters?.bytesFromUpstream ?? 0,
    upstream_requests: counters?.requests ?? 0,
    upstream_errors: counters?.errors ?? 0,
  };
}
