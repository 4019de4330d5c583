import { z } from "@hono/zod-openapi";
import { hashSecret, newSecret } from "../../../lib/secret.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { notFound } from "../errors.ts";
import { pathId } from "../fields.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery } from "../pages.ts";
import { tokenEnd } from "./expiry.ts";
import { deployToken, deployTokenFields, newDeployToken } from "./fields.ts";
import { deployTokenJson } from "./represent.ts";

const all = "/groups/{id}/deploy_tokens";
const prefix = "weir_gdt_";

/** Deploy tokens of groups: a user name and a secret, and nobody behind them. */
export function deployTokenEndpoints(api: Api, options: ApiOptions): void {
  list(api, options);
  create(api, options);
  revoke(api, options);
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

function revoke(api: Api, { management, identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${all}/{token_id}`,
      summary: "Revoke a group's deploy token",
      action: "revoke_group_tokens",
      params: z.strictObject({ ...groupParams.shape, token_id: pathId }),
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id: groupId } = granted(await findGroup(management, params));
      const found = await identity.tokens.get({ kind: "deploy", groupId }, params.token_id);
      if (!found) throw notFound();
      return removed(await identity.by(author).tokens.revoke(found.id, condition()));
    },
  );
}
