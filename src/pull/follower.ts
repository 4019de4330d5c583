import { yieldTurn } from "../lib/clock.ts";
import type { ByteRange } from "../lib/range.ts";
import type { ByteSource } from "./contract.ts";
import type { Fill } from "./fill.ts";
import { PartSource } from "./part.ts";
import { holdBackBytes } from "./verifying.ts";

const readBytes = 256 << 10;

/** A reader of a fill, by position, at its own pace. */
export class Follower implements ByteSource {
  readonly #fill: Fill;
  #end = Number.POSITIVE_INFINITY;
  /** Bytes before the end that wait until the digest is right. */
  #heldBack = holdBackBytes;
  #position = 0;
  #left = false;
  #waiting = false;
  /** Where the reader goes on when the store could not take the rest. */
  #direct: ByteSource | undefined;

  constructor(fill: Fill) {
    this.#fill = fill;
  }

  get waiting(): boolean {
    return this.#direct?.waiting ?? this.#waiting;
  }

  /**
   * Only this part is wanted, which has to be said before the first bytes are taken. `unverified`: all of it may be
   * given out before the digest is known to be right.
   */
  limit({ first, last }: ByteRange, unverified: boolean): void {
    this.#position = first;
    this.#end = last + 1;
    if (unverified) this.#heldBack = 0;
  }

  async next(): Promise<Uint8Array | undefined> {
    await yieldTurn();
    try {
      const bytes = await this.#read();
      if (bytes === undefined) await this.cancel();
      return bytes;
    } catch (error) {
      await this.cancel();
      throw error;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#direct) return this.#direct.next();
    if (this.#position >= this.#end) return undefined;
    this.#waiting = true;
    await this.#progress();
    this.#waiting = false;
    const length = Math.min(readBytes, this.#available - this.#position);
    if (length <= 0) return this.#fill.state === "verified" ? undefined : this.#goOnAlone();
    const bytes = this.#fill.read(this.#position, length);
    this.#position += bytes.length;
    return bytes;
  }

  /** A part that waits for the digest is as good as complete to who gets it: its end, too, is held back. */
  get #available(): number {
    const { state, arrived, available } = this.#fill;
    if (state === "verified") return Math.min(available, this.#end);
    if (this.#heldBack === 0) return Math.min(arrived, this.#end);
    return Math.min(available, this.#end - this.#heldBack);
  }

  async #progress(): Promise<void> {
    while (this.#fill.state === "filling" && this.#available <= this.#position) {
      await this.#fill.change();
    }
    this.#fill.requireSound();
  }

  /** The disk is full: this reader gets the rest from the upstream, verified from where the spool ends. */
  async #goOnAlone(): Promise<Uint8Array | undefined> {
    const isPart = this.#end !== Number.POSITIVE_INFINITY;
    const { size = this.#end } = this.#fill;
    if (isPart && this.#heldBack > 0 && this.#end < size) {
      throw new Error("the store is full, and the end of this part would never be verified");
    }
    const { start, source } = await this.#fill.overflow(this.#position);
    const range = { first: this.#position, last: this.#end - 1 };
    this.#direct = isPart ? new PartSource(source, start, range) : source;
    if (!this.#left) return this.#direct.next();
    await source.cancel();
    throw new Error("the reader has left");
  }

  async cancel(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    await this.#direct?.cancel();
    await this.#fill.left();
  }
}
