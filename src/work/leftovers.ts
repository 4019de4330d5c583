import type { Log } from "../lib/log.ts";
import type { Work } from "./runner/contract.ts";

export interface LeftoversOptions {
  /** Gives up what removals have left; how many entries these were. Safe to repeat, and lets others have their turn. */
  sweep: () => Promise<number>;
  log: Log;
}

/** Sweeps at the start, for what a kill has left, and each minute. */
export function leftoversWork({ sweep, log }: LeftoversOptions): Work {
  return {
    name: "leftovers",
    everyMs: 60_000,
    afterStartMs: 0,
    goesByAge: false,
    async step() {
      const count = await sweep();
      if (count > 0) log.info("entries of removed upstreams are gone", { count });
      return { isOver: true, done: count };
    },
  };
}
