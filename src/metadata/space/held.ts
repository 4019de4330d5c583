/**
 * Whether an entry needs its content. One that fell back to *named*, for other credentials, does: it is shown again before it is
 * served, and the etag tells that it was shown once. What was only ever named has neither.
 */
export const isHeld = (row: { proof: string; upstream_etag: string | null }): boolean =>
  row.proof === "shown" || row.upstream_etag !== null;

/** SQL: the same. */
export const held = (row: string) => `(${row}.proof = 'shown' or ${row}.upstream_etag is not null)`;
