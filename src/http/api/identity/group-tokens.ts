import { hashSecret, newSecret } from "../../../lib/secret.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { forbidden } from "../errors.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { accessTokenEnd, rotatedEnd } from "./expiry.ts";
import { groupToken, groupTokenFields, newGroupToken, rotation } from "./fields.ts";
import { findToken, tokenParams } from "./found-token.ts";
import { getToken, listTokens, revokeToken, type TokenKind } from "./owned-tokens.ts";
import { groupTokenJson } from "./represent.ts";
import { rotated } from "./rotating.ts";

const tokens: TokenKind = {
  kind: "group",
  path: "/groups/{id}/access_tokens",
  called: "access token",
  end: "its bot goes with the last one",
  answer: groupToken,
  json: groupTokenJson,
};
const prefix = "weir_gat_";

/** Access tokens of groups: each stands for a bot with a role in the group. */
export function groupTokenEndpoints(api: Api, options: ApiOptions): void {
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

function rotate(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      conditional: true,
      path: `${tokens.path}/{token_id}/rotate`,
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
