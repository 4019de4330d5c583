/** Windows of a blob may cost this share of it. */
const share = 1 / 4;

/** What may be relayed of one object before it is stored. Bytes count as soon as they are asked for. */
export class Allowance {
  #spent = 0;
  #isOver = false;
  readonly #cut = new AbortController();

  /** Takes so many bytes of a blob of `size` from what is left; false where that is too little. */
  take(bytes: number, size: number): boolean {
    if (this.#isOver || this.#spent + bytes > size * share) return false;
    this.#spent += bytes;
    return true;
  }

  /** Nothing is to be relayed whatever is left. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** No more windows; those under way go on. */
  end(): void {
    this.#isOver = true;
  }

  /** What the upstream sends is wrong: no more windows, and those under way break off with this reason. */
  cut(reason: unknown): void {
    this.end();
    this.#cut.abort(reason);
  }

  /** Fires when windows under way are to break off. */
  get signal(): AbortSignal {
    return this.#cut.signal;
  }
}
