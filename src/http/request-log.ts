import { clip, failureCode, type Log } from "../lib/log.ts";
import type { Exchange } from "./exchange.ts";
import { pathOf } from "./url.ts";

/** One line a request, with the facts that its headers tell too. */
export function logRequest(
  log: Log,
  ms: number,
  request: Request,
  exchange: Exchange,
  status: number,
): void {
  const { id, actor, right, kind, told, bytes, trace, refusal } = exchange;
  // What the server or an upstream could not do is for somebody to look at.
  log[status >= 500 ? "warn" : "info"]("request", {
    id,
    method: request.method,
    // Without the query, which can carry account names and signed addresses.
    path: clip(pathOf(request.url)),
    status,
    ms: Math.round(ms * 1000) / 1000,
    actor,
    right,
    kind,
    cache: told?.status,
    upstream: told?.upstream || undefined,
    age: told?.age,
    bytes,
    trace,
    reason: told?.reason ?? refusal?.code,
    cause: refusal && causeCode(refusal),
  });
}

/** The code at the bottom of a failure: `ECONNREFUSED` says more than "unreachable". */
function causeCode(error: Error): string | undefined {
  let { cause } = error;
  while (cause instanceof Error && cause.cause !== undefined) ({ cause } = cause);
  return cause === undefined ? undefined : failureCode(cause);
}
