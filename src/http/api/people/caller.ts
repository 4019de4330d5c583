import { timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import type { Caller } from "../../../access/contract.ts";
import type { Session } from "../../../metadata/contract.ts";
import { callerOf, hasToken } from "../caller.ts";
import type { ApiEnv } from "../endpoint.ts";
import { ApiError } from "../errors.ts";
import type { ApiOptions } from "../options.ts";
import { readCookie, sessionCookie } from "./cookies.ts";
import { refuseOtherOrigins, requireJson, type Road } from "./roads.ts";

/** The login that a request has come with. */
export interface Login {
  session: Session;
  csrfToken: string;
}

export function roadOf(
  c: Context<ApiEnv>,
  { isTrustedProxy, externalUrl }: Pick<ApiOptions, "isTrustedProxy" | "externalUrl">,
): Road {
  const requestId = c.var.exchange.id;
  return { requestId, request: c.req.raw, server: c.env.server, isTrustedProxy, externalUrl };
}

/**
 * Whoever an access token or, where there is none, a login cookie speaks for; undefined for nobody. A token counts whatever
 * cookie is beside it, and a wrong one too. Throws where a cookie is to change something, and no page of ours says so.
 */
export async function whoCalls(
  c: Context<ApiEnv>,
  options: ApiOptions,
): Promise<{ caller: Caller; login: Login | undefined } | undefined> {
  if (hasToken(c)) {
    const caller = await callerOf(c, options);
    return caller && { caller, login: undefined };
  }
  const { sessions } = options.people;
  const secret = readCookie(c.req.header("cookie"), sessionCookie);
  // A page that is left open listens for ever, and comes again by itself: nobody need sit before it.
  const isListening = c.req.header("accept") === "text/event-stream";
  const find = (one: string) => (isListening ? sessions.peek(one) : sessions.find(one));
  const found = secret === undefined ? undefined : await find(secret);
  if (!found || secret === undefined) return undefined;
  const csrfToken = sessions.csrfToken(secret);
  const { method } = c.req;
  if (method !== "GET" && method !== "HEAD") {
    refuseOtherOrigins(roadOf(c, options), true);
    requireCsrfToken(c.req.header("x-csrf-token"), csrfToken);
    if (c.req.raw.body) requireJson(c.req.raw);
  }
  return { caller: found.caller, login: { session: found.session, csrfToken } };
}

function requireCsrfToken(given: string | undefined, csrfToken: string): void {
  const isSame =
    given?.length === csrfToken.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(csrfToken));
  if (isSame) return;
  const message =
    "with a login cookie, a change needs the header X-CSRF-Token with the csrf_token of GET /api/v4/session";
  throw new ApiError(403, { message: `403 Forbidden - ${message}` });
}
