import type { Clock } from "../../lib/clock.ts";
import { pause } from "../../lib/exchange.ts";
import type { ByteRange } from "../../lib/range.ts";
import type { BlobStream } from "../contract.ts";
import type { Bucket, OpenedObject } from "./bucket.ts";
import { BucketError } from "./trouble.ts";

/** Waits before each attempt to go on without having got any further; after the last one it is given up. */
const resumeDelays = [0, 500, 2_000];

interface Options {
  bucket: Bucket;
  clock: Clock;
  key: string;
  /** Of the whole object. */
  size: number;
  /** What of it is wanted. */
  range: ByteRange;
}

/** The bytes of one object, gone on with by range when the connection drops: of the same object, or not at all. */
export class ObjectStream implements BlobStream {
  readonly #options: Options;
  readonly #etag: string | undefined;
  readonly #closing = new AbortController();
  #opened: OpenedObject;
  #position: number;
  #attempts = 0;
  waiting = false;

  private constructor(options: Options, opened: OpenedObject) {
    this.#options = options;
    this.#opened = opened;
    this.#etag = opened.etag;
    this.#position = options.range.first;
  }

  /** `opened` is what a request for this part brought. */
  static of(options: Options, opened: OpenedObject): ObjectStream {
    return new ObjectStream(options, opened);
  }

  async next(): Promise<Uint8Array | undefined> {
    this.waiting = true;
    try {
      return await this.#next();
    } catch (error) {
      await this.cancel();
      throw error;
    } finally {
      this.waiting = false;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { last } = this.#options.range;
    for (;;) {
      if (this.#position > last) return undefined;
      let failure = new BucketError("unreachable", { code: "cut" });
      try {
        const bytes = await this.#opened.incoming.next();
        if (bytes) return this.#took(bytes);
      } catch (error) {
        if (!(error instanceof BucketError)) throw error;
        failure = error;
      }
      await this.#resume(failure);
    }
  }

  #took(bytes: Uint8Array): Uint8Array {
    this.#attempts = 0;
    this.#position += bytes.length;
    if (this.#position <= this.#options.range.last + 1) return bytes;
    throw new BucketError("invalid", { code: "more bytes than asked for" });
  }

  async #resume(failure: BucketError): Promise<void> {
    const { bucket, clock, key, size, range } = this.#options;
    for (let last = failure; ;) {
      const delay = resumeDelays[this.#attempts++];
      if (delay === undefined) throw last;
      await pause(clock, delay, this.#closing.signal);
      try {
        const { signal } = this.#closing;
        const rest = { first: this.#position, last: range.last };
        const opened = await bucket.get(key, { range: rest, etag: this.#etag, signal });
        if (typeof opened === "string") throw new BucketError("invalid", { code: "replaced" });
        this.#opened = opened;
        // A service that does not know conditions is seen through as well.
        if (opened.size === size && opened.etag === this.#etag) return;
        opened.incoming.abandon();
        throw new BucketError("invalid", { code: "replaced" });
      } catch (error) {
        if (!(error instanceof BucketError) || error.code === "replaced") throw error;
        last = error;
      }
    }
  }

  async cancel(): Promise<void> {
    this.#closing.abort(new DOMException("the blob is not wanted any more", "AbortError"));
    if (this.#position <= this.#options.range.last) this.#opened.incoming.abandon();
  }
}
