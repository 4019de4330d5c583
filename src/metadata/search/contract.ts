/** What searches for words go by. They find what is not noted in it too, and take longer. */
export interface SearchIndex {
  /** Notes a run of entries; how many. Undefined where there is nothing to do, or another server is about it. */
  step(): Promise<number | undefined>;
}
