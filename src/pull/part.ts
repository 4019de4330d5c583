import type { ByteRange } from "../lib/range.ts";
import type { ByteSource } from "./contract.ts";

/** A part of what a source has: what comes before it is passed over. Ends the source with itself. */
export class PartSource implements ByteSource {
  readonly #source: ByteSource;
  readonly #range: ByteRange;
  #position: number;

  /** `position`: of the next byte that the source gives. */
  constructor(source: ByteSource, position: number, range: ByteRange) {
    this.#source = source;
    this.#position = position;
    this.#range = range;
  }

  get waiting(): boolean {
    return this.#source.waiting;
  }

  async next(): Promise<Uint8Array | undefined> {
    const { first, last } = this.#range;
    while (this.#position <= last) {
      const bytes = await this.#source.next();
      if (!bytes) throw new Error("the source ended before the part that was wanted");
      const start = this.#position;
      this.#position += bytes.length;
      const part = bytes.subarray(Math.max(0, first - start), last + 1 - start);
      if (part.length > 0) return part;
    }
    await this.cancel();
    return undefined;
  }

  cancel(): Promise<void> {
    return this.#source.cancel();
  }
}

/** A part that does not hold the blob's last byte: the only kind that may be given out before the digest is right. */
export function isInner({ last }: ByteRange, size: number): boolean {
  return last < size - 1;
}
