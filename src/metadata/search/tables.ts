/** What can be seen of a repository of a cache. */
export interface RepositoryCountsTable {
  /** See `caches.ts`. */
  upstream_id: number;
  repository: string;
  entries: number;
  /** Manifests by tag. */
  tags: number;
  /** Manifests by digest. */
  digests: number;
  size: number;
  /** When something of it was last pulled, whether that is still there or not. */
  last_downloaded_at: number;
}
