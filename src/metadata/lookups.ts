import type { ChildKind } from "../oci/manifest.ts";
import type { CacheEntry, CachedManifest } from "./contract.ts";
import { type Places, upstreamOfCache } from "./caches.ts";
import type { EntryRow, EntryRows } from "./entry-rows.ts";

/** The cache's questions of the hit path. */
export class Lookups {
  constructor(readonly rows: EntryRows) {}

  async entries(
    places: Places,
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]> {
    if (places.ids.length === 0) return [];
    const found = await this.rows.entries(places.ids, { repository, kind, reference });
    const rows = places.doubted.size === 0 ? found : withDoubts(found, places);
    return rows.map((row) => entryOf(row, repository, kind, reference));
  }

  async manifests(
    places: Places,
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]> {
    if (places.ids.length === 0) return [];
    const name = { repository, kind: "manifest", reference } as const;
    const found = await this.rows.manifests(places.ids, name);
    const rows = places.doubted.size === 0 ? found : withDoubts(found, places);
    return rows.map((row) =>
      Object.assign(entryOf(row, repository, "manifest", reference), {
        payload: row.payload ?? undefined,
      }),
    );
  }
}

/** What a doubted cache has is no more than named, and counts where the upstream's own has nothing; of several the newest. */
function withDoubts<Row extends EntryRow>(rows: readonly Row[], { doubted }: Places): Row[] {
  const newestFirst = rows.toSorted((a, b) => b.upstream_id - a.upstream_id);
  const byUpstream = new Map<number, Row>();
  for (const row of newestFirst) {
    const upstreamId = upstreamOfCache(row.upstream_id);
    if (byUpstream.has(upstreamId)) continue;
    const isDoubted = doubted.has(row.upstream_id);
    byUpstream.set(
      upstreamId,
      isDoubted ? { ...row, proof: "named", upstream_checked_at: 0 } : row,
    );
  }
  return [...byUpstream.values()];
}

/** What a row tells of the entry that is had by these. */
export function entryOf(
  row: EntryRow,
  repository: string,
  kind: ChildKind,
  reference: string,
): CacheEntry {
  return {
    id: row.id,
    upstreamId: upstreamOfCache(row.upstream_id),
    repository,
    kind,
    reference,
    digest: row.digest,
    proof: row.proof,
    etag: row.upstream_etag ?? undefined,
    contentType: row.content_type,
    size: row.size,
    checkedAt: row.upstream_checked_at,
    downloadedAt: row.downloaded_at,
  };
}
