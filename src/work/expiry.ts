import type { Clock, Timer } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** How far the clock may have moved otherwise than time does. */
const steadyMs = 300_000;

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

/**
 * Runs after an hour and then each day. A run that fails is logged, and made up for by the next. Where the clock has been
 * set since the last run, or the start, nothing is given up: what is old by a wrong clock may have been pulled today, and
 * a right one will tell a day later.
 */
export function startExpiry({ what, expire, clock, log }: ExpiryOptions): Expiry {
  let timer: Timer | undefined;
  let isStopped = false;
  let running = Promise.resolve();
  /** What the clock says beyond the time that has passed: the same for as long as nobody sets it. */
  const offset = () => clock.now() - clock.elapsed();
  let known = offset();
  next(hourMs);

  function next(ms: number): void {
    if (isStopped) return;
    timer = clock.after(ms, () => {
      running = run().then(() => next(dayMs));
    });
  }

  async function run(): Promise<void> {
    const isSteady = Math.abs(offset() - known) <= steadyMs;
    known = offset();
    if (!isSteady) return log.warn(`the clock was set: no ${what} are given up as expired today`);
    try {
      const count = await expire();
      if (count > 0) log.info(`${what} have expired`, { count });
    } catch (error) {
      log.error(`expired ${what} were not given up`, { code: failureCode(error) });
    }
  }

  return {
    async stop() {
      isStopped = true;
      timer?.cancel();
      await running;
    },
  };
}
