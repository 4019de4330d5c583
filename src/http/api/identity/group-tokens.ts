import { z } from "@hono/zod-openapi";
import { hashSecret, newSecret } from "../../../lib/secret.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { forbidden } from "../errors.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery } from "../pages.ts";
import { accessTokenEnd, rotatedEnd } from "./expiry.ts";
import { groupToken, groupTokenFields, newGroupToken, rotation } from "./fields.ts";
import { findToken, tokenParams } from "./found-token.ts";
import { groupTokenJson } from "./represent.ts";
import { rotated } from "./rotating.ts";

const all = "/groups/{id}/access_tokens";
const prefix = "weir_gat_";

/** Access tokens of groups: each stands for a bot with a role in the group. */
export function groupTokenEndpoints(api: Api, options: ApiOptions): void {
  list(api, options);
  create(api, options);
  get(api, options);
  revoke(api, options);
  rotate(api, options);
}

function list(api: Api, { management, identity, clock, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: all,
      summary: "List a group's access tokens",
      action: "read_group_tokens",
      params: groupParams,
      query: z.strictObject(pageQuery),
      answer: z.array(groupToken),
      status: 200,
    },
    async ({ params, query, granted, path }) => {
      const { id } = granted(await findGroup(management, params));
      const tokens = await identity.tokens.list({ kind: "group", groupId: id });
      const wanted = pageOptions(query);
      const page = pageOf(tokens, wanted, ({ name }) => name);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      const now = clock.now();
      return { body: page.items.map((token) => groupTokenJson(token, now)), headers };
    },
  );
}

function create(api: Api, { management, identity, clock }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Create an access token for a group, with a bot that has a role in it",
      action: "create_group_tokens",
      params: groupParams,
      body: groupTokenFields,
      answer: newGroupToken,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, caller, body, author }) => {
      const { id, lineage } = granted(await findGroup(management, params));
      const { name, scopes, expires_at: given, access_level: role = "maintainer" } = await body();
      if (!caller.reaches(role, { kind: "group", lineage })) throw forbidden();
      const now = clock.now();
      const token = newSecret(prefix);
      const expiresAt = accessTokenEnd(caller, now, given);
      const fields = { name, scopes, hash: hashSecret(token), expiresAt, createdBy: caller.userId };
      const made = await identity.by(author).tokens.createGroups(id, fields, role);
      return { body: { ...groupTokenJson(made, now), token }, headers: tagged(made) };
    },
  );
}

function get(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${all}/{token_id}`,
      summary: "Get a group's access token",
      action: "read_group_tokens",
      params: tokenParams,
      answer: groupToken,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const found = await findToken("group", options, params, granted);
      return { body: groupTokenJson(found, options.clock.now()), headers: tagged(found) };
    },
  );
}

function revoke(api: Api, options: ApiOptions): void {
  const { identity } = options;
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${all}/{token_id}`,
      summary: "Revoke a group's access token; its bot goes with the last one",
      action: "revoke_group_tokens",
      params: tokenParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const found = await findToken("group", options, params, granted);
      return removed(await identity.by(author).tokens.revoke(found.id, condition()));
    },
  );
}

function rotate(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      conditional: true,
      path: `${all}/{token_id}/rotate`,
      summary: "Revoke a group's access token and create one like it, which ends when it would",
      action: "create_group_tokens",
      params: tokenParams,
      body: rotation,
      answer: newGroupToken,
      tagged: true,
      status: 200,
    },
    async (asked) => {
      const found = await findToken("group", options, asked.params, asked.granted);
      return rotated(options, found, asked, { prefix, endOf: rotatedEnd, json: groupTokenJson });
    },
  );
}
