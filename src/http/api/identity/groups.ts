import { z } from "@hono/zod-openapi";
import type { Group } from "../../../metadata/contract.ts";
import { removed } from "../changes.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { group, groupFields } from "../group-fields.ts";
import { findGroup, recordOf, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery, searchWords } from "../pages.ts";
import { groupJson } from "../represent.ts";
import { tagged } from "../conditions.ts";

/** Beside changing a group, which is older. */
export function groupLifeEndpoints(api: Api, options: ApiOptions): void {
  listGroups(api, options);
  getGroup(api, options);
  createGroup(api, options);
  deleteGroup(api, options);
}

function listGroups(api: Api, { directory, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/groups",
      summary: "List the groups that one may get",
      action: "list_visible",
      query: z.strictObject({ ...pageQuery, search: searchWords }),
      answer: z.array(group),
      status: 200,
    },
    async ({ query, caller, path }) => {
      const wanted = pageOptions(query, query.search);
      const isVisible = ({ lineage }: Group) =>
        caller.judge("read_group", { kind: "group", lineage }) === "allowed";
      const visible = (await directory.groups()).filter(isVisible);
      const page = pageOf(visible, wanted, ({ path, name }) => `${path} ${name}`);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(groupJson), headers };
    },
  );
}

function getGroup(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/groups/{id}",
      summary: "Get a group",
      action: "read_group",
      params: groupParams,
      answer: group,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const found = granted(await findGroup(management, params));
      return { body: groupJson(found), headers: tagged(recordOf(found)) };
    },
  );
}

function createGroup(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: "/groups",
      summary: "Create a subgroup, or a top-level group, which is for administrators",
      action: "change_group",
      body: groupFields,
      answer: group,
      status: 201,
    },
    async ({ body, caller, granted, require, author }) => {
      const { parent_id: parentId = null, ...fields } = await body();
      if (parentId === null) require("create_group", { kind: "server" });
      else granted(await management.group({ id: parentId }), "Parent");
      const { userId } = caller;
      return {
        body: groupJson(
          await management.by(author).groups.create(parentId ?? undefined, fields, userId),
        ),
      };
    },
  );
}

function deleteGroup(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: "/groups/{id}",
      summary: "Delete a group with everything in it",
      action: "change_group",
      params: groupParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await findGroup(management, params));
      return removed(await management.by(author).groups.remove(id, condition()));
    },
  );
}
