import { type Context, Hono } from "hono";
import type { Access } from "../access/contract.ts";
import type { Clock } from "../lib/clock.ts";
import { clip, failureCode, failureTrace, type Log } from "../lib/log.ts";
import type { Directory } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { Puller } from "../pull/contract.ts";
import { apiRoutes } from "./api/api.ts";
import type { ApiOptions } from "./api/options.ts";
import type { Env, Exchange } from "./exchange.ts";
import { requestIds } from "./exchange.ts";
import { Metrics, metricsResponse } from "./metrics.ts";
import { errorResponse, jsonResponse } from "./respond.ts";
import { tokenRoutes } from "./token.ts";
import { pathOf } from "./url.ts";
import { v2Routes } from "./v2/routes.ts";

export interface HttpOptions {
  access: Access;
  directory: Directory;
  puller: Puller;
  api: Omit<ApiOptions, "directory" | "puller" | "clock" | "log">;
  clock: Clock;
  log: Log;
  isTrustedProxy: (address: string) => boolean;
  idleSeconds: number;
  /** What our own requests to upstreams carry in `Via`: one that comes back to us ends here. */
  ownMark: string;
  /** Whether database and blob store answer, and the process is not about to stop. */
  ready: () => Promise<boolean>;
}

export interface HttpApp {
  /** The whole HTTP interface as one handler: `routes.fetch(request, { server })`. */
  routes: Hono<Env>;
  /** The answer to a request that cannot be routed, or whose answer failed; it is logged as any other. */
  refuse(error: RegistryError, request: Request | undefined): Response;
}

export function createHttpApp(options: HttpOptions): HttpApp {
  const { clock, log, access, ownMark, ready } = options;
  const nextId = requestIds();
  const { client } = options.api;
  const metrics = new Metrics({ ...options, health: (upstream) => client.health(upstream) });
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    const exchange: Exchange = { id: nextId(), started: clock.elapsed() };
    c.set("exchange", exchange);
    const isOurs = c.req.raw.headers.get("via")?.includes(ownMark);
    await (isOurs ? refuseLoop(c) : next());
    if (exchange.explanation) metrics.pulled(exchange.explanation);
    logRequest(log, clock, c.req.raw, exchange, c.res.status);
  });
  // An async handler, so that what goes wrong in it comes to the one place below.
  app.get("/healthz", async (c) => jsonResponse(c.var.exchange, 200, { status: "ok" }));
  app.get("/readyz", async (c) => {
    const isReady = await ready();
    return jsonResponse(c.var.exchange, isReady ? 200 : 503, {
      status: isReady ? "ready" : "not ready",
    });
  });
  app.get("/metrics", (c) => metricsResponse(c, metrics, options.api.access));
  app.route("/", tokenRoutes(access));
  app.route("/v2", v2Routes(options));
  app.route("/api", apiRoutes({ ...options, ...options.api }));
  app.notFound((c) =>
    errorResponse(c.var.exchange, new RegistryError("not_found", "there is nothing at this path")),
  );
  app.onError((error, c) => {
    if (!(error instanceof RegistryError)) {
      const { id } = c.var.exchange;
      log.error("request failed", { id, code: failureCode(error), trace: failureTrace(error) });
    }
    return errorResponse(c.var.exchange, error);
  });
  return {
    routes: app,
    refuse(error, request) {
      const exchange: Exchange = { id: nextId(), started: clock.elapsed() };
      const response = errorResponse(exchange, error);
      if (request) logRequest(log, clock, request, exchange, response.status);
      return response;
    },
  };
}

async function refuseLoop(c: Context<Env>): Promise<void> {
  const message = "this request has come back to the server that sent it: an upstream leads here";
  c.res = errorResponse(c.var.exchange, new RegistryError("loop", message));
}

/** One line a request, with the facts that its headers tell too. */
function logRequest(
  log: Log,
  clock: Clock,
  request: Request,
  exchange: Exchange,
  status: number,
): void {
  const { id, started, actor, explanation, refusal } = exchange;
  // What the server or an upstream could not do is for somebody to look at.
  log[status >= 500 ? "warn" : "info"]("request", {
    id,
    method: request.method,
    // Without the query, which can carry account names and signed addresses.
    path: clip(pathOf(request.url)),
    status,
    ms: Math.round((clock.elapsed() - started) * 1000) / 1000,
    actor,
    cache: explanation?.status,
    upstream: explanation?.upstream ?? blamed(refusal, "upstream"),
    reason: explanation?.reason ?? blamed(refusal, "reason") ?? refusal?.code,
    cause: refusal && causeCode(refusal),
  });
}

/** Names or reasons of the upstreams that stood in the way. */
function blamed(
  refusal: RegistryError | undefined,
  field: "upstream" | "reason",
): string | undefined {
  const upstreams = refusal?.detail?.["upstreams"];
  if (!Array.isArray(upstreams)) return undefined;
  return upstreams.map((one: Record<string, unknown>) => String(one[field])).join(", ");
}

/** The code at the bottom of a failure: `ECONNREFUSED` says more than "unreachable". */
function causeCode(error: Error): string | undefined {
  let { cause } = error;
  while (cause instanceof Error && cause.cause !== undefined) ({ cause } = cause);
  return cause === undefined ? undefined : failureCode(cause);
}
