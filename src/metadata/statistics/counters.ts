import type { CounterColumns } from "../schema.ts";
import type { Counters } from "./contract.ts";

/** How the counters are called in the database. */
export const columnOf = {
  hit: "hit",
  stale: "stale",
  revalidated: "revalidated",
  miss: "miss",
  collapsed: "collapsed",
  window: "windowed",
  bypass: "bypass",
  absent: "absent",
  refused: "refused",
  bytesFromCache: "bytes_from_cache",
  bytesFromUpstream: "bytes_from_upstream",
  requests: "requests",
  errors: "errors",
} as const satisfies Record<keyof Counters, keyof CounterColumns>;

export const counterNames = Object.keys(columnOf) as (keyof Counters)[];
export const counterColumns = Object.values(columnOf);

export function columnsOf(counters: Counters): CounterColumns {
  const entries = counterNames.map((name) => [columnOf[name], counters[name]] as const);
  return Object.fromEntries(entries) as unknown as CounterColumns;
}

/** Sums come as null of nothing, and from some engines as texts. */
export function countersOf(row: Record<string, unknown>): Counters {
  const entries = counterNames.map((name) => [name, Number(row[columnOf[name]] ?? 0)] as const);
  return Object.fromEntries(entries) as unknown as Counters;
}
