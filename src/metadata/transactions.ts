import type { Transaction } from "kysely";
import { sleep, systemClock } from "../lib/clock.ts";
import type { Db, Schema } from "./schema.ts";

/** So long is what was given up tried again: by then whoever was in the way has come to his end, or been given up himself. */
const patienceMs = 10_000;
/** The first wait before the next attempt, at most; each further one is twice as long, up to the last. */
const firstWaitMs = 4;
const lastWaitMs = 256;

/**
 * Runs `work` in one transaction, from its beginning again where the database gives it up for another's sake. So it does
 * nothing but by this transaction.
 */
export async function inTransaction<T>(
  db: Db,
  work: (tx: Transaction<Schema>) => Promise<T>,
  random: () => number = Math.random,
): Promise<T> {
  const startedAt = systemClock.elapsed();
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, lastWaitMs)) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      const isLate = systemClock.elapsed() - startedAt > patienceMs;
      if (isLate || !isGivenUp(error)) throw error;
      // Not at the same moment as the others who were given up.
      await sleep(waitMs * random());
    }
  }
}

/** 40001: serialization; 40P01: two waited for each other; 0A000: another server has changed the tables meanwhile. */
function isGivenUp(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === "POSTGRES_40001" || code === "POSTGRES_40P01" || code === "POSTGRES_0A000";
}
