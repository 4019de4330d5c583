import { type Clock, giveWay } from "../lib/clock.ts";
import type { Db } from "./schema.ts";

/** Rows of one step, which takes less than a millisecond where they are in memory. */
const stepRows = 2000;

/** `Metadata.blobCount`. */
export async function blobCount(db: Db, clock: Clock, step: number = stepRows): Promise<number> {
  let all = 0;
  for (let after = ""; ;) {
    const started = clock.elapsed();
    const some = db
      .selectFrom("blobs")
      .select("digest")
      .where("digest", ">", after as never)
      .orderBy("digest")
      .limit(step);
    const { count, last } = await db
      .selectFrom(some.as("some"))
      .select((eb) => [eb.fn.countAll<number>().as("count"), eb.fn.max("digest").as("last")])
      .executeTakeFirstOrThrow();
    all += count;
    if (count < step) return all;
    after = last;
    await giveWay(clock.elapsed() - started);
  }
}
