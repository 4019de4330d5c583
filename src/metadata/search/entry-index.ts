import { type Clock, giveWay } from "../../lib/clock.ts";
import type { Db } from "../schema.ts";
import { bucketOf, firstId, lastId } from "./buckets.ts";
import type { SearchIndex } from "./contract.ts";
import { gramsOf, keyOf, packOffsets } from "./grams.ts";

/** So many rows take a millisecond or two to read, or to write. */
const rowsPerStep = 64;
/** A gram that stands in most paths of a run has thousands of entries to be written. */
const offsetsPerStep = 8192;

/**
 * Notes in which entries which grams stand, so that a search need not look through all paths. Storing an entry costs
 * nothing for it: a run of ids is written when newer ones have begun, behind the pulls. What is not noted yet is found all the same.
 */
export class EntryIndex implements SearchIndex {
  constructor(
    readonly db: Db,
    /** Does this work, unless another server of the database is about it. */
    readonly turn: (work: () => Promise<void>) => Promise<void>,
    readonly clock: Clock,
  ) {}

  /** One that forgets a run while another one writes it would leave half of it, with the mark of a whole one. */
  async step(): Promise<number | undefined> {
    let count: number | undefined;
    await this.turn(async () => {
      count = await this.#step();
    });
    return count;
  }

  async #step(): Promise<number | undefined> {
    const complete = await this.#complete();
    if (complete !== undefined) return this.#write(complete);
    const empty = await this.#empty();
    if (empty === undefined) return undefined;
    await this.#forget(empty);
    return 0;
  }

  /** The newest run in which entries can be seen, to which none will come any more, and which is not noted. */
  async #complete(): Promise<number | undefined> {
    const newest = await this.db
      .selectFrom("cache_entries")
      .select((eb) => eb.fn.max("id").as("id"))
      .executeTakeFirst();
    // One run more than need be: another server may be about to commit an id that was given out before.
    const last = bucketOf(newest?.id ?? 0) - 2;
    const row = await this.db
      .selectFrom("entry_counts as c")
      .leftJoin("indexed_buckets as i", "i.bucket", "c.bucket")
      .select((eb) => eb.fn.max("c.bucket").as("bucket"))
      .where("i.bucket", "is", null)
      .where("c.bucket", "<=", last)
      .executeTakeFirst();
    return row?.bucket ?? undefined;
  }

  /** How many entries it has. */
  async #write(bucket: number): Promise<number> {
    const { found, count } = await this.#read(bucket);
    for (const some of inSteps(found)) {
      const started = this.clock.elapsed();
      await this.db
        .insertInto("entry_grams")
        .values(
          some.map(([gram, offsets]) => ({ id: keyOf(bucket, gram), ids: packOffsets(offsets) })),
        )
        .onConflict((conflict) =>
          conflict.column("id").doUpdateSet((eb) => ({ ids: eb.ref("excluded.ids") })),
        )
        .execute();
      await giveWay(this.clock.elapsed() - started);
    }
    await this.db
      .insertInto("indexed_buckets")
      .values({ bucket })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return count;
  }

  /** All entries of the run, whether they can be seen or not: that may change, their paths do not. */
  async #read(bucket: number): Promise<{ found: Map<number, number[]>; count: number }> {
    const found = new Map<number, number[]>();
    let count = 0;
    let after = firstId(bucket) - 1;
    for (;;) {
      const started = this.clock.elapsed();
      const rows = await this.db
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
      count += rows.length;
      await giveWay(this.clock.elapsed() - started);
      if (rows.length < rowsPerStep) return { found, count };
    }
  }

  /** A run whose entries are all gone, seen or not. */
  async #empty(): Promise<number | undefined> {
    const row = await this.db
      .selectFrom("indexed_buckets as i")
      .leftJoin("entry_counts as c", "c.bucket", "i.bucket")
      .select("i.bucket")
      .where("c.bucket", "is", null)
      .limit(1)
      .executeTakeFirst();
    return row?.bucket;
  }

  /** From the mark on: half a run must never pass for a whole one. One that is seen again is written again. */
  async #forget(bucket: number): Promise<void> {
    await this.db.deleteFrom("indexed_buckets").where("bucket", "=", bucket).execute();
    let deleted: number;
    do {
      const started = this.clock.elapsed();
      const { numDeletedRows } = await this.db
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
      await giveWay(this.clock.elapsed() - started);
    } while (deleted === rowsPerStep);
  }
}

/** In the order of grams, as many at a time as are quick to write. */
function* inSteps(found: ReadonlyMap<number, number[]>): Iterable<[number, number[]][]> {
  let some: [number, number[]][] = [];
  let size = 0;
  for (const one of [...found].sort(([a], [b]) => a - b)) {
    some.push(one);
    size += one[1].length;
    if (some.length < rowsPerStep && size < offsetsPerStep) continue;
    yield some;
    [some, size] = [[], 0];
  }
  if (some.length > 0) yield some;
}
