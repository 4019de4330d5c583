import type { From } from "../../../access/people/contract.ts";
import { clientAddress } from "../../client-address.ts";
import type { BunServer } from "../../exchange.ts";
import { ApiError } from "../errors.ts";

/** How a request has come here. */
export interface Road {
  requestId: string;
  request: Request;
  server: BunServer;
  isTrustedProxy: (address: string) => boolean;
  /** Without a slash at the end. */
  externalUrl: string;
}

export function fromOf({ requestId, request, server, isTrustedProxy }: Road): From {
  const peer = server.requestIP(request)?.address;
  return { address: clientAddress(peer, request.headers, isTrustedProxy), requestId };
}

/**
 * Throws where a password or a login cookie would go over a network in the clear: browsers would not keep the cookie. What
 * is on this machine needs no https; they take `localhost` for secure too.
 */
export function requireSecureRoad(road: Road): void {
  if (isSecure(road)) return;
  const message =
    "signing in needs https, or a browser on this machine: give Weir a certificate (WEIR_TLS_CERT, WEIR_TLS_KEY), or a proxy " +
    "with one that is named in WEIR_TRUSTED_PROXIES and sends X-Forwarded-Proto: https, and set WEIR_EXTERNAL_URL to the https address";
  throw new ApiError(403, { message: `403 Forbidden - ${message}` });
}

function isSecure({ request, server, isTrustedProxy, externalUrl }: Road): boolean {
  const url = new URL(request.url);
  if (url.protocol === "https:") return true;
  const peer = server.requestIP(request)?.address;
  const isProxied = peer !== undefined && isTrustedProxy(peer);
  const proto = isProxied ? request.headers.get("x-forwarded-proto") : null;
  if (proto !== null) return proto.trim().toLowerCase() === "https";
  // The operator says that clients use https; a page that does not says so itself.
  if (externalUrl.startsWith("https:")) return !request.headers.get("origin")?.startsWith("http:");
  return !isProxied && isLoopback(peer) && isLoopbackName(url.hostname);
}

function isLoopback(address: string | undefined): boolean {
  return /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/.test(address ?? "");
}

const isLoopbackName = (host: string) =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|[\w-]+\.localhost)$/.test(host);

/**
 * Throws where a page of another origin has the browser send this. `isBrowser`: where nothing says where it comes from, it
 * cannot be one that has a cookie.
 */
export function refuseOtherOrigins({ request, externalUrl }: Road, isBrowser: boolean): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  // What the browser says of itself counts: it is there in every one of the last years, and behind any name of ours.
  if (
    site !== null ? site === "same-origin" : origin !== null ? origin === externalUrl : !isBrowser
  )
    return;
  const message =
    "this must be sent by a page of this server: Sec-Fetch-Site must be same-origin, or Origin that of WEIR_EXTERNAL_URL";
  throw new ApiError(403, { message: `403 Forbidden - ${message}` });
}

/** Throws for a body that a form on any page could send. */
export function requireJson(request: Request): void {
  if (/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) return;
  throw new ApiError(415, { error: "the body must be application/json" });
}

const maxTarget = 2048;

/**
 * Where to go after the sign-in: a path of this server, as browsers read it. Undefined where it leads, or could lead,
 * anywhere else.
 */
export function ownPath(text: string, externalUrl: string): string | undefined {
  if (text.length > maxTarget || !/^\/(?![/\\])[!-~]*$/.test(text) || text.includes("\\")) {
    return undefined;
  }
  const url = URL.parse(text, externalUrl);
  if (url?.origin !== externalUrl || url.pathname.startsWith("//")) return undefined;
  return url.pathname + url.search + url.hash;
}
