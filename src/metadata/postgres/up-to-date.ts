import { sleep, systemClock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { migrate, refuseUnfinished } from "../migrations/index.ts";
import type { Db } from "../schema.ts";
import { postgresWords } from "./words.ts";

/** A change of a table waits for those who use it, and everybody else would wait behind it: it steps back and comes again. */
export const lockMs = 2000;
/** So long is that tried: pulls of the previous version end within that. */
const patienceMs = 120_000;
/** Between two attempts, at most: those who have waited behind it have their turn. */
const restMs = 500;

/**
 * Brings the schema up to date. What the previous version's servers do goes on meanwhile. `db` waits for a lock for so long
 * (`lockMs`), and for a statement as long as it takes: an index can take its time.
 */
export async function bringUpToDate(db: Db, log: Log, random = Math.random): Promise<void> {
  const startedAt = systemClock.elapsed();
  for (let attempt = 1; ; attempt++) {
    try {
      await refuseUnfinished(db, postgresWords);
      return await migrate(db, postgresWords);
    } catch (error) {
      const code = failureCode(error);
      const isLate = systemClock.elapsed() - startedAt > patienceMs;
      if (isLate || !givenUp.has(code)) throw error;
      log.info("a table is in use, its change waits", { attempt, code });
    }
    await sleep(restMs * random());
  }
}

/**
 * What was waited for did not come in time; two waited for each other; somebody has cancelled the statement. All of the
 * schema's changes are in one transaction, so nothing is left of it.
 */
const givenUp = new Set(["POSTGRES_55P03", "POSTGRES_40P01", "POSTGRES_57014"]);
