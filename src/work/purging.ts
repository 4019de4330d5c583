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
      const left = await management.sweep();
      const done = before + left;
      if (done > 0) log.info("entries were given up", { count: done });
      return { isOver: true, done };
    },
  };
}
