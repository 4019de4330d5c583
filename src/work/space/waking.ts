/** So much that is stored is worth a look at the limits. */
const maxUnseen = 64 << 20;

/** Wakes eviction when much has come to be stored, since limits should not wait for a minute to pass. */
export class StoredBytes {
  /** What is done about it. */
  wake: () => void = () => {};
  #unseen = 0;
  readonly #enough: number;

  constructor(cacheMaxBytes = Number.POSITIVE_INFINITY) {
    this.#enough = Math.min(maxUnseen, cacheMaxBytes / 50);
  }

  add(bytes: number): void {
    this.#unseen += bytes;
    if (this.#unseen < this.#enough) return;
    this.#unseen = 0;
    this.wake();
  }
}
