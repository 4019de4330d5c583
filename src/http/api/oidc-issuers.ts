import { z } from "@hono/zod-openapi";
import { timeText } from "../../lib/time-text.ts";
import type { OidcIssuer, OidcIssuerRecord } from "../../metadata/contract.ts";
import * as work from "../../work/contract.ts";
import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { type Answer } from "./answer.ts";
import { invalidRecord, notFound } from "./errors.ts";
import { idParams } from "./fields.ts";
import { oidcIssuer, oidcIssuerChanges, oidcIssuerFields } from "./oidc-issuer-fields.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery, searchWords } from "./pages.ts";

const all = "/admin/oidc_issuers";
const one = `${all}/{id}`;

/** Whose id tokens count as credentials of jobs, and what they open. */
export function oidcIssuerEndpoints(api: Api, options: ApiOptions): void {
  listIssuers(api, options);
  createIssuer(api, options);
  getIssuer(api, options);
  changeIssuer(api, options);
  deleteIssuer(api, options);
}

function listIssuers(api: Api, { management, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: all,
      summary: "List the issuers whose id tokens jobs can log in with, and what these open",
      action: "read_oidc_issuers",
      query: z.strictObject({ ...pageQuery, search: searchWords }),
      answer: z.array(oidcIssuer),
      status: 200,
    },
    async ({ query, path }) => {
      const wanted = pageOptions(query, query.search);
      const page = await management.oidcIssuers.list(wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(issuerJson), headers };
    },
  );
}

function createIssuer(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Trust an issuer of id tokens, from the next login on",
      action: "change_oidc_issuers",
      body: oidcIssuerFields,
      answer: oidcIssuer,
      tagged: true,
      status: 201,
    },
    async ({ body, author }) => {
      const { name, issuer, rules, ...rest } = await body();
      const settings = checked({ ...untold, ...settingsGiven(rest), name, issuer, rules });
      return answered(await management.by(author).oidcIssuers.create(settings));
    },
  );
}

function getIssuer(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: one,
      summary: "Get an issuer of id tokens",
      action: "read_oidc_issuers",
      params: idParams,
      answer: oidcIssuer,
      tagged: true,
      status: 200,
    },
    async ({ params }) => answered(await management.oidcIssuers.get(params.id)),
  );
}

function changeIssuer(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: one,
      summary:
        "Change an issuer of id tokens; what was issued for them under the former rules ends",
      action: "change_oidc_issuers",
      params: idParams,
      body: oidcIssuerChanges,
      answer: oidcIssuer,
      tagged: true,
      status: 200,
    },
    async ({ params, body, condition, author }) => {
      const changes = settingsGiven(atLeastOne(oidcIssuerChanges, await body()));
      const { oidcIssuers } = management.by(author);
      // Of two changes each can be right, and both together let in everybody: the whole is looked at as it will be.
      const changed = (present: OidcIssuer) => checked({ ...present, ...changes });
      return answered(await oidcIssuers.change(params.id, changed, condition()));
    },
  );
}

function deleteIssuer(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: one,
      summary: "Trust an issuer of id tokens no longer; what was issued for them ends",
      action: "change_oidc_issuers",
      params: idParams,
      status: 204,
    },
    async ({ params, condition, author }) =>
      removed(await management.by(author).oidcIssuers.remove(params.id, condition())),
  );
}

/** What an issuer has of which nothing is said. */
const untold = {
  jwksUri: undefined,
  audiences: undefined,
  algorithms: work.defaultAlgorithms,
  ca: undefined,
  leewaySeconds: work.defaultLeeway,
  requiredClaims: {},
};

function settingsGiven(given: z.output<typeof oidcIssuerChanges>): Partial<OidcIssuer> {
  const { name, issuer, algorithms, rules } = given;
  const { leeway_seconds: leewaySeconds, required_claims: requiredClaims } = given;
  return {
    ...(name !== undefined && { name }),
    ...(issuer !== undefined && { issuer }),
    ...(given.jwks_uri !== undefined && { jwksUri: given.jwks_uri ?? undefined }),
    ...(given.audiences !== undefined && { audiences: given.audiences ?? undefined }),
    ...(algorithms !== undefined && { algorithms }),
    ...(given.ca !== undefined && { ca: given.ca ?? undefined }),
    ...(leewaySeconds !== undefined && { leewaySeconds }),
    ...(requiredClaims !== undefined && { requiredClaims }),
    ...(rules !== undefined && { rules }),
  };
}

/** The issuer, if nothing is wrong with it as a whole. */
function checked(issuer: OidcIssuer): OidcIssuer {
  const problems = work.issuerProblems(issuer);
  if (problems.length === 0) return issuer;
  const byField = Map.groupBy(problems, ({ path }) => work.pathText(path));
  throw invalidRecord(
    Object.fromEntries(
      [...byField].map(([field, some]) => [field, some.map(({ message }) => message)]),
    ),
  );
}

function answered(found: OidcIssuerRecord | undefined): Answer {
  if (!found) throw notFound();
  return { body: issuerJson(found), headers: tagged(found) };
}

function issuerJson(record: OidcIssuerRecord) {
  return {
    id: record.id,
    name: record.name,
    issuer: record.issuer,
    jwks_uri: record.jwksUri ?? null,
    audiences: record.audiences ?? null,
    algorithms: record.algorithms,
    ca: record.ca ?? null,
    leeway_seconds: record.leewaySeconds,
    required_claims: record.requiredClaims,
    rules: record.rules,
    created_at: timeText(record.createdAt),
    updated_at: timeText(record.updatedAt),
  };
}
