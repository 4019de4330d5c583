import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { failureCode, failureTrace, type Log } from "../../lib/log.ts";
import { RegistryError } from "../../oci/error.ts";
import type { Exchange } from "../exchange.ts";
import { pageHeaders } from "../page.ts";
import { arrivalEndpoint } from "./arrival.ts";
import { associationEndpoints } from "./associations.ts";
import { auditEndpoints } from "./audit.ts";
import { addressOf, authorOf } from "./caller.ts";
import { repositoryEndpoints } from "./repositories.ts";
import { cleanupEndpoints } from "./cleanup.ts";
import { connectionEndpoints } from "./connections.ts";
import { docsPage, docsPolicy } from "./docs-page.ts";
import { dependencyProxyEndpoints } from "./dependency-proxies.ts";
import { documentRefusals } from "./document.ts";
import { type Api, type ApiEnv } from "./endpoint.ts";
import { reply } from "./answer.ts";
import { entryEndpoints } from "./entries.ts";
import { ApiError, asApiError, databaseFails, notFound, unauthorized } from "./errors.ts";
import { groupEndpoints } from "./groups.ts";
import { imageEndpoints } from "./images.ts";
import { liveEndpoints } from "./live.ts";
import { identityEndpoints } from "./identity/identity.ts";
import { oidcIssuerEndpoints } from "./oidc-issuers.ts";
import type { ApiOptions } from "./options.ts";
import { roadOf, whoCalls } from "./people/caller.ts";
import { sessionCookie } from "./people/cookies.ts";
import { linkEndpoints } from "./people/identities.ts";
import { passwordEndpoints } from "./people/passwords.ts";
import { sessionEndpoints } from "./people/session.ts";
import { signInEndpoints } from "./people/sign-in.ts";
import { prefetchEndpoints } from "./prefetches.ts";
import { pullEndpoints } from "./pulls.ts";
import { purgePreviewEndpoints } from "./purges.ts";
import { registryEndpoints } from "./registries.ts";
import { ruleEndpoints } from "./rules.ts";
import { statisticsEndpoints } from "./statistics.ts";
import { spaceEndpoints } from "./space.ts";
import { upstreamEndpoints } from "./upstreams.ts";
import { upstreamListEndpoints } from "./upstream-lists.ts";
import { deliveryEndpoints } from "./webhook-deliveries.ts";
import { webhookEndpoints } from "./webhooks.ts";
import { verifyEndpoint } from "./verify.ts";
import { versionEndpoint } from "./version.ts";
import { virtualRegistryEndpoints } from "./virtual-registries.ts";
import { workEndpoints } from "./work.ts";

/** The management API: everything under `/api`. Authentication comes before any other look at a request. */
export function apiRoutes(options: ApiOptions): Hono<ApiEnv> {
  const api: Api = new OpenAPIHono<ApiEnv>();
  api.onError((error, c) => {
    const refusal = asApiError(error) ?? unforeseen(options.log, c.var.exchange, error);
    if (error instanceof RegistryError) c.var.exchange.refusal = error;
    if (refusal.status === 403) noteRefusal(options, c);
    return reply(c.var.exchange, refusal.status, refusal);
  });
  // What it describes is no secret.
  let description: ReturnType<typeof describe> | undefined;
  const described = () => (description ??= describe(api, options.version));
  for (const path of ["/openapi.json", "/v4/openapi.json"]) {
    api.get(path, (c) => reply(c.var.exchange, 200, { body: described() }));
  }
  let page: string | undefined;
  api.get("/docs", (c) => {
    page ??= docsPage(described());
    return docsResponse(c.var.exchange, page);
  });
  signInEndpoints(api, options);
  api.use(async (c, next) => {
    const found = await whoCalls(c, options);
    if (!found) throw unauthorized();
    c.var.exchange.actor = found.caller.actor.name;
    c.set("caller", found.caller);
    c.set("login", found.login);
    c.set("again", async () => (await whoCalls(c, options))?.caller);
    c.set("road", roadOf(c, options));
    const from = { address: addressOf(c, options), requestId: c.var.exchange.id };
    c.set("author", authorOf(found.caller, from));
    c.set("switchedOff", await options.directory.switchedOff());
    await next();
  });
  sessionEndpoints(api, options);
  passwordEndpoints(api, options);
  linkEndpoints(api, options);
  registryEndpoints(api, options);
  connectionEndpoints(api, options);
  upstreamListEndpoints(api, options);
  upstreamEndpoints(api, options);
  ruleEndpoints(api, options);
  associationEndpoints(api, options);
  repositoryEndpoints(api, options);
  entryEndpoints(api, options);
  statisticsEndpoints(api, options);
  liveEndpoints(api, options);
  virtualRegistryEndpoints(api, options);
  pullEndpoints(api, options);
  imageEndpoints(api, options);
  groupEndpoints(api, options);
  dependencyProxyEndpoints(api, options);
  identityEndpoints(api, options);
  auditEndpoints(api, options);
  verifyEndpoint(api, options);
  arrivalEndpoint(api);
  versionEndpoint(api, options);
  purgePreviewEndpoints(api, options);
  cleanupEndpoints(api, options);
  prefetchEndpoints(api, options);
  webhookEndpoints(api, options);
  deliveryEndpoints(api, options);
  oidcIssuerEndpoints(api, options);
  workEndpoints(api, options);
  spaceEndpoints(api, options);
  api.all("*", () => {
    throw notFound();
  });
  return api;
}

function docsResponse(exchange: Exchange, page: string): Response {
  return new Response(page, {
    headers: {
      ...pageHeaders(exchange, docsPolicy),
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-cache",
    },
  });
}

/** Somebody known has asked for what is not his to have. */
function noteRefusal({ incidents }: ApiOptions, { var: { author, route, groupId } }: Asking): void {
  if (author === undefined || route === undefined) return;
  const { actor, address, requestId } = author;
  const about = { actor, groupId, address, requestId, details: { request: route } };
  incidents.note({ action: "api", result: "refused", ...about });
}

/** What is known of a request that failed, which can have been anywhere. */
interface Asking {
  var: Partial<ApiEnv["Variables"]>;
}

/** Whatever is not ours to explain is a 500 without details; a database that does not do now may do soon. */
function unforeseen(log: Log, { id }: Exchange, error: unknown): ApiError {
  const code = failureCode(error);
  log.error("request failed", { id, code, trace: failureTrace(error) });
  // Of states of the engine, those that say that a statement of ours is wrong.
  const isOurs = /^(?:SQLITE_(?:CONSTRAINT|ERROR|MISMATCH|RANGE)|POSTGRES_(?:2[1-4]|42))/.test(
    code,
  );
  if (/^(?:SQLITE|POSTGRES)_/.test(code) && !isOurs) return databaseFails(code);
  return new ApiError(500, { message: "500 Internal Server Error" });
}

function describe(api: Api, version: string) {
  const security = { type: "apiKey", in: "header", name: "PRIVATE-TOKEN" } as const;
  api.openAPIRegistry.registerComponent("securitySchemes", "privateToken", security);
  const job = { type: "apiKey", in: "header", name: "JOB-TOKEN" } as const;
  api.openAPIRegistry.registerComponent("securitySchemes", "jobToken", job);
  const session = { type: "apiKey", in: "cookie", name: sessionCookie } as const;
  api.openAPIRegistry.registerComponent("securitySchemes", "session", session);
  const bearer = { type: "http", scheme: "bearer" } as const;
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", bearer);
  documentRefusals(api.openAPIRegistry);
  return api.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "Weir", version } });
}
