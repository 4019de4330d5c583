import { z } from "@hono/zod-openapi";
import { hashSecret, newSecret } from "../../../lib/secret.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery } from "../pages.ts";
import { rotatedDeployEnd, tokenEnd } from "./expiry.ts";
import { deployRotation, deployToken, deployTokenFields, newDeployToken } from "./fields.ts";
import { findToken, tokenParams } from "./found-token.ts";
import { deployTokenJson } from "./represent.ts";
import { rotated } from "./rotating.ts";

const all = "/groups/{id}/deploy_tokens";
const one = `${all}/{token_id}`;
const prefix = "weir_gdt_";

/** Deploy tokens of groups: a user name and a secret, and nobody behind them. */
export function deployTokenEndpoints(api: Api, options: ApiOptions): void {
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
      summary: "List a group's deploy tokens",
      action: "read_group_tokens",
      params: groupParams,
      query: z.strictObject(pageQuery),
      answer: z.array(deployToken),
      status: 200,
    },
    async ({ params, query, granted, path }) => {
      const { id } = granted(await findGroup(management, params));
      const tokens = await identity.tokens.list({ kind: "deploy", groupId: id });
      const wanted = pageOptions(query);
      const page = pageOf(tokens, wanted, ({ name }) => name);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      const now = clock.now();
      return { body: page.items.map((token) => deployTokenJson(token, now)), headers };
    },
  );
}

function create(api: Api, { management, identity, clock }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Create a deploy token for a group",
      action: "create_group_tokens",
      params: groupParams,
      body: deployTokenFields,
      answer: newDeployToken,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, caller, body, author }) => {
      const { id } = granted(await findGroup(management, params));
      const { name, username, scopes, expires_at: given } = await body();
      const now = clock.now();
      const token = newSecret(prefix);
      const expiresAt = tokenEnd(caller, now, given);
      const fields = { name, scopes, hash: hashSecret(token), expiresAt, createdBy: caller.userId };
      const made = await identity.by(author).tokens.createDeploy(id, fields, username);
      return { body: { ...deployTokenJson(made, now), token }, headers: tagged(made) };
    },
  );
}

function get(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: one,
      summary: "Get a group's deploy token",
      action: "read_group_tokens",
      params: tokenParams,
      answer: deployToken,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const found = await findToken("deploy", options, params, granted);
      return { body: deployTokenJson(found, options.clock.now()), headers: tagged(found) };
    },
  );
}

function rotate(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      conditional: true,
      path: `${one}/rotate`,
      summary: "Revoke a group's deploy token and create one like it, which ends when it would",
      action: "create_group_tokens",
      params: tokenParams,
      body: deployRotation,
      answer: newDeployToken,
      tagged: true,
      status: 200,
    },
    async (asked) => {
      const found = await findToken("deploy", options, asked.params, asked.granted);
      return rotated(options, found, asked, {
        prefix,
        endOf: rotatedDeployEnd,
        json: deployTokenJson,
      });
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
      path: one,
      summary: "Revoke a group's deploy token",
      action: "revoke_group_tokens",
      params: tokenParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const found = await findToken("deploy", options, params, granted);
      return removed(await identity.by(author).tokens.revoke(found.id, condition()));
    },
  );
}
