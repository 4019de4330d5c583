import type { Clock, Timer } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";

const dayMs = 86_400_000;

export interface ExpiryOptions {
  /** Gives up what was not pulled for long; how many entries these were. Safe to repeat, and to run beside pulls. */
  expire: () => Promise<number>;
  clock: Clock;
  log: Log;
}

export interface Expiry {
  /** Ends it; resolves when a run that is under way is over. */
  stop(): Promise<void>;
}

/** Runs now and each day. A run that fails is logged, and made up for by the next. */
export function startExpiry({ expire, clock, log }: ExpiryOptions): Expiry {
  let timer: Timer | undefined;
  let isStopped = false;
  let running = run();

  async function run(): Promise<void> {
    try {
      const entries = await expire();
      if (entries > 0) log.info("entries have expired", { entries });
    } catch (error) {
      log.error("expired entries were not given up", { code: failureCode(error) });
    }
    if (isStopped) return;
    timer = clock.after(dayMs, () => {
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
