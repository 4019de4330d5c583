/** Which of an upstream's entries and lists are to be given up. */
export interface PurgeSelection {
  /**
   * A glob (`*` stops at a slash, `**` does not) for `<repository>`, `<repository>:<tag>` or `<repository>@<digest>`;
   * undefined: everything.
   */
  pattern: string | undefined;
  /** Whether pinned entries go too, and what they need. */
  includePinned: boolean;
}

/** What a purge would take, as far as it can be seen in lists. */
export interface PurgePreview {
  entries: number;
  /** Bytes of these entries; what several of them share is counted for each. */
  size: number;
  /** Some of the repositories, in order. */
  repositories: string[];
  /** There is so much to look through that this is only what was found so far. */
  isPartial: boolean;
}

/**
 * What was to be given up, and is not yet. A purge is a row: it goes on after a kill, and a step is its deletions and the
 * note of how far they have come, in one transaction. What is stored while it goes on stays.
 */
export interface Purges {
  /** A step of the oldest purge; how many entries went. Undefined where there is nothing to do. */
  step(): Promise<number | undefined>;
  /** How many purges wait or go on. */
  pending(): Promise<number>;
}
