/** What is in use, by key, counted: as long as somebody holds a key it is held. */
export class Holds {
  readonly #counts = new Map<string, number>();

  /** The key is held until what this gives is called, once. */
  hold(key: string): () => void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }

  has(key: string): boolean {
    return this.#counts.has(key);
  }
}
