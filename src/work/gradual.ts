import type { Log } from "../lib/log.ts";
import type { Work } from "./runner/contract.ts";

export interface GradualOptions extends Omit<Work, "step"> {
  /** A step: how many it has done; undefined where there was nothing to do. Safe to repeat. */
  some: () => Promise<number | undefined>;
  /** What the log says of a run that has done something. */
  told: string;
  log: Log;
}

/** Work that is done when there is no more of it, wherever it was begun. */
export function gradualWork({ some, told, log, ...work }: GradualOptions): Work {
  return {
    ...work,
    async step({ done }) {
      const count = await some();
      if (count !== undefined) return { isOver: false, state: "begun", done: done + count };
      if (done > 0) log.info(told, { count: done });
      return { isOver: true, done };
    },
  };
}
