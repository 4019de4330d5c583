import { Hono } from "hono";
import type { Access } from "../access/contract.ts";
import type { Clock } from "../lib/clock.ts";
import { failureCode, failureTrace, type Log } from "../lib/log.ts";
import type { Tracer } from "../lib/tracing/tracer.ts";
import type { Directory } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { PullStatistics, Puller } from "../pull/contract.ts";
import { apiRoutes } from "./api/api.ts";
import { reply } from "./api/answer.ts";
import { asApiError } from "./api/errors.ts";
import type { ApiOptions } from "./api/options.ts";
import type { Console } from "./console/serving.ts";
import { countPull } from "./counting.ts";
import type { BunServer, Env, Exchange } from "./exchange.ts";
import { requestIds } from "./exchange.ts";
import { metricsResponse } from "./metrics/access.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { PullRate } from "./pull-rate.ts";
import type { Readiness } from "./readiness.ts";
import { logRequest } from "./request-log.ts";
import { errorResponse, jsonResponse } from "./respond.ts";
import { tokenRoutes } from "./token.ts";
import { describeRequest } from "./tracing.ts";
import { pathOf } from "./url.ts";
import { isV2Path } from "./v2/alias.ts";
import { answerV2 } from "./v2/routes.ts";

export interface HttpOptions {
  access: Access;
  directory: Directory;
  puller: Puller;
  /** What pulls come to is counted there. */
  pullStatistics: PullStatistics;
  api: Omit<
    ApiOptions,
    | "directory"
    | "puller"
    | "pullStatistics"
    | "clock"
    | "log"
    | "isTrustedProxy"
    | "hasDependencyProxies"
    | "sent"
    | "idleSeconds"
  >;
  /** What people see of it in a browser. */
  screens: Console;
  /** How often an address may ask for pulls. */
  pullRate: PullRate;
  clock: Clock;
  log: Log;
  isTrustedProxy: (address: string) => boolean;
  mirrorRegistry: number;
  /** Whether there are Dependency Proxies at all; where not, all of it looks as if it were not there. */
  hasDependencyProxies: boolean;
  idleSeconds: number;
  /** What our own requests to upstreams carry in `Via`: one that comes back to us ends here. */
  ownMark: string;
  /** Whether database and blob store answer, and the process is not about to stop. */
  readiness: () => Promise<Readiness>;
  metrics: Metrics;
  /** Opens the metrics and nothing else; undefined: there is none. */
  metricsToken: string | undefined;
  /** Undefined: nothing is traced. */
  tracer: Tracer | undefined;
}

/** The whole HTTP interface. */
export interface HttpApp {
  /** Answers and logs a request; never rejects. `certified`: see `Exchange`. */
  answer(request: Request, server: BunServer, certified: boolean): Promise<Response>;
  /** The answer to a request that cannot be routed, or whose answer failed; it is logged as any other. */
  refuse(error: RegistryError, request: Request | undefined): Response;
}

