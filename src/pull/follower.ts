import { yieldTurn } from "../lib/clock.ts";
import type { ByteRange } from "../lib/range.ts";
import type { ByteSource } from "./contract.ts";
import type { Fill } from "./fill.ts";
import { VerifyingSource } from "./verifying.ts";

const readBytes = 256 << 10;

/** A reader of a fill, by position, at its own pace. */
export class Follower implements ByteSource {
  readonly #fill: Fill;
  readonly #end: number;
  #position: number;
  #left = false;
  #waiting = false;
  /** Where the reader goes on when the store could not take the rest. */
  #direct: VerifyingSource | undefined;

  constructor(fill: Fill, range: ByteRange | undefined) {
    this.#fill = fill;
    this.#position = range?.first ?? 0;
    this.#end = range ? range.last + 1 : Number.POSITIVE_INFINITY;
  }

  get waiting(): boolean {
    return this.#direct?.waiting ?? this.#waiting;
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
    await this.#fill.progress(this.#position);
    this.#waiting = false;
    const length = Math.min(
      readBytes,
      this.#end - this.#position,
      this.#fill.available - this.#position,
    );
    if (length <= 0) return this.#fill.state === "verified" ? undefined : this.#goOnAlone();
    const bytes = this.#fill.read(this.#position, length);
    this.#position += bytes.length;
    return bytes;
  }

  /** The disk is full: this reader gets the rest from the upstream, verified from where the spool ends. */
  async #goOnAlone(): Promise<Uint8Array | undefined> {
    const { offset, digester, download } = await this.#fill.overflow();
    if (this.#position > offset) {
      await download.cancel();
      throw new Error("the range begins beyond what the store could take");
    }
    const before = this.#fill.read(this.#position, offset - this.#position);
    const { digest, upstream } = this.#fill;
    const pending = before.length > 0 ? [before] : [];
    this.#direct = new VerifyingSource(download, digest, upstream, digester, pending);
    return this.#clipped(this.#direct);
  }

  async #clipped(source: ByteSource): Promise<Uint8Array | undefined> {
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
