import type { Exchange } from "../exchange.ts";

export interface Answer {
  body?: unknown;
  /** In place of a body: server-sent events, for as long as they come. */
  events?: ReadableStream<Uint8Array>;
  headers?: Record<string, string>;
}

/** On every answer: nothing here is a page, and nobody but the caller may keep it. */
export function reply(
  exchange: Exchange,
  status: number,
  { body, events, headers }: Answer,
): Response {
  const text = body === undefined ? null : JSON.stringify(body);
  return new Response(events ?? text, {
    status,
    headers: {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      // Proxies are not to wait for more.
      ...(events && { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" }),
      ...commonHeaders(exchange),
      ...headers,
    },
  });
}

export function commonHeaders({ id }: Exchange): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    Vary: "Authorization, PRIVATE-TOKEN, JOB-TOKEN, Cookie",
    "X-Request-Id": id,
  };
}
