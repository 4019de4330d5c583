import { yieldTurn } from "../../lib/clock.ts";
import { cacheIdFor } from "../caches.ts";
import type { Db } from "../schema.ts";
import type { PurgePreview } from "./contract.ts";
import { type Position, type Walk, walk } from "./walk.ts";

/** So many steps of a preview are looked at; each is some hundred entries, or fewer for a long pattern. */
const previewSteps = 400;
/** Repositories that a preview names. */
const maxNamed = 20;

/** What would be found in these upstreams of what can be seen, counted; in steps that let others through. */
export async function previewOf(
  db: Db,
  upstreamIds: readonly number[],
  wanted: Pick<Walk, "prefix" | "matches" | "keepPinned" | "maxSeen">,
): Promise<PurgePreview> {
  const named = new Set<string>();
  let [entries, size, steps] = [0, 0, 0];
  for (const upstreamId of upstreamIds) {
    const cacheId = await cacheIdFor(db, upstreamId);
    let after: Position;
    do {
      if (steps++ === previewSteps) {
        return { entries, size, repositories: [...named], isPartial: true };
      }
      const { found, position } = await walk(db, {
        ...wanted,
        cacheId,
        after,
        matches: (row) => row.proof === "shown" && wanted.matches(row),
        maxFound: wanted.maxSeen,
      });
      entries += found.length;
      for (const row of found) {
        size += row.size;
        if (named.size < maxNamed) named.add(row.repository);
      }
      after = position;
      await yieldTurn();
    } while (after);
  }
  return { entries, size, repositories: [...named], isPartial: false };
}
