import type { Transaction } from "kysely";
import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { type Changes, raise } from "../changes.ts";
import { isDatabaseFailure } from "../contract.ts";
import type { Db, Schema } from "../schema.ts";
import { inTransaction } from "../transactions.ts";
import { isConnectionLost, PostgresError } from "./errors.ts";

/** What another server has changed is felt here after so long. */
export const freshMs = 1000;
/** So long goes on what is known, when the database does not answer. */
export const outageMs = 30_000;
/** How long anybody waits for an answer when what is known would do. */
const patienceMs = 500;
/** A database that has just failed is left alone for so long. */
const pauseMs = 250;

interface Options {
  db: Db;
  /** Another way to the same database, which nobody else keeps busy. */
  probe: Db;
  clock: Clock;
  /** For what a real server takes. */
  timers: Clock;
  log: Log;
}

/**
 * The generation of a database that several servers write to. While somebody asks, it is read from there twice a second,
 * behind their backs: who gets an answer gets one that was right a second ago. Nothing has to reach this server for that, so
 * nothing can be lost.
 */
export class SharedChanges implements Changes {
  readonly #options: Options;
  #generation = -1;
  /** When the database was asked for what is known. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #asking: { answer: Promise<number>; soon: Promise<void> } | undefined;
  #failure: { at: number; error: unknown } | undefined;
  /** Whoever waited for the last answer waited in vain: nobody does it again. */
  #isSlow = false;

  private constructor(options: Options) {
    this.#options = options;
  }

  static async open(options: Options): Promise<SharedChanges> {
    const changes = new SharedChanges(options);
    await changes.ask();
    return changes;
  }

  /** Whether the database answered when it was last asked. */
  get isAnswering(): boolean {
    return this.#failure === undefined;
  }

  async generation(): Promise<number> {
    const age = this.#options.clock.elapsed() - this.#confirmedAt;
    if (age <= freshMs) {
      // What fails is on the log, and thrown to whoever needs it.
      if (age > freshMs / 2) this.ask().catch(() => undefined);
      return this.#generation;
    }
    if (age > outageMs) return this.ask();
    if (this.#isSlow) {
      this.ask().catch(() => undefined);
      return this.#generation;
    }
    try {
      const asked = this.ask();
      await Promise.race([asked, this.#asking?.soon]);
    } catch (error) {
      if (!isDatabaseFailure(error)) throw error;
    }
    return this.#generation;
  }

  /** As it is in the database now. */
  ask(): Promise<number> {
    const { timers } = this.#options;
    if (this.#asking) return this.#asking.answer;
    const { at, error } = this.#failure ?? { at: Number.NEGATIVE_INFINITY, error: undefined };
    if (timers.elapsed() - at < pauseMs) return Promise.reject(error);
    const soon = Promise.withResolvers<void>();
    const timer = timers.after(patienceMs, () => {
      this.#isSlow = true;
      this.#failed(new PostgresError("POSTGRES_TIMEOUT", "no answer in time"));
      soon.resolve();
    });
    const answer = this.#read().finally(() => {
      timer.cancel();
      this.#asking = undefined;
    });
    this.#asking = { answer, soon: soon.promise };
    return answer;
  }

  async #read(): Promise<number> {
    const { probe, clock } = this.#options;
    const startedAt = clock.elapsed();
    const read = () => probe.selectFrom("generation").select("value").executeTakeFirstOrThrow();
    try {
      // One that was lost long ago may be noticed only now: another one is opened.
      const { value } = await read().catch((error: unknown) => {
        if (isConnectionLost(error) && !this.#isSlow) return read();
        throw error;
      });
      this.#confirm(value, startedAt);
      return this.#generation;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** Changes come one after another, as if one server alone made them: what one reads, no other changes meanwhile. */
  async run<T>(work: (tx: Transaction<Schema>, changed: () => void) => Promise<T>): Promise<T> {
    const { db, clock } = this.#options;
    const startedAt = clock.elapsed();
    const { result, generation } = await inTransaction(db, async (tx) => {
      const row = tx.selectFrom("generation").select("value").forUpdate();
      const { value } = await row.executeTakeFirstOrThrow();
      let isChanged = false;
      const result = await work(tx, () => {
        isChanged = true;
      });
      return { result, generation: isChanged ? await raise(tx) : value };
    });
    this.#confirm(generation, startedAt);
    return result;
  }

  #confirm(generation: number, startedAt: number): void {
    if (this.#failure) this.#options.log.info("the database answers again");
    this.#failure = undefined;
    this.#isSlow = false;
    this.#generation = Math.max(this.#generation, generation);
    this.#confirmedAt = Math.max(this.#confirmedAt, startedAt);
  }

  #failed(error: unknown): void {
    const { log, timers } = this.#options;
    if (!this.#failure) log.warn("the database does not answer", { code: failureCode(error) });
    this.#failure = { at: timers.elapsed(), error };
  }
}
