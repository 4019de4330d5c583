import { ring, UpstreamError, type UnsureReason } from "./contract.ts";
import { failureCode } from "../lib/log.ts";

/** Codes of `fetch` for what was received but is not HTTP/1.1 as it should be. */
const malformed = new Set([
  "InvalidContentLength",
  "InvalidHTTPResponse",
  "Malformed_HTTP_Response",
  "ResponseHeadersTooLarge",
  "UnrequestedUpgrade",
  "UnsupportedTransferEncoding",
]);

/** Codes that say that no connection came about, so that another address of the same host may do. */
const notConnected = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ETIMEDOUT",
  "FailedToOpenSocket",
]);

const certificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;

export function isNotConnected(error: unknown): boolean {
  return notConnected.has(failureCode(error));
}

/** What a rejected `fetch` or read means. Its own text is left behind: it carries the URL. */
export function connectionFailure(name: string, error: unknown): UpstreamError {
  const code = failureCode(error);
  if (malformed.has(code)) return failure("invalid", name, "answered with malformed HTTP");
  if (notConnected.has(code)) return failure("unreachable", name, "cannot be reached");
  if (certificate.test(code)) {
    return failure("unreachable", name, "did not show a certificate that can be trusted");
  }
  if (code === "EPROTO") return failure("unreachable", name, "does not speak TLS at this address");
  return explained(name, "unreachable", "broke off the connection", reset);
}

/** Causes that decide what is done next. Not errors, since those would carry the URL. */
const reset = "reset";
const crowded = "crowded";

/** The connection ended, though it had come about and what had come by it was well-formed. */
export function isReset(error: unknown): boolean {
  return error instanceof UpstreamError && error.cause === reset;
}

/** Our own limits kept the call from being made: the upstream has no part in it. */
export function isCrowded(error: unknown): boolean {
  return error instanceof UpstreamError && error.cause === crowded;
}

export function crowdedFailure(name: string): UpstreamError {
  return explained(name, "timeout", "has too many transfers running", crowded);
}

/** It answered that it is being asked by itself: what this server has been told it tells on, to its own client. */
export function ringFailure(name: string): UpstreamError {
  return explained(name, "invalid", "leads back to a server that is asking", ring);
}

function explained(name: string, reason: UnsureReason, did: string, cause: string): UpstreamError {
  return new UpstreamError(reason, name, `upstream "${name}" ${did}`, { cause });
}

/** An `UpstreamError` whose message is the upstream's name and what it did. */
export function failure(
  reason: UnsureReason,
  name: string,
  did: string,
  retryAfterSeconds?: number,
): UpstreamError {
  return new UpstreamError(reason, name, `upstream "${name}" ${did}`, { retryAfterSeconds });
}
