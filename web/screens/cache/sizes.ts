/** Pixels of a row of two lines. */
export const rowHeight = 56;
/** Pixels of ten of them. */
export const listHeight = 560;
