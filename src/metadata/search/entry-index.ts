import { type Clock, type Timer, yieldTurn } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Db } from "../schema.ts";
import { bucketOf, firstId, lastId } from "./buckets.ts";
import { gramsOf, keyOf, packOffsets } from "./grams.ts";

const hourMs = 3_600_000;
/** So many rows take a few milliseconds to read, or to write. */
const rowsPerStep = 64;

interface Options {
  clock: Clock;
  log: Log;
  /** Does this work, unless another server of the database is about it. */
  turn: (work: () => Promise<void>) => Promise<void>;
}

/**
 * Notes in which entries which grams stand, so that a search need not look through all paths. Storing an entry costs
 * nothing for it: a run of ids is written when newer ones have begun, after the first search and each hour from then on, in steps between which pulls have their turn. What is not noted yet is found all the same.
 */
export class EntryIndex {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #turn: Options["turn"];
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(db: Db, { clock, log, turn }: Options) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
    this.#turn = turn;
  }

  /** Brings it up to date, behind the caller's back. */
  wake(): void {
    if (this.#running || this.#isClosed) return;
    this.#timer?.cancel();
    this.#running = this.update()
      .catch((error: unknown) => {
        this.#log.warn("the index of cache entries was not written", { code: failureCode(error) });
      })
      .finally(() => {
        this.#running = undefined;
        this.#wait(hourMs);
      });
  }

  /** The same, resolving when it is. */
  update(): Promise<void> {
    // One that forgets a run while another one writes it would leave half of it, with the mark of a whole one.
    return this.#turn(() => this.#update());
  }

  async #update(): Promise<void> {
    const complete = await this.#complete();
    for (const bucket of complete) {
      if (this.#isClosed) return;
      await this.#write(bucket);
    }
    await this.#forgetEmpty();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #wait(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(ms, () => this.wake());
  }

  /** Runs in which entries can be seen, to which none will come any more, and which are not noted; the newest first. */
  async #complete(): Promise<number[]> {
    const newest = await this.#db
      .selectFrom("cache_entries")
      .select((eb) => eb.fn.max("id").as("id"))
      .executeTakeFirst();
    // One run more than need be: another server may be about to commit an id that was given out before.
    const last = bucketOf(newest?.id ?? 0) - 2;
    const rows = await this.#db
      .selectFrom("entry_counts as c")
      .leftJoin("indexed_buckets as i", "i.bucket", "c.bucket")
      .select("c.bucket")
      .distinct()
      .where("i.bucket", "is", null)
      .where("c.bucket", "<=", last)
      .execute();
    return rows.map(({ bucket }) => bucket).sort((a, b) => b - a);
  }

  async #write(bucket: number): Promise<void> {
    const found = await this.#read(bucket);
    const rows = [...found]
      .map(([gram, offsets]) => ({ id: keyOf(bucket, gram), ids: packOffsets(offsets) }))
      .sort((a, b) => a.id - b.id);
    for (let start = 0; start < rows.length; start += rowsPerStep) {
      if (this.#isClosed) return;
      await this.#db
        .insertInto("entry_grams")
        .values(rows.slice(start, start + rowsPerStep))
        .onConflict((conflict) =>
          conflict.column("id").doUpdateSet((eb) => ({ ids: eb.ref("excluded.ids") })),
        )
        .execute();
      await yieldTurn();
    }
    await this.#db
      .insertInto("indexed_buckets")
      .values({ bucket })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** All entries of the run, whether they can be seen or not: that may change, their paths do not. */
  async #read(bucket: number): Promise<Map<number, number[]>> {
    const found = new Map<number, number[]>();
    let after = firstId(bucket) - 1;
    for (;;) {
      const rows = await this.#db
        .selectFrom("cache_entries")
        .select(["id", "relative_path"])
        .where("id", ">", after)
        .where("id", "<=", lastId(bucket))
        .orderBy("id")
        .limit(rowsPerStep)
        .execute();
      for (const { id, relative_path: path } of rows) {
        for (const gram of gramsOf(path)) {
          const offsets = found.get(gram);
          if (offsets) offsets.push(id - firstId(bucket));
          else found.set(gram, [id - firstId(bucket)]);
        }
        after = id;
      }
      await yieldTurn();
      if (rows.length < rowsPerStep) return found;
    }
  }

  /** Runs whose entries are all gone, seen or not. */
  async #forgetEmpty(): Promise<void> {
    const rows = await this.#db
      .selectFrom("indexed_buckets as i")
      .leftJoin("entry_counts as c", "c.bucket", "i.bucket")
      .select("i.bucket")
      .where("c.bucket", "is", null)
      .execute();
    for (const { bucket } of rows) {
      if (this.#isClosed) return;
      await this.#forget(bucket);
    }
  }

  /** From the mark on: half a run must never pass for a whole one. One that is seen again is written again. */
  async #forget(bucket: number): Promise<void> {
    await this.#db.deleteFrom("indexed_buckets").where("bucket", "=", bucket).execute();
    let deleted: number;
    do {
      const { numDeletedRows } = await this.#db
        .deleteFrom("entry_grams")
        .where("id", "in", (eb) =>
          eb
            .selectFrom("entry_grams")
            .select("id")
            .where("id", ">=", keyOf(bucket, 0))
            .where("id", "<", keyOf(bucket + 1, 0))
            .limit(rowsPerStep),
        )
        .executeTakeFirst();
      deleted = Number(numDeletedRows);
      await yieldTurn();
    } while (deleted === rowsPerStep);
  }
}
