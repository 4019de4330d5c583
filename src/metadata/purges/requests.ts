import type { Transaction } from "kysely";
import { cachesFor } from "../caches.ts";
import type { Schema } from "../schema.ts";
import type { PurgeSelection } from "./contract.ts";

export const everything: PurgeSelection = { pattern: undefined, includePinned: false };

/** Notes that these entries and lists of an upstream, as they are now, are to be given up; ids of the purges, one for each of its caches. */
export async function requestPurge(
  tx: Transaction<Schema>,
  upstreamId: number,
  { pattern, includePinned }: PurgeSelection,
  now: number,
): Promise<number[]> {
  const cacheIds = await cachesFor(tx, upstreamId);
  const rows = await tx
    .insertInto("purges")
    .values((eb) =>
      cacheIds.map((cacheId) => ({
        upstream_id: cacheId,
        pattern: pattern ?? null,
        include_pinned: includePinned ? 1 : 0,
        last_id: eb.fn.coalesce(
          eb.selectFrom("cache_entries").select((e) => e.fn.max("id").as("id")),
          eb.lit(0),
        ),
        created_at: now,
      })),
    )
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}