export function createHttpApp(options: HttpOptions): HttpApp {
  const { clock, log, ownMark, metrics, tracer } = options;
  const nextId = requestIds();
  const routes = routesOf(options);
  const begin = (certified: boolean, request?: Request): Exchange => {
    const via = request?.headers.get("via") ?? null;
    return { id: nextId(), started: clock.elapsed(), via, certified };
  };
  const { externalUrl } = options.api;
  const sent = (bytes: number) => metrics.pulls.sent(bytes);
  const v2Options = { ...options, externalUrl, sent };

  async function route(request: Request, server: BunServer, exchange: Exchange): Promise<Response> {
    try {
      if (exchange.via?.includes(ownMark)) throw loop();
      // The registry protocol is nearly all there is, and has one handler: finding it must cost nothing.
      const isV2 = isV2Path(pathOf(request.url));
      return isV2
        ? await answerV2(request, server, exchange, v2Options)
        : await routes.fetch(request, { server, exchange });
    } catch (error) {
      return failed(log, exchange, error);
    }
  }

  async function answer(request: Request, server: BunServer, exchange: Exchange) {
    const response = await route(request, server, exchange);
    const ms = clock.elapsed() - exchange.started;
    // Being told to log in is a step of a pull, not the end of one.
    if (exchange.told && response.status !== 401) {
      metrics.pulls.answered(exchange.kind ?? "other", exchange.told.status, ms / 1000);
      countPull(options.pullStatistics, exchange);
      options.api.recentPulls.answered(exchange, request.method, response.status);
    }
    if (exchange.bytes !== undefined) sent(exchange.bytes);
    logRequest(log, ms, request, exchange, response.status);
    return response;
  }

  return {
    answer(request, server, certified) {
      const exchange = begin(certified, request);
      if (!tracer) return answer(request, server, exchange);
      const { method, headers } = request;
      return tracer.begin(method, headers.get("traceparent"), async (span) => {
        if (!span) return answer(request, server, exchange);
        exchange.trace = span.context.traceId;
        const response = await answer(request, server, exchange);
        describeRequest(span, request, exchange, response.status);
        return response;
      });
    },
    refuse(error, request) {
      const exchange = begin(false);
      const response = refusalFor(request, exchange, error);
      const ms = clock.elapsed() - exchange.started;
      if (request) logRequest(log, ms, request, exchange, response.status);
      return response;
    },
  };
}

/** Everything but the registry protocol. */
function routesOf({ log, access, readiness, screens, ...options }: HttpOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.use((c, next) => {
    c.set("exchange", c.env.exchange);
    return next();
  });
  // An async handler, so that what goes wrong in it comes to the one place below.
  for (const path of ["/healthz", "/livez"]) {
    app.get(path, async (c) => jsonResponse(c.var.exchange, 200, { status: "ok" }));
  }
  app.get("/readyz", async (c) => {
    const { isReady, parts } = await readiness();
    const status = isReady ? "ready" : "not ready";
    return jsonResponse(c.var.exchange, isReady ? 200 : 503, { status, parts });
  });
  const { metrics, metricsToken, isTrustedProxy } = options;
  const reading = { ...options.api, isTrustedProxy };
  app.get("/metrics", (c) => metricsResponse(c, { metrics, metricsToken, access: reading }));
  app.route("/", tokenRoutes({ access, isTrustedProxy: options.isTrustedProxy }));
  app.route(
    "/api",
    apiRoutes({
      ...options,
      log,
      sent: (bytes) => metrics.pulls.sent(bytes),
      ...options.api,
    }),
  );
  app.notFound(async (c) => {
    const { exchange } = c.var;
    const nothing = () => new RegistryError("not_found", "there is nothing at this path");
    return (await screens.answer(c.req.raw, exchange)) ?? errorResponse(exchange, nothing());
  });
  app.onError((error, c) => failed(log, c.var.exchange, error));
  return app;
}

/** In the words of the part of the interface that was asked. */
function refusalFor(
  request: Request | undefined,
  exchange: Exchange,
  error: RegistryError,
): Response {
  const isApi =
    request?.url.startsWith("http") === true && /^\/api(?:\/|$)/.test(pathOf(request.url));
  const refusal = isApi ? asApiError(error) : undefined;
  if (!refusal) return errorResponse(exchange, error);
  exchange.refusal = error;
  return reply(exchange, refusal.status, refusal);
}

/** The one place where what was thrown becomes an answer. */
function failed(log: Log, exchange: Exchange, error: unknown): Response {
  if (!(error instanceof RegistryError)) {
    const { id } = exchange;
    log.error("request failed", { id, code: failureCode(error), trace: failureTrace(error) });
  }
  return errorResponse(exchange, error);
}

function loop(): RegistryError {
  const message = "this request has come back to the server that sent it: an upstream leads here";
  return new RegistryError("loop", message);
}
