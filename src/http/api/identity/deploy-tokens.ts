import { hashSecret, newSecret } from "../../../lib/secret.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { rotatedDeployEnd, tokenEnd } from "./expiry.ts";
import { deployRotation, deployToken, deployTokenFields, newDeployToken } from "./fields.ts";
import { findToken, tokenParams } from "./found-token.ts";
import { getToken, listTokens, revokeToken, type TokenKind } from "./owned-tokens.ts";
import { deployTokenJson } from "./represent.ts";
import { rotated } from "./rotating.ts";

const tokens: TokenKind = {
  kind: "deploy",
  path: "/groups/{id}/deploy_tokens",
  called: "deploy token",
  answer: deployToken,
  json: deployTokenJson,
};
const prefix = "weir_gdt_";

/** Deploy tokens of groups: a user name and a secret, and nobody behind them. */
export function deployTokenEndpoints(api: Api, options: ApiOptions): void {
  listTokens(api, options, tokens);
  create(api, options);
  getToken(api, options, tokens);
  revokeToken(api, options, tokens);
  rotate(api, options);
}

function create(api: Api, { management, identity, clock }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: tokens.path,
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

function rotate(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      conditional: true,
      path: `${tokens.path}/{token_id}/rotate`,
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
