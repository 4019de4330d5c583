import { z } from "@hono/zod-openapi";
import { tagOfOrder } from "./associations.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { idParams } from "./fields.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery, searchWords } from "./pages.ts";
import { placedUpstreamJson, upstreamJson } from "./represent.ts";
import { placedUpstream, upstream, upstreamFields } from "./upstream-fields.ts";
import { asSeen, newSettings, refuseHidden, refuseInner } from "./upstream-settings.ts";

const ofRegistry = "/virtual_registries/container/registries/{id}/upstreams";

/** Endpoints 7, 9 and 10, and that for an upstream in no registry. */
export function upstreamListEndpoints(api: Api, options: ApiOptions): void {
  listGroupUpstreams(api, options);
  createUnlisted(api, options);
  listUpstreams(api, options);
  createUpstream(api, options);
}

function listGroupUpstreams(api: Api, options: ApiOptions): void {
  const { management, externalUrl } = options;
  endpoint(
    api,
    {
      method: "get",
      path: "/groups/{id}/-/virtual_registries/container/upstreams",
      summary: "List the upstreams of a group",
      action: "read_registry",
      params: groupParams,
      query: z.strictObject({ ...pageQuery, upstream_name: searchWords }),
      answer: z.array(upstream),
      status: 200,
    },
    async ({ params, query, granted, path, caller }) => {
      const group = topLevel(granted(await findGroup(management, params)));
      const wanted = pageOptions(query, query.upstream_name);
      const page = await management.upstreams.list(group.id, wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      const items = await Promise.all(page.items.map((item) => asSeen(options, caller, item)));
      return { body: items.map(upstreamJson), headers };
    },
  );
}

function createUnlisted(api: Api, options: ApiOptions): void {
  const { management, isInner } = options;
  endpoint(
    api,
    {
      method: "post",
      path: "/groups/{id}/-/virtual_registries/container/upstreams",
      summary: "Create an upstream that is in no registry yet",
      action: "change_upstream",
      params: groupParams,
      body: upstreamFields,
      answer: upstream,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, body, caller, author }) => {
      const group = topLevel(granted(await findGroup(management, params)));
      const settings = newSettings(await body());
      await refuseHidden(options, caller, settings.verifiedGroup);
      await refuseInner(isInner, settings.url);
      const created = await management.by(author).upstreams.createUnlisted(group.id, settings);
      return { body: upstreamJson(created), headers: tagged(created) };
    },
  );
}

function listUpstreams(api: Api, options: ApiOptions): void {
  const { management } = options;
  endpoint(
    api,
    {
      method: "get",
      path: ofRegistry,
      summary:
        "List the upstreams of a registry, in the order in which they are asked; the `ETag` is that of the order",
      action: "read_registry",
      params: idParams,
      answer: z.array(placedUpstream),
      tagged: true,
      status: 200,
    },
    async ({ params, granted, caller }) => {
      const { id } = granted(await management.registries.get(params.id));
      const all = await management.upstreams.ofRegistry(id);
      const items = await Promise.all(all.map((item) => asSeen(options, caller, item)));
      const places = all.flatMap(({ associations }) => associations);
      const order = places.filter(({ registryId }) => registryId === id).map((place) => place.id);
      return {
        body: items.map((item) => placedUpstreamJson(item, id)),
        headers: tagOfOrder({ order }),
      };
    },
  );
}

function createUpstream(api: Api, options: ApiOptions): void {
  const { management, isInner } = options;
  endpoint(
    api,
    {
      method: "post",
      path: ofRegistry,
      summary: "Create an upstream, at the end of a registry's list",
      action: "change_upstream",
      params: idParams,
      body: upstreamFields,
      answer: placedUpstream,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, body, caller, author }) => {
      const { id } = granted(await management.registries.get(params.id));
      const settings = newSettings(await body());
      await refuseHidden(options, caller, settings.verifiedGroup);
      await refuseInner(isInner, settings.url);
      const created = granted(await management.by(author).upstreams.create(id, settings));
      return { body: placedUpstreamJson(created, id), headers: tagged(created) };
    },
  );
}
