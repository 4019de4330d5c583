/**
 * SQL: whether an entry needs its content. One that fell back to *named*, for other credentials, does: it is shown again
 * before it is served, and the etag tells that it was shown once. What is evicted has neither.
 */
export const held = (row: string) => `(${row}.proof = 'shown' or ${row}.upstream_etag is not null)`;
