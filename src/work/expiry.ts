import type { Log } from "../lib/log.ts";
import type { Work } from "./runner/contract.ts";

const hourMs = 3_600_000;

export interface ExpiryOptions {
  /** Of what, as work is named: `expired_entries`. */
  name: string;
  /** The same for people: `entries`. */
  what: string;
  /** Gives up some of what has been there for long enough; how many these were, 0 where there are no more. Safe to repeat. */
  expire: () => Promise<number>;
  log: Log;
}

/** Gives up each day what is too old. */
export function expiryWork({ name, what, expire, log }: ExpiryOptions): Work {
  return {
    name,
    everyMs: 24 * hourMs,
    afterStartMs: hourMs,
    goesByAge: true,
    async step({ done: before }) {
      const some = await expire();
      const done = before + some;
      if (some > 0) return { isOver: false, state: what, done };
      if (done > 0) log.info(`${what} have expired`, { count: done });
      return { isOver: true, done };
    },
  };
}
