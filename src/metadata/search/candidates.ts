import type { Db } from "../schema.ts";
import { bucketSize, firstId } from "./buckets.ts";
import { bucketOfKey, gramOfKey, type GramRange, keyOf, unpackOffsets } from "./grams.ts";

interface Noted {
  bucket: number;
  gram: number;
  ids: Uint8Array;
}

/** Ids of entries that have all these grams, by run of ids: what is not noted of a run is not in the answer. */
export async function candidatesIn(
  db: Db,
  buckets: readonly number[],
  ranges: readonly GramRange[],
): Promise<Map<number, number[]>> {
  const indexed = await db
    .selectFrom("indexed_buckets")
    .select("bucket")
    .where("bucket", "in", buckets)
    .execute();
  const noted = indexed.map(({ bucket }) => bucket);
  if (noted.length === 0) return new Map();
  const byBucket = Map.groupBy(await gramsIn(db, noted, ranges), ({ bucket }) => bucket);
  return new Map(
    noted.map((bucket) => [bucket, inAll(bucket, byBucket.get(bucket) ?? [], ranges)] as const),
  );
}

/** In one question for the grams of long words, and one a run for each short word. */
async function gramsIn(
  db: Db,
  buckets: readonly number[],
  ranges: readonly GramRange[],
): Promise<Noted[]> {
  const rows = () => db.selectFrom("entry_grams").selectAll();
  const single = ranges.filter(({ from, to }) => from === to);
  const keys = buckets.flatMap((bucket) => single.map(({ from }) => keyOf(bucket, from)));
  const found = keys.length > 0 ? await rows().where("id", "in", keys).execute() : [];
  for (const { from, to } of ranges) {
    if (from === to) continue;
    for (const bucket of buckets) {
      const those = rows()
        .where("id", ">=", keyOf(bucket, from))
        .where("id", "<=", keyOf(bucket, to));
      found.push(...(await those.execute()));
    }
  }
  return found.map(({ id, ids }) => ({ bucket: bucketOfKey(id), gram: gramOfKey(id), ids }));
}

/** Those that have something of each range, in no order. */
function inAll(bucket: number, noted: readonly Noted[], ranges: readonly GramRange[]): number[] {
  // Of how many of the ranges, in their order, each has something.
  const passed = new Uint8Array(bucketSize);
  let left: number[] = [];
  for (const [index, { from, to }] of ranges.entries()) {
    left = [];
    for (const { gram, ids } of noted) {
      if (gram < from || gram > to) continue;
      for (const offset of unpackOffsets(ids)) {
        if (passed[offset] !== index) continue;
        passed[offset] = index + 1;
        left.push(offset);
      }
    }
    if (left.length === 0) return [];
  }
  return left.map((offset) => firstId(bucket) + offset);
}
