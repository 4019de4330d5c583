import type { Context } from "hono";
import { Counter, Gauge, Registry } from "prom-client";
import type { Directory, Upstream } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { Health } from "../upstream/contract.ts";
import { callerOf } from "./api/caller.ts";
import type { Env, Told } from "./exchange.ts";

interface Options {
  directory: Directory;
  health: (upstream: Upstream) => Health;
}

type Labels = "upstream_id" | "upstream";

/** What the process has done and how its upstreams are, in the text format of Prometheus. Labels are bounded by the configuration. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: Options;
  /** By cache status and upstream; a counter of the library would cost more than the rest of a log line. */
  readonly #pulls = new Map<string, Map<string, number>>();

  constructor(options: Options) {
    this.#options = options;
    const pulls = this.#pulls;
    const counter = new Counter({
      name: "weir_pulls_total",
      help: "Pulls that were answered or refused, by cache status and (first) upstream",
      labelNames: ["cache", "upstream"],
      registers: [],
      collect() {
        this.reset();
        for (const [cache, upstreams] of pulls) {
          for (const [upstream, count] of upstreams) this.inc({ cache, upstream }, count);
        }
      },
    });
    this.#registry.registerMetric(counter);
    this.#gauge("weir_upstream_breaker_open", "1 while an upstream is not asked", ({ breaker }) =>
      Number(breaker === "open"),
    );
    this.#gauge(
      "weir_upstream_ratelimit_limit",
      "Requests that the upstream's rate limit allows",
      ({ budget }) => budget?.limit,
    );
    this.#gauge(
      "weir_upstream_ratelimit_remaining",
      "What is left of it, by the upstream's last word",
      ({ budget }) => budget?.remaining,
    );
  }

  pulled({ status, upstream: names }: Told): void {
    // Several that stood in the way are one label less than their combinations: the first counts.
    const end = names.indexOf(", ");
    const upstream = end === -1 ? names : names.slice(0, end);
    const upstreams = this.#pulls.get(status) ?? new Map<string, number>();
    this.#pulls.set(status, upstreams);
    upstreams.set(upstream, (upstreams.get(upstream) ?? 0) + 1);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #gauge(name: string, help: string, read: (health: Health) => number | undefined): void {
    const { directory, health } = this.#options;
    const gauge = new Gauge<Labels>({
      name,
      help,
      labelNames: ["upstream_id", "upstream"],
      registers: [],
      async collect() {
        this.reset();
        for (const upstream of await directory.upstreams()) {
          const { id, name } = upstream;
          const value = read(health(upstream));
          if (value !== undefined) this.set({ upstream_id: id, upstream: name }, value);
        }
      },
    });
    this.#registry.registerMetric(gauge);
  }
}

/** Headers by which a proxy says that it asks for somebody else. */
const forwarded = ["forwarded", "x-forwarded-for", "via"];

/** Metrics name upstreams of all groups: for who is on this machine, or an administrator's access token. */
export async function metricsResponse(
  c: Context<Env>,
  metrics: Metrics,
  options: Parameters<typeof callerOf>[1],
): Promise<Response> {
  const { headers } = c.req.raw;
  const address = c.env.server.requestIP(c.req.raw)?.address ?? "";
  const isLocal =
    /^(?:::ffff:)?127\.|^::1$/.test(address) &&
    !options.isTrustedProxy(address) &&
    !forwarded.some((name) => headers.has(name));
  if (!isLocal) {
    const caller = await callerOf(c, options);
    if (!caller?.isAdministrator) {
      throw new RegistryError(
        "unauthorized",
        "metrics are for this machine, or an administrator's access token",
      );
    }
  }
  return new Response(await metrics.text(), {
    headers: {
      "Content-Type": metrics.contentType,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "X-Request-Id": c.var.exchange.id,
    },
  });
}
