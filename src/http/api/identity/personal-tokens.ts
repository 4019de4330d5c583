import { z } from "@hono/zod-openapi";
import { hashSecret, newSecret } from "../../../lib/secret.ts";
import type { Caller } from "../../../access/contract.ts";
import type { Author } from "../../../metadata/contract.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { invalidRecord, notFound } from "../errors.ts";
import { idParams, pathId } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery, searchWords } from "../pages.ts";
import { accessTokenEnd, rotatedEnd } from "./expiry.ts";
import { isBot, newPersonalToken, personalToken, personalTokenFields, rotation } from "./fields.ts";
import { personalTokenJson } from "./represent.ts";
import { rotated } from "./rotating.ts";

const all = "/personal_access_tokens";
const prefix = "weir_pat_";

export function personalTokenEndpoints(api: Api, options: ApiOptions): void {
  list(api, options);
  get(api, options);
  createOwn(api, options);
  createForUser(api, options);
  revoke(api, options);
  rotate(api, options);
}

function list(api: Api, { identity, clock, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: all,
      summary: "List one's own personal access tokens; administrators can name a user",
      action: "read_own",
      query: z.strictObject({ ...pageQuery, search: searchWords, user_id: pathId.optional() }),
      answer: z.array(personalToken),
      status: 200,
    },
    async ({ query, caller, granted, path }) => {
      const { userId } = granted({ userId: query.user_id ?? caller.userId });
      const tokens = await identity.tokens.list({ kind: "personal", userId });
      const wanted = pageOptions(query, query.search);
      const page = pageOf(tokens, wanted, ({ name }) => name);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      const now = clock.now();
      return { body: page.items.map((token) => personalTokenJson(token, now)), headers };
    },
  );
}

/** Anybody's: whether it is for the caller is judged by whose it is. */
async function find({ identity }: ApiOptions, { id }: { id: number }) {
  const found = await identity.tokens.get({ kind: "personal", userId: undefined }, id);
  return found && { id, userId: found.userId ?? 0, found };
}

function get(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${all}/{id}`,
      summary: "Get a personal access token",
      action: "read_own",
      params: idParams,
      answer: personalToken,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const { found } = granted(await find(options, params));
      return { body: personalTokenJson(found, options.clock.now()), headers: tagged(found) };
    },
  );
}

type Fields = z.output<typeof personalTokenFields>;

/** With the secret, which nobody can read again. */
async function create(
  { identity, clock }: ApiOptions,
  { caller, author }: { caller: Caller; author: Author },
  userId: number,
  { name, scopes, expires_at: given }: Fields,
) {
  const now = clock.now();
  const token = newSecret(prefix);
  const expiresAt = accessTokenEnd(caller, now, given);
  const fields = { name, scopes, hash: hashSecret(token), expiresAt, createdBy: caller.userId };
  const made = await identity.by(author).tokens.createPersonal(userId, fields);
  return { body: { ...personalTokenJson(made, now), token }, headers: tagged(made) };
}

function createOwn(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Create a personal access token for oneself",
      action: "create_own_tokens",
      body: personalTokenFields,
      answer: newPersonalToken,
      tagged: true,
      status: 201,
    },
    async ({ caller, author, granted, body }) => {
      const { userId } = granted({ userId: caller.userId });
      return create(options, { caller, author }, userId, await body());
    },
  );
}

function createForUser(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: `/users/{id}${all}`,
      summary: "Create a personal access token for a user",
      action: "create_users_tokens",
      params: idParams,
      body: personalTokenFields,
      answer: newPersonalToken,
      tagged: true,
      status: 201,
    },
    async ({ params, caller, author, body }) => {
      const user = await options.identity.users.get(params);
      if (!user) throw notFound();
      if (user.kind === "bot") {
        throw invalidRecord({ user: [isBot] });
      }
      return create(options, { caller, author }, user.id, await body());
    },
  );
}

function revoke(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${all}/{id}`,
      summary: "Revoke a personal access token",
      action: "revoke_own_tokens",
      params: idParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await find(options, params));
      return removed(await options.identity.by(author).tokens.revoke(id, condition()));
    },
  );
}

function rotate(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      conditional: true,
      path: `${all}/{id}/rotate`,
      summary: "Revoke a personal access token and create one like it, which ends when it would",
      action: "create_own_tokens",
      params: idParams,
      body: rotation,
      answer: newPersonalToken,
      tagged: true,
      status: 200,
    },
    async (asked) => {
      const { found } = asked.granted(await find(options, asked.params));
      return rotated(options, found, asked, { prefix, endOf: rotatedEnd, json: personalTokenJson });
    },
  );
}
