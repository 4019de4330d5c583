import { yieldTurn } from "../../lib/clock.ts";
import type { Lanes } from "../../lib/lanes.ts";
import type { Log } from "../../lib/log.ts";
import type { Spool } from "../contract.ts";
import type { Bucket } from "./bucket.ts";
import type { Payload, Stored } from "./writes.ts";
import { BucketError } from "./trouble.ts";

/** Parts of one blob that are sent at a time. */
const maxSending = 2;
/** Most that S3 takes of one object. */
const maxParts = 10_000;
/** A part is read in pieces, others having their turn between them. */
const pieceBytes = 256 << 10;

export interface UploadOptions {
  bucket: Bucket;
  key: string;
  spool: Pick<Spool, "length" | "read">;
  /** As far as is known. */
  expected: number | undefined;
  /** The least size of a part. */
  partBytes: number;
  /** Places for parts in memory, of all uploads together. */
  places: Lanes;
  log: Log;
}

/**
 * Brings a spool into the bucket while it grows. What fits into one part goes in one piece at the end; of what is larger,
 * each part goes as soon as it is there, read from the file, so that a bucket that is slower than the upstream holds
 * nobody up and costs no memory. Nothing of it is to be seen in the bucket before `complete`.
 */
export class Upload {
  readonly #options: UploadOptions;
  readonly #partBytes: number;
  readonly #mark = crypto.randomUUID();
  readonly #stopping = new AbortController();
  readonly #parts: { etag: string; sha256: Buffer }[] = [];
  readonly #sending = new Set<Promise<void>>();
  #id: Promise<string> | undefined;
  /** Parts that are being sent or have been. */
  #begun = 0;
  #isWhole = false;
  #failure: unknown;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#partBytes = partBytesFor(options);
  }

  /** More is there. */
  grew(): void {
    while (this.#mayBegin()) this.#begin(this.#begun++);
  }

  /** All is there, and right: brings it to its key. Throws `BucketError`. */
  async complete({ isNew }: { isNew: boolean }): Promise<Stored> {
    const { bucket, key, spool } = this.#options;
    if (spool.length <= this.#partBytes) {
      return this.#withPart(0, (payload) => bucket.put(key, payload, { isNew }));
    }
    this.#isWhole = true;
    this.grew();
    // Each part that ends begins another one.
    while (this.#sending.size > 0) await Promise.race(this.#sending);
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await bucket.multipart.complete(key, await this.#uploadId(), this.#parts, { isNew });
    } catch (error) {
      const isOver = error instanceof BucketError && error.code === "NoSuchUpload";
      if (isOver && (await this.#isThere())) return "stored";
      throw error;
    }
  }

  /** Whether an upload that is over was completed by a try whose answer was lost, and not ended by somebody else. */
  async #isThere(): Promise<boolean> {
    const { bucket, key, spool } = this.#options;
    const found = await bucket.head(key);
    return found?.mark === this.#mark && found.size === spool.length;
  }

  /** Gives up what has been sent. Never throws: what stays behind is cleared away later. */
  async abort(): Promise<void> {
    this.#stopping.abort(new DOMException("the blob is not stored", "AbortError"));
    if (!this.#id) return;
    const { bucket, key, log } = this.#options;
    try {
      const id = await this.#id;
      // A part that comes after would bring the upload back.
      await Promise.all(this.#sending);
      await bucket.multipart.abort(key, id);
    } catch (error) {
      const code = error instanceof BucketError ? error.code : "failed";
      log.warn("upload was not aborted; it will be in a day", { key, code });
    }
  }

  #mayBegin(): boolean {
    if (this.#failure !== undefined || this.#stopping.signal.aborted) return false;
    if (this.#sending.size >= maxSending) return false;
    const left = this.#options.spool.length - this.#begun * this.#partBytes;
    // Of a spool that still grows the last part is not known, and must not be empty.
    return this.#isWhole ? left > 0 : left > this.#partBytes;
  }

  #begin(index: number): void {
    const sent = this.#send(index)
      .catch((error: unknown) => {
        this.#failure ??= error;
        this.#stopping.abort(error);
      })
      .finally(() => {
        this.#sending.delete(sent);
        this.grew();
      });
    this.#sending.add(sent);
  }

  async #send(index: number): Promise<void> {
    if (index >= maxParts) throw new BucketError("invalid", { code: "too many parts" });
    const { bucket, key } = this.#options;
    const id = await this.#uploadId();
    await this.#withPart(index, async (payload) => {
      const etag = await bucket.multipart.put(key, id, index + 1, payload);
      this.#parts[index] = { etag, sha256: payload.sha256 };
    });
  }

  #uploadId(): Promise<string> {
    const { bucket, key } = this.#options;
    this.#id ??= bucket.multipart.begin(key, this.#mark);
    return this.#id;
  }

  async #withPart<T>(index: number, send: (payload: Payload) => Promise<T>): Promise<T> {
    const leave = await this.#options.places.enter("part", this.#stopping.signal);
    try {
      return await send(await this.#read(index));
    } finally {
      leave();
    }
  }

  async #read(index: number): Promise<Payload> {
    const { spool } = this.#options;
    const start = index * this.#partBytes;
    const bytes = Buffer.allocUnsafeSlow(Math.min(this.#partBytes, spool.length - start));
    const hasher = new Bun.CryptoHasher("sha256");
    for (let done = 0; done < bytes.length;) {
      // After it the file may be closed.
      this.#stopping.signal.throwIfAborted();
      const piece = spool.read(start + done, Math.min(pieceBytes, bytes.length - done));
      bytes.set(piece, done);
      hasher.update(piece);
      done += piece.length;
      await yieldTurn();
    }
    return { bytes, sha256: hasher.digest() };
  }
}

function partBytesFor({ expected, partBytes }: UploadOptions): number {
  // Nobody has said how large it is: parts of twice the size reach twice as far.
  if (expected === undefined) return partBytes * 2;
  return Math.max(partBytes, Math.ceil(expected / maxParts));
}
