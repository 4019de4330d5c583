import type { Kysely } from "kysely";
import { yieldTurn } from "../lib/clock.ts";
import type { StoreSize } from "./contract.ts";
import type { Schema } from "./schema.ts";

/** Rows of one step, a matter of a millisecond or two. */
const stepRows = 2000;

/** Counts what is stored, step by step, so that pulls have their turn in between. */
export async function storeSize(db: Kysely<Schema>, step: number = stepRows): Promise<StoreSize> {
  let blobs = 0;
  let bytes = 0;
  let last = "";
  for (;;) {
    const rows = await db
      .selectFrom("blobs")
      .select(["digest", "size"])
      .where("digest", ">", last as never)
      .orderBy("digest")
      .limit(step)
      .execute();
    for (const { size } of rows) bytes += size;
    blobs += rows.length;
    if (rows.length < step) return { blobs, bytes };
    last = rows.at(-1)!.digest;
    await yieldTurn();
  }
}
