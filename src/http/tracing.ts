import { clip } from "../lib/log.ts";
import type { Span } from "../lib/tracing/span.ts";
import type { Exchange } from "./exchange.ts";
import { pathOf } from "./url.ts";

/** What a trace tells of a request: the facts of its log line, by the names that OpenTelemetry has where it has some. */
export function describeRequest(
  span: Span,
  request: Request,
  { id, kind, told, bytes, refusal }: Exchange,
  status: number,
): void {
  if (kind) span.rename(`${request.method} ${kind}`);
  span.set({
    "http.request.method": request.method,
    "url.path": clip(pathOf(request.url)),
    "http.response.status_code": status,
    "http.response.body.size": bytes,
    "weir.request_id": id,
    "weir.kind": kind,
    "weir.cache_status": told?.status,
    "weir.upstream": told?.upstream || undefined,
    "weir.reason": told?.reason ?? refusal?.code,
  });
  if (status >= 500) span.fail(refusal?.code ?? String(status));
}
