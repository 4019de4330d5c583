import { z } from "@hono/zod-openapi";
import { PullFilter } from "../live/filter.ts";
import { windowMinutes } from "../live/requests.ts";
import { PullWatch } from "../live/watch.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import { eventsQuery, groupHealth, pull, pullsQuery, usualPulls } from "./live-fields.ts";
import { LiveStream } from "./live-stream.ts";
import { LiveView } from "./live-view.ts";
import type { ApiOptions } from "./options.ts";

const ofGroup = "/groups/{id}/-/virtual_registries/container";

/** What happens in a group's registries at this server, now and a moment ago. */
export function liveEndpoints(api: Api, options: ApiOptions): void {
  listPulls(api, options);
  health(api, options);
  events(api, options);
}

function listPulls(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${ofGroup}/pulls`,
      summary: "The latest pulls at this server that have ended, the newest first",
      action: "read_registry",
      params: groupParams,
      query: pullsQuery,
      answer: z.array(pull),
      status: 200,
    },
    async ({ params, query, granted, caller }) => {
      const { id } = topLevel(granted(await findGroup(options.management, params)));
      const view = await LiveView.of(caller, id, options);
      const filter = new PullFilter(id, wantedBy(query), view);
      return { body: await view.pulls(filter, query.limit ?? usualPulls) };
    },
  );
}

function health(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${ofGroup}/health`,
      summary:
        "How a group's upstreams have been doing in the last minutes, and the fills under way",
      action: "read_registry",
      params: groupParams,
      answer: groupHealth,
      status: 200,
    },
    async ({ params, granted, caller }) => {
      const { id } = topLevel(granted(await findGroup(options.management, params)));
      const view = await LiveView.of(caller, id, options);
      const upstreams = view.health();
      return {
        body: { window_minutes: windowMinutes, upstreams, fills: await view.fills() },
      };
    },
  );
}

function events(api: Api, options: ApiOptions): void {
  const { management, watchers } = options;
  endpoint(
    api,
    {
      method: "get",
      path: `${ofGroup}/events`,
      summary: "Follow pulls, fills and the health of upstreams as server-sent events",
      action: "read_registry",
      params: groupParams,
      query: eventsQuery,
      download: "text/event-stream",
      status: 200,
      refusals: [429],
    },
    async ({ params, query, granted, caller, again, leaves, raw }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      const view = await LiveView.of(caller, id, options);
      const filter = new PullFilter(id, wantedBy(query), view);
      const position = raw().request.headers.get("last-event-id") ?? undefined;
      let stream: LiveStream | undefined;
      const begin = () => (stream = new LiveStream(view, new PullWatch(filter), position));
      const still = async () => {
        const now = await LiveView.again(await again(), id, options);
        if (!now || !stream) return false;
        stream.view = now;
        filter.sight = now;
        return true;
      };
      return { events: watchers.listen(begin, { userId: caller.userId, still, leaves }) };
    },
  );
}

const wantedBy = (query: z.output<typeof eventsQuery>) => ({
  registryId: query.registry_id,
  upstreamId: query.upstream_id,
  repository: query.repository,
  failed: query.failed === "true",
});
