/** Entries are counted, and found by words, in runs of so many ids: small enough to be looked through at once. */
export const bucketBits = 12;
export const bucketSize = 2 ** bucketBits;

/** The run that an id is in, and the ids of a run. */
export const bucketOf = (id: number) => Math.floor(id / bucketSize);
export const firstId = (bucket: number) => bucket * bucketSize;
export const lastId = (bucket: number) => firstId(bucket + 1) - 1;
