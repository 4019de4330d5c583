import type { Clock } from "./clock.ts";

/** What is asked for; undefined where that fails, or is not there within `ms` milliseconds, for who can do without it. */
export async function unlessLate<T>(
  clock: Clock,
  ms: number,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = clock.after(ms, () => late.resolve(undefined));
  try {
    return await Promise.race([ask().catch(() => undefined), late.promise]);
  } finally {
    timer.cancel();
  }
}
