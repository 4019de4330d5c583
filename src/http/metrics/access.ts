import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { metricsType } from "../../lib/metrics.ts";
import { RegistryError } from "../../oci/error.ts";
import { callerOf } from "../api/caller.ts";
import type { Env } from "../exchange.ts";
import type { Metrics } from "./metrics.ts";

/** Headers by which a proxy says that it asks for somebody else. */
const forwarded = ["forwarded", "x-forwarded-for", "via"];

interface Options {
  metrics: Metrics;
  /** A token that opens metrics and nothing else; undefined: there is none. */
  metricsToken: string | undefined;
  access: Parameters<typeof callerOf>[1];
}

/**
 * Metrics name upstreams of all groups: for who is on this machine, who has the token for them, and an administrator's
 * access token.
 */
export async function metricsResponse(c: Context<Env>, options: Options): Promise<Response> {
  if (!(await mayRead(c, options))) {
    throw new RegistryError(
      "unauthorized",
      "metrics are for this machine, the token of WEIR_METRICS_TOKEN, or an administrator's access token",
    );
  }
  return new Response(await options.metrics.text(), {
    headers: {
      "Content-Type": metricsType,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "X-Request-Id": c.var.exchange.id,
    },
  });
}

async function mayRead(
  c: Context<Env>,
  { metricsToken, access }: Options,
): Promise<boolean | undefined> {
  const { headers } = c.req.raw;
  const address = c.env.server.requestIP(c.req.raw)?.address ?? "";
  const isLocal =
    /^(?:::ffff:)?127\.|^::1$/.test(address) &&
    !access.isTrustedProxy(address) &&
    !forwarded.some((name) => headers.has(name));
  if (isLocal || isBearer(metricsToken, headers.get("authorization"))) return true;
  return (await callerOf(c, access))?.isAdministrator;
}

/** Compared as digests: neither length nor beginning shows in the time it takes. */
function isBearer(token: string | undefined, authorization: string | null): boolean {
  const [, given] = /^bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
  if (token === undefined || given === undefined) return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(token), digest(given));
}
