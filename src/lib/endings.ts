/** Of what ended longer ago nothing is known; a look-up that takes so long looks once more than it had to. */
const maxRemembered = 4096;

/**
 * What has ended, by key, and in which order: whoever has looked for an outcome, and heard late that it is not there, learns
 * here that it may be there by now.
 */
export class Endings {
  readonly #capacity: number;
  readonly #ended = new Map<string, number>();
  #count = 0;
  /** The last one that was forgotten. */
  #forgotten = 0;

  constructor(capacity = maxRemembered) {
    this.#capacity = capacity;
  }

  /** Now, as `since` takes it: to be read before the look-up is begun. */
  get moment(): number {
    return this.#count;
  }

  note(key: string): void {
    // The oldest one stands first.
    this.#ended.delete(key);
    this.#ended.set(key, ++this.#count);
    if (this.#ended.size <= this.#capacity) return;
    for (const [oldest, count] of this.#ended) {
      this.#ended.delete(oldest);
      this.#forgotten = count;
      return;
    }
  }

  /** Whether one of this key has ended since that moment. True as well where that is not known any more. */
  since(key: string, moment: number): boolean {
    return Math.max(this.#ended.get(key) ?? 0, this.#forgotten) > moment;
  }
}
