import { z } from "@hono/zod-openapi";
import type { UserState } from "../../../metadata/contract.ts";
import { atLeastOne } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { ApiError, notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOptions, pageQuery, searchWords } from "../pages.ts";
import { user, userChanges, userFields } from "./fields.ts";
import { userJson } from "./represent.ts";

export function userEndpoints(api: Api, options: ApiOptions): void {
  self(api, options);
  listUsers(api, options);
  getUser(api, options);
  createUser(api, options);
  changeUser(api, options);
  state(api, options, "block", "blocked", "Block a user: nothing that is his counts from now on");
  state(api, options, "unblock", "active", "Let a blocked user in again");
  state(api, options, "deactivate", "deactivated", "Deactivate a user, which is as blocking him");
  state(api, options, "activate", "active", "Let a deactivated user in again");
}

function self(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/user",
      summary: "Who the access token stands for",
      action: "read_own",
      answer: user,
      status: 200,
    },
    async ({ caller: { userId }, granted }) => {
      granted({ userId });
      const own = await identity.users.get({ id: userId });
      if (!own) throw notFound();
      return { body: userJson(own) };
    },
  );
}

function listUsers(api: Api, { identity, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/users",
      summary: "List users",
      action: "read_users",
      query: z.strictObject({ ...pageQuery, search: searchWords }),
      answer: z.array(user),
      status: 200,
    },
    async ({ query, path }) => {
      const wanted = pageOptions(query, query.search);
      const page = await identity.users.list(wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(userJson), headers };
    },
  );
}

function getUser(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/users/{id}",
      summary: "Get a user",
      action: "read_users",
      params: idParams,
      answer: user,
      tagged: true,
      status: 200,
    },
    async ({ params }) => {
      const found = await identity.users.get(params);
      if (!found) throw notFound();
      return { body: userJson(found), headers: tagged(found) };
    },
  );
}

function createUser(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: "/users",
      summary: "Create a user",
      action: "change_users",
      body: userFields,
      answer: user,
      tagged: true,
      status: 201,
    },
    async ({ body, author, require }) => {
      const { username, name = username, email, admin = false } = await body();
      // Otherwise what may not make somebody an administrator could make one.
      if (admin) require("change_administrators", { kind: "server" });
      const made = await identity.by(author).users.create({ username, name, email, admin });
      return { body: userJson(made), headers: tagged(made) };
    },
  );
}

function changeUser(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: "/users/{id}",
      summary: "Change a user's name or e-mail address, or whether he is an administrator",
      action: "change_administrators",
      params: idParams,
      body: userChanges,
      answer: user,
      tagged: true,
      status: 200,
    },
    async ({ params, body, condition, author }) => {
      const { name, email, admin } = atLeastOne(userChanges, await body());
      const changes = {
        ...(name !== undefined && { name }),
        ...(email !== undefined && { email: email ?? undefined }),
        ...(admin !== undefined && { admin }),
      };
      const changed = await identity.by(author).users.change(params.id, changes, condition());
      if (!changed) throw notFound();
      return { body: userJson(changed), headers: tagged(changed) };
    },
  );
}

function state(
  api: Api,
  { identity }: ApiOptions,
  verb: string,
  wanted: UserState,
  summary: string,
): void {
  endpoint(
    api,
    {
      method: "post",
      conditional: true,
      path: `/users/{id}/${verb}`,
      summary,
      action: "change_users",
      params: idParams,
      answer: user,
      tagged: true,
      status: 201,
    },
    async ({ params, caller, body, condition, author }) => {
      await body();
      // Nobody might be left to undo it.
      if (params.id === caller.userId && wanted !== "active") {
        throw new ApiError(403, { message: `403 Forbidden - you cannot ${verb} yourself` });
      }
      const changed = await identity.by(author).users.setState(params.id, wanted, condition());
      if (!changed) throw notFound();
      return { body: userJson(changed), headers: tagged(changed) };
    },
  );
}
