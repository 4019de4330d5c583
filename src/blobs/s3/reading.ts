import type { Clock } from "../../lib/clock.ts";
import { pause } from "../../lib/exchange.ts";
import type { ByteRange } from "../../lib/range.ts";
import type { BlobStream } from "../contract.ts";
import type { Bucket } from "./bucket.ts";
import type { ReadObject } from "./answers.ts";
import { free } from "./free.ts";
import type { Tail } from "./tail.ts";
import { BucketError } from "./trouble.ts";

/** What the readers of a store have in memory together, about; and the window of one of them. */
const sharedBytes = 8 << 20;
const leastWindow = 256 << 10;
const largestWindow = 4 << 20;
/** The first one is short, for the first byte to come soon. */
const firstWindow = 256 << 10;
/** With so few readers, the next window is fetched while one is read. */
const maxAhead = 8;
/** What is given out at a time. */
const pieceBytes = 256 << 10;
/** What is left of a part is worth a connection of its own from here on; and another one when the last has brought so much. */
const leastTail = 4 << 20;
const worthyTail = 64 << 20;
/** Waits before each attempt to get a window; after the last one it is given up. */
const delays = [0, 500, 2_000];

/** The readers of a store share its memory: windows are large for few and small for many. */
export class Readers {
  #count = 0;

  entered(): void {
    this.#count++;
  }

  left(): void {
    this.#count--;
  }

  get mayReadAhead(): boolean {
    return this.#count <= maxAhead;
  }

  get windowBytes(): number {
    const share = Math.floor(sharedBytes / Math.max(1, this.#count) / (this.mayReadAhead ? 2 : 1));
    return Math.min(largestWindow, Math.max(leastWindow, share));
  }
}

/** What is asked for at first of a part. */
export function firstOf({ first, last }: ByteRange): ByteRange {
  // What is hardly larger is not worth a second request.
  return last - first < 4 * firstWindow
    ? { first, last }
    : { first, last: first + firstWindow - 1 };
}

interface Options {
  bucket: Bucket;
  clock: Clock;
  key: string;
  /** What of the object is wanted. */
  range: ByteRange;
  readers: Readers;
}

/**
 * The bytes of one object, of the same one, or not at all. The rest of a long one comes by a connection of its own; where that
 * cannot be had, or is over too soon, it comes in windows, each fetched whole.
 */
export class ObjectStream implements BlobStream {
  readonly #options: Options;
  readonly #is: Pick<ReadObject, "etag" | "size">;
  readonly #closing = new AbortController();
  /** What of it has not been given out. */
  #window: Uint8Array;
  /** The whole of what has been fetched last. */
  #fetched: Uint8Array;
  /** Where what has been asked for as a window, or come otherwise, ends. */
  #position: number;
  #ahead: Promise<Uint8Array> | undefined;
  #tail: Tail | undefined;
  #mayTail = true;
  /** What the connection has brought. */
  #brought = 0;
  #isOver = false;
  waiting = false;

  /** `first` is what a request for `firstOf` the range has brought. */
  constructor(options: Options, first: ReadObject) {
    this.#options = options;
    this.#is = { etag: first.etag, size: first.size };
    this.#window = first.bytes;
    this.#fetched = first.bytes;
    this.#position = options.range.first + first.bytes.length;
    options.readers.entered();
  }

  async next(): Promise<Uint8Array | undefined> {
    try {
      if (this.#window.length === 0) {
        free(this.#fetched);
        if (!this.#ahead && this.#position > this.#options.range.last) return this.#end();
        this.waiting = true;
        this.#fetched = await this.#more();
        this.#window = this.#fetched;
        this.waiting = false;
      }
      this.#readAhead();
      const piece = this.#window.subarray(0, pieceBytes);
      this.#window = this.#window.subarray(pieceBytes);
      return piece;
    } catch (error) {
      await this.cancel();
      throw error;
    }
  }

  async #more(): Promise<Uint8Array> {
    const bytes = await this.#tail?.next();
    if (bytes) {
      this.#position += bytes.length;
      this.#brought += bytes.length;
      return bytes;
    }
    this.#tail = undefined;
    this.#mayTail = this.#brought >= worthyTail;
    const window = await (this.#ahead ?? this.#fetch());
    this.#ahead = undefined;
    return window;
  }

  #readAhead(): void {
    if (this.#tail || this.#ahead || this.#position > this.#options.range.last) return;
    this.#tail = this.#begin();
    if (this.#tail) return;
    if (!this.#options.readers.mayReadAhead) return;
    this.#ahead = this.#fetch();
    this.#ahead.catch(() => undefined); // who reads on sees it; nobody may
  }

  #begin(): Tail | undefined {
    const { bucket, key, range } = this.#options;
    const { etag, size } = this.#is;
    const rest = { first: this.#position, last: range.last };
    if (!this.#mayTail || etag === undefined || rest.last - rest.first < leastTail)
      return undefined;
    this.#mayTail = false;
    this.#brought = 0;
    return bucket.tail(key, { range: rest, size, etag });
  }

  async #fetch(): Promise<Uint8Array> {
    const { range, readers, clock } = this.#options;
    const first = this.#position;
    const window = { first, last: Math.min(range.last, first + readers.windowBytes - 1) };
    this.#position = window.last + 1;
    let failure: unknown;
    for (const delay of delays) {
      await pause(clock, delay, this.#closing.signal);
      try {
        return await this.#get(window);
      } catch (error) {
        if (!(error instanceof BucketError) || error.code === "replaced") throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #get(range: ByteRange): Promise<Uint8Array> {
    const { bucket, key } = this.#options;
    const { etag, size } = this.#is;
    const read = await bucket.get(key, { range, etag, signal: this.#closing.signal });
    // A service that does not know conditions is seen through as well.
    const isSame = typeof read === "object" && read.size === size && read.etag === etag;
    if (isSame && read.bytes.length === range.last + 1 - range.first) return read.bytes;
    throw new BucketError("invalid", { code: "replaced" });
  }

  async cancel(): Promise<void> {
    this.#end();
    // Of what a pending `next` waits for a piece is given out still.
    if (!this.waiting) void this.#ahead?.then(free, () => undefined);
    this.#ahead = undefined;
    this.#tail?.cancel();
    this.#closing.abort(new DOMException("the blob is not wanted any more", "AbortError"));
  }

  #end(): undefined {
    if (!this.#isOver) this.#options.readers.left();
    this.#isOver = true;
  }
}
