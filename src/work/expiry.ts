import type { Log } from "../lib/log.ts";
import type { Work } from "./runner/contract.ts";

const hourMs = 3_600_000;

export interface ExpiryOptions {
  /** Of what, as work is named: `expired_entries`. */
  name: string;
  /** The same for people: `entries`. */
  what: string;
  /** Gives up what has been there for long enough; how many these were. Safe to repeat, and lets others have their turn. */
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
    async step() {
      const count = await expire();
      if (count > 0) log.info(`${what} have expired`, { count });
      return { isOver: true, done: count };
    },
  };
}
