import type { Clock, Timer } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";

const dayMs = 86_400_000;

export interface ExpiryOptions {
  /** Of what: `entries`. */
  what: string;
  /** Gives up what has been there for long enough; how many these were. Safe to repeat, and to run beside pulls. */
  expire: () => Promise<number>;
  clock: Clock;
  log: Log;
}

export interface Expiry {
  /** Ends it; resolves when a run that is under way is over. */
  stop(): Promise<void>;
}

/** Runs now and each day. A run that fails is logged, and made up for by the next. */
export function startExpiry({ what, expire, clock, log }: ExpiryOptions): Expiry {
  let timer: Timer | undefined;
  let isStopped = false;
  let running = run();

  async function run(): Promise<void> {
    try {
      const count = await expire();
      if (count > 0) log.info(`${what} have expired`, { count });
    } catch (error) {
      log.error(`expired ${what} were not given up`, { code: failureCode(error) });
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
