/** Bytes that come in pieces of any size, taken in pieces of the reader's choice. Nothing is read ahead of what is asked for. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** From one byte up to `most`, as they have come; undefined at the end. What it gives may be a view of what the source gave. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#rest = value;
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  /** Exactly so many bytes; fewer only where the source ends before. */
  async exactly(count: number): Promise<Uint8Array> {
    const first = count === 0 ? new Uint8Array() : ((await this.some(count)) ?? new Uint8Array());
    if (first.length === count || first.length === 0) return first;
    const parts = [first];
    let length = first.length;
    while (length < count) {
      const part = await this.some(count - length);
      if (!part) break;
      parts.push(part);
      length += part.length;
    }
    return Buffer.concat(parts);
  }

  /** Everything that is left. */
  async *all(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = await this.some(Number.POSITIVE_INFINITY);
      if (!bytes) return;
      yield bytes;
    }
  }

  /** Nobody reads on. */
  async cancel(): Promise<void> {
    await this.#source.return?.();
  }
}
