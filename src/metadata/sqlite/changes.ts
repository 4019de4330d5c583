import type { Transaction } from "kysely";
import { type Changes, raise } from "../changes.ts";
import type { Db, Schema } from "../schema.ts";

/** Counts in memory: no other process writes to the same SQLite file. */
export class LocalChanges implements Changes {
  #generation: number;

  private constructor(
    readonly db: Db,
    readonly durable: () => Promise<void>,
    generation: number,
  ) {
    this.#generation = generation;
  }

  /** `durable` resolves when what has been committed would survive a power failure. */
  static async open(db: Db, durable: () => Promise<void>): Promise<LocalChanges> {
    const { value } = await db.selectFrom("generation").select("value").executeTakeFirstOrThrow();
    return new LocalChanges(db, durable, value);
  }

  async generation(): Promise<number> {
    return this.#generation;
  }

  async run<T>(work: (tx: Transaction<Schema>, changed: () => void) => Promise<T>): Promise<T> {
    let changed = false;
    let generation = this.#generation;
    const result = await this.db.transaction().execute(async (tx) => {
      const result = await work(tx, () => {
        changed = true;
      });
      if (changed) generation = await raise(tx);
      return result;
    });
    if (changed) {
      this.#generation = Math.max(this.#generation, generation);
      // With `synchronous = normal` commits reach the disk at the next checkpoint only, which is too late for rights.
      await this.durable();
    }
    return result;
  }
}
