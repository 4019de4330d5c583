import type { Database } from "bun:sqlite";

/**
 * Fills an upstream with so many entries that can be seen, as a registry of many images has them: of eight in a row, one
 * manifest by tag, one by digest and six blobs.
 */
export function fillEntries(
  database: Database,
  { groupId, upstreamId }: { groupId: number; upstreamId: number },
  count: number,
): void {
  database.run(`
    with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < ${count - 1}),
    made (n, kind, repository, digest) as materialized (
      select n, case when n % 8 < 2 then 'manifest' else 'blob' end,
        'team-' || (n / 8 % 97) || '/image-' || (n / 8 % 20011),
        'sha256:' || lower(hex(randomblob(32)))
      from numbers
    )
    insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, upstream_etag,
      content_type, size, upstream_checked_at, downloaded_at, created_at, updated_at)
    select ${groupId}, ${upstreamId}, repository, kind,
      case when n % 8 = 0 then 'v' || n else digest end, digest, 'shown', digest,
      case kind when 'manifest' then 'application/vnd.oci.image.manifest.v1+json' else 'application/octet-stream' end,
      1000 + n % 7, 1, n, n, n
    from made`);
}
