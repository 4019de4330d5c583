import type { Log } from "../lib/log.ts";
import type { CleanupRuns } from "../metadata/contract.ts";
import type { Work } from "./runner/contract.ts";

const quarterMs = 900_000;

/** Looks every quarter of an hour whether cleanup policies are due, and carries them out. */
export function cleanupWork({ runs, log }: { runs: CleanupRuns; log: Log }): Work {
  return {
    name: "cleanup_policies",
    everyMs: quarterMs,
    afterStartMs: quarterMs,
    goesByAge: true,
    async step({ done }) {
      const step = await runs.step();
      if (!step) return { isOver: true, done };
      const { groupId: group, ended, entries, size, message } = step;
      if (ended === "success")
        log.info("a cleanup policy was carried out", { group, entries, size });
      if (ended === "failure") log.error("a cleanup policy failed", { group, entries, message });
      return { isOver: false, state: "policies", done: ended ? done : done + entries };
    },
  };
}
