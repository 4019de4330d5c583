import { z } from "@hono/zod-openapi";
import type { TokenRecord } from "../../../metadata/contract.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery } from "../pages.ts";
import { findToken, tokenParams } from "./found-token.ts";

/** A kind of tokens that groups have. */
export interface TokenKind {
  kind: "deploy" | "group";
  path: string;
  called: string;
  /** What else the revocation of one may end. */
  end?: string;
  answer: z.ZodType;
  json: (token: TokenRecord, now: number) => object;
}

export function listTokens(api: Api, options: ApiOptions, of: TokenKind): void {
  const { management, identity, clock, externalUrl } = options;
  endpoint(
    api,
    {
      method: "get",
      path: of.path,
      summary: `List a group's ${of.called}s`,
      action: "read_group_tokens",
      params: groupParams,
      query: z.strictObject(pageQuery),
      answer: z.array(of.answer),
      status: 200,
    },
    async ({ params, query, granted, path }) => {
      const { id } = granted(await findGroup(management, params));
      const tokens = await identity.tokens.list({ kind: of.kind, groupId: id });
      const wanted = pageOptions(query);
      const page = pageOf(tokens, wanted, ({ name }) => name);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      const now = clock.now();
      return { body: page.items.map((token) => of.json(token, now)), headers };
    },
  );
}

export function getToken(api: Api, options: ApiOptions, of: TokenKind): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${of.path}/{token_id}`,
      summary: `Get a group's ${of.called}`,
      action: "read_group_tokens",
      params: tokenParams,
      answer: of.answer,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const found = await findToken(of.kind, options, params, granted);
      return { body: of.json(found, options.clock.now()), headers: tagged(found) };
    },
  );
}

export function revokeToken(api: Api, options: ApiOptions, of: TokenKind): void {
  const { identity } = options;
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${of.path}/{token_id}`,
      summary: `Revoke a group's ${of.called}${of.end === undefined ? "" : `; ${of.end}`}`,
      action: "revoke_group_tokens",
      params: tokenParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const found = await findToken(of.kind, options, params, granted);
      return removed(await identity.by(author).tokens.revoke(found.id, condition()));
    },
  );
}
