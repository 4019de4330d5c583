/** The newest of many, so many at most: one more costs the oldest. */
export class Ring<T> {
  readonly #items: T[] = [];
  #next = 0;

  constructor(readonly most: number) {}

  push(item: T): void {
    this.#items[this.#next] = item;
    this.#next = this.#next + 1 === this.most ? 0 : this.#next + 1;
  }

  /** From the newest to the oldest. */
  *newest(): Generator<T> {
    const { length } = this.#items;
    for (let i = 1; i <= length; i++) {
      const item = this.#items[(this.#next - i + length) % length];
      if (item !== undefined) yield item;
    }
  }
}
