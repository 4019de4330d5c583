import type { Transaction } from "kysely";
import type { Db, Schema } from "./schema.ts";

/** Two that are in each other's way are so once; who is given up so often meets something else. */
const attempts = 5;

/**
 * Runs `work` in one transaction, from its beginning again where the database gives it up for another's sake. So it does
 * nothing but by this transaction.
 */
export async function inTransaction<T>(
  db: Db,
  work: (tx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === attempts || !isGivenUp(error)) throw error;
    }
  }
}

/** 40001: serialization; 40P01: two waited for each other; 0A000: another server has changed the tables meanwhile. */
function isGivenUp(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === "POSTGRES_40001" || code === "POSTGRES_40P01" || code === "POSTGRES_0A000";
}
