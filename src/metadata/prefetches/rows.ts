import type { Selectable } from "kysely";
import type { Db } from "../schema.ts";
import type { PrefetchesTable, PrefetchImagesTable } from "./tables.ts";
import type { Prefetch, PrefetchImage } from "./contract.ts";

/** Those of these ids that are there, in order of id, each with its images. */
export async function readPrefetches(db: Db, ids: readonly number[]): Promise<Prefetch[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("prefetches")
    .selectAll()
    .where("id", "in", ids)
    .orderBy("id")
    .execute();
  const images = await db
    .selectFrom("prefetch_images")
    .selectAll()
    .where("prefetch_id", "in", ids)
    .orderBy("prefetch_id")
    .orderBy("position")
    .execute();
  const byPrefetch = Map.groupBy(images, (image) => image.prefetch_id);
  return rows.map((row) => prefetchOf(row, byPrefetch.get(row.id) ?? []));
}

export async function readPrefetch(db: Db, id: number): Promise<Prefetch | undefined> {
  const [found] = await readPrefetches(db, [id]);
  return found;
}

function prefetchOf(
  row: Selectable<PrefetchesTable>,
  images: readonly Selectable<PrefetchImagesTable>[],
): Prefetch {
  return {
    id: row.id,
    groupId: row.group_id,
    registryId: row.registry_id,
    name: row.name ?? undefined,
    platforms: JSON.parse(row.platforms) as string[],
    everyHours: row.every_hours ?? undefined,
    status: row.status,
    images: images.map(imageOf),
    nextRunAt: row.next_run_at ?? undefined,
    lastRunAt: row.last_run_at ?? undefined,
    runStartedAt: row.run_started_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function imageOf(row: Selectable<PrefetchImagesTable>): PrefetchImage {
  return {
    position: row.position,
    image: row.image,
    status: row.status,
    reason: row.reason ?? undefined,
    digest: row.digest ?? undefined,
    attempts: row.attempts,
    notBefore: row.not_before,
    done: { objects: row.objects_done, bytes: row.bytes_done },
    total: { objects: row.objects_total, bytes: row.bytes_total },
  };
}

/** What the table takes. */
const maxReason = 1000;

export function progressColumns(image: Omit<PrefetchImage, "position" | "image">) {
  return {
    status: image.status,
    reason: image.reason?.slice(0, maxReason) ?? null,
    digest: image.digest ?? null,
    attempts: image.attempts,
    not_before: image.notBefore,
    objects_done: image.done.objects,
    objects_total: image.total.objects,
    bytes_done: image.done.bytes,
    bytes_total: image.total.bytes,
  };
}

/** Of an image with which nothing has been begun. */
export const untouched = progressColumns({
  status: "pending",
  reason: undefined,
  digest: undefined,
  attempts: 0,
  notBefore: 0,
  done: { objects: 0, bytes: 0 },
  total: { objects: 0, bytes: 0 },
});
