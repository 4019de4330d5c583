import type { Log } from "../lib/log.ts";
import type { Management, Purges } from "../metadata/contract.ts";
import type { Work } from "./runner/contract.ts";

export interface PurgingOptions {
  purges: Purges;
  management: Pick<Management, "sweep">;
  log: Log;
}

/**
 * Gives up what purges were asked for, when woken, and what removed upstreams have left; both at the start, for what a kill
 * has left, and each minute.
 */
export function purgingWork({ purges, management, log }: PurgingOptions): Work {
  return {
    name: "purges",
    everyMs: 60_000,
    afterStartMs: 0,
    goesByAge: false,
    async step({ done: before }) {
      const removed = await purges.step();
      if (removed !== undefined) return { isOver: false, state: "purges", done: before + removed };
      if (before > 0) log.info("entries were purged", { count: before });
      const count = await management.sweep();
      if (count > 0) log.info("entries of removed upstreams are gone", { count });
      return { isOver: true, done: before + count };
    },
  };
}
