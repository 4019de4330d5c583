import { sql } from "kysely";
import type { Clock } from "../lib/clock.ts";
import type { Db } from "./schema.ts";

/**
 * What time it is for all servers on a database: by what one has left there another judges whether that one is still at it.
 * Their own clocks may be minutes apart.
 */
export type SharedTime = (db: Db) => Promise<number>;

/** That of the only process there is. */
export const timeOf =
  (clock: Clock): SharedTime =>
  async () =>
    clock.now();

/** That of the machine that the database runs on. */
export const databaseTime: SharedTime = async (db) => {
  const asked = sql<{
    now: number;
  }>`select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now`;
  const { rows } = await asked.execute(db);
  return rows[0]?.now ?? Promise.reject(new Error("the database does not tell the time"));
};
