import type { Exchange } from "./exchange.ts";

/** On everything that a browser shows as a page: what it may load, and that nobody learns of its address or frames it. */
export function pageHeaders({ id }: Exchange, policy: string): Record<string, string> {
  return {
    "Content-Security-Policy": policy,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": id,
  };
}
