import type { Clock, Timer } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";

const minuteMs = 60_000;

export interface LeftoversOptions {
  /** Gives up what removals have left; how many entries these were. Safe to repeat, and to run beside pulls. */
  sweep: () => Promise<number>;
  clock: Clock;
  log: Log;
}

/** Sweeps at once, for what a kill has left, and again a minute after each sweep. One that fails is logged. */
export function startLeftovers({ sweep, clock, log }: LeftoversOptions): { stop(): Promise<void> } {
  let timer: Timer | undefined;
  let isStopped = false;
  let running = run();

  async function run(): Promise<void> {
    try {
      const count = await sweep();
      if (count > 0) log.info("entries of removed upstreams are gone", { count });
    } catch (error) {
      log.error("entries of removed upstreams were not given up", { code: failureCode(error) });
    }
    if (isStopped) return;
    timer = clock.after(minuteMs, () => {
      running = run();
    });
  }

  return {
    async stop() {
      isStopped = true;
      timer?.cancel();
      await running;
    },
  };
}
