import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { idParams } from "./fields.ts";
import type { ApiOptions } from "./options.ts";
import { purgeQuery, selectionOf } from "./purges.ts";
import { upstreamDetailJson } from "./represent.ts";
import { upstreamChanges, upstreamDetail } from "./upstream-fields.ts";
import { asSeen, refuseHidden, refuseInner, settingsGiven } from "./upstream-settings.ts";

const one = "/virtual_registries/container/upstreams/{id}";

/** Endpoints 11 to 14. */
export function upstreamEndpoints(api: Api, options: ApiOptions): void {
  getUpstream(api, options);
  changeUpstream(api, options);
  deleteUpstream(api, options);
  purgeUpstream(api, options);
}

function getUpstream(api: Api, options: ApiOptions): void {
  const { management, client } = options;
  endpoint(
    api,
    {
      method: "get",
      path: one,
      summary: "Get an upstream, and how it is doing",
      action: "read_registry",
      params: idParams,
      answer: upstreamDetail,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, caller }) => {
      const found = granted(await management.upstreams.get(params.id));
      const seen = await asSeen(options, caller, found);
      return { body: upstreamDetailJson(seen, client.health(found)), headers: tagged(found) };
    },
  );
}

function changeUpstream(api: Api, options: ApiOptions): void {
  const { management, isInner, client } = options;
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: one,
      summary:
        "Change an upstream; with another URL its credentials go, unless both are given anew",
      action: "change_upstream",
      params: idParams,
      body: upstreamChanges,
      answer: upstreamDetail,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, caller, author }) => {
      const { id } = granted(await management.upstreams.get(params.id));
      const changes = settingsGiven(atLeastOne(upstreamChanges, await body()));
      await refuseHidden(options, caller, changes.verifiedGroup);
      await refuseInner(isInner, changes.url);
      const { upstreams } = management.by(author);
      const changed = granted(await upstreams.change(id, changes, condition()));
      const seen = await asSeen(options, caller, changed);
      return { body: upstreamDetailJson(seen, client.health(changed)), headers: tagged(changed) };
    },
  );
}

function deleteUpstream(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: one,
      summary: "Delete an upstream from every registry, with its cache",
      action: "change_upstream",
      params: idParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await management.upstreams.get(params.id));
      return removed(await management.by(author).upstreams.remove(id, condition()));
    },
  );
}

function purgeUpstream(api: Api, { management, runner }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${one}/cache`,
      summary: "Empty an upstream's cache, or give up what a pattern is for",
      action: "purge_registry",
      params: idParams,
      query: purgeQuery,
      status: 204,
    },
    async ({ params, query, granted, condition, author }) => {
      const { id } = granted(await management.upstreams.get(params.id));
      const { upstreams } = management.by(author);
      const removal = await upstreams.purge(id, condition(), selectionOf(query));
      await runner.wake("purges");
      return removed(removal);
    },
  );
}
