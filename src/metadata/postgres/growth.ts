import { sql } from "kysely";
import type { Clock, Timer } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Db } from "../schema.ts";

/** PostgreSQL itself looks once a minute, and what fills a new database does so in less. */
const everyMs = 5000;
/** So many rows are gone through sooner than an index. */
const fewRows = 50;

/**
 * Has PostgreSQL look at those tables anew that have doubled since it did so. What it does not know to have grown it goes
 * through as a whole, and it keeps such a plan for each statement that it has prepared.
 */
export class Growth {
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #hasFailed = false;

  constructor(
    readonly db: Db,
    readonly clock: Clock,
    readonly log: Log,
  ) {
    this.#wait();
  }

  /** No look is begun any more, and none is under way. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#looking;
  }

  #wait(): void {
    this.#timer = this.clock.after(everyMs, () => {
      this.#looking = this.#look();
      void this.#looking.then(() => this.#timer && this.#wait());
    });
  }

  async #look(): Promise<void> {
    try {
      const { rows } = await grown.execute(this.db);
      // Where another server is about it, that is enough.
      for (const { name } of rows)
        await sql`analyze (skip_locked) ${sql.table(name)}`.execute(this.db);
      this.#hasFailed = false;
    } catch (error) {
      // A database that is gone is told of elsewhere, and asked again here all the time.
      if (!this.#hasFailed)
        this.log.warn("tables that have grown were not looked at", { code: failureCode(error) });
      this.#hasFailed = true;
    }
  }
}

const grown = sql<{ name: string }>`
  select s.relname as name from pg_catalog.pg_stat_user_tables as s
  join pg_catalog.pg_class as c on c.oid = s.relid
  where s.schemaname = current_schema() and s.n_live_tup > 2 * greatest(c.reltuples, ${fewRows}) order by 1`;
