import type { Db } from "../schema.ts";
import { bucketSize, firstId } from "./buckets.ts";
import { bucketOfKey, gramOfKey, type GramRange, keyOf, unpackOffsets } from "./grams.ts";

/** So many are looked at one by one; with more of them in a run, looking through it is quicker. */
export const fewCandidates = 64;

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

/**
 * Those that have something of each range, in no order. With few left, what is longer than the whole run is not gone through
 * any more: who asks looks at them anyway.
 */
function inAll(bucket: number, noted: readonly Noted[], ranges: readonly GramRange[]): number[] {
  const parts = ranges.map(({ from, to }) => {
    const lists = noted.filter(({ gram }) => gram >= from && gram <= to).map(({ ids }) => ids);
    return { lists, size: lists.reduce((sum, { length }) => sum + length, 0) };
  });
  // Of how many of the parts, in their order, each has something.
  const passed = new Uint8Array(bucketSize);
  let left: number[] = [];
  for (const [index, { lists, size }] of parts.sort((a, b) => a.size - b.size).entries()) {
    if (index > 0 && left.length <= (size > bucketSize ? fewCandidates : 0)) break;
    left = [];
    for (const offset of lists.flatMap(unpackOffsets)) {
      if (passed[offset] !== index) continue;
      passed[offset] = index + 1;
      left.push(offset);
    }
  }
  return left.map((offset) => firstId(bucket) + offset);
}
