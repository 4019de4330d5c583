import { yieldTurn } from "../lib/clock.ts";
import type { ByteRange } from "../lib/range.ts";
import type { RangeSource } from "./contract.ts";
import type { Fill } from "./fill.ts";
import { holdBackBytes, VerifyingSource } from "./verifying.ts";

const readBytes = 256 << 10;

/** A reader of a fill, by position, at its own pace. */
export class Follower implements RangeSource {
  readonly #fill: Fill;
  #end = Number.POSITIVE_INFINITY;
  #position = 0;
  #left = false;
  #waiting = false;
  /** Where the reader goes on when the store could not take the rest. */
  #direct: VerifyingSource | undefined;

  constructor(fill: Fill) {
    this.#fill = fill;
  }

  get waiting(): boolean {
    return this.#direct?.waiting ?? this.#waiting;
  }

  limit({ first, last }: ByteRange): void {
    this.#position = first;
    this.#end = last + 1;
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
    if (this.#direct) return this.#clipped(this.#direct);
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

  /** A part of a blob is as good as complete to who gets it: its end, too, waits until the digest is right. */
  get #available(): number {
    const isVerified = this.#fill.state === "verified";
    return Math.min(this.#fill.available, isVerified ? this.#end : this.#end - holdBackBytes);
  }

  async #progress(): Promise<void> {
    while (this.#fill.state === "filling" && this.#available <= this.#position) {
      await this.#fill.change();
    }
    this.#fill.requireSound();
  }

  /** The disk is full: this reader gets the rest from the upstream, verified from where the spool ends. */
  async #goOnAlone(): Promise<Uint8Array | undefined> {
    const { offset, digester, download } = await this.#fill.overflow();
    if (this.#left || this.#position > offset) {
      await download.cancel();
      throw new Error("the reader has left, or its range begins beyond what the store could take");
    }
    const before = this.#fill.read(this.#position, offset - this.#position);
    const { digest, upstream } = this.#fill;
    const pending = before.length > 0 ? [before] : [];
    this.#direct = new VerifyingSource(download, digest, upstream, digester, pending);
    return this.#clipped(this.#direct);
  }

  async #clipped(source: VerifyingSource): Promise<Uint8Array | undefined> {
    if (this.#position >= this.#end) return undefined;
    const bytes = await source.next();
    const wanted = bytes?.subarray(0, this.#end - this.#position);
    this.#position += wanted?.length ?? 0;
    return wanted;
  }

  async cancel(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    await this.#direct?.cancel();
    await this.#fill.left();
  }
}
