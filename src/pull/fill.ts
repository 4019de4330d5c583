import { type Spool, StoreFullError } from "../blobs/contract.ts";
import { yieldTurn } from "../lib/clock.ts";
import { algorithmOf, type Digest, Digester } from "../oci/digest.ts";
import type { Download } from "./download.ts";
import { Follower } from "./follower.ts";
import { TooLargeError } from "./storable.ts";
import { holdBackBytes, smallBytes, VerifyingSource, wrongDigest } from "./verifying.ts";

/** Every loop over bytes lets others have their turn this often. */
const turnBytes = 256 << 10;
/** The newest bytes, kept in memory so that readers who keep up share them instead of reading the file. */
const recentBytes = 1 << 20;

export type FillState = "filling" | "verified" | "failed" | "overflowed";

interface Options {
  digest: Digest;
  upstream: string;
  download: Download;
  spool: Spool;
  /** A new download of the same object from an offset, for a reader that must go on by itself. */
  reopen: (offset: number) => Promise<Download>;
  /** The last reader has gone. */
  abandoned: () => void;
  /** What a reader that went on by itself got cannot be verified. */
  failed: (error: unknown) => void;
  /** More than this is not stored; undefined: no limit. */
  maxBytes: number | undefined;
}

/** One download of one object, followed by everyone who wants it. */
export class Fill {
  readonly #options: Options;
  readonly #digester: Digester;
  #state: FillState = "filling";
  #failure: unknown;
  #readers = 0;
  #released = false;
  #closed = false;
  #waiters: (() => void)[] = [];
  #recent: { start: number; bytes: Uint8Array }[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.#digester = new Digester(algorithmOf(options.digest));
  }

  get state(): FillState {
    return this.#state;
  }

  get readers(): number {
    return this.#readers;
  }

  /** Of the whole object, where anybody has said it. */
  get size(): number | undefined {
    return this.#state === "verified" ? this.#options.spool.length : this.#options.download.size;
  }

  get description() {
    return this.#options.download.description;
  }

  /** Downloads to the end. Resolves when the digest is right; afterwards the spool can be committed. */
  async run(): Promise<void> {
    try {
      await this.#copy();
      if (this.#digester.digest() !== this.#options.digest) {
        throw wrongDigest(this.#options.digest, this.#options.upstream);
      }
      this.#end("verified");
    } catch (error) {
      this.#failure = error;
      this.#end(error instanceof StoreFullError ? "overflowed" : "failed");
      await this.#options.download.cancel();
      throw error;
    } finally {
      this.#recent = [];
    }
  }

  async #copy(): Promise<void> {
    const { download, spool, maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    let sinceTurn = 0;
    for (let chunk = await download.next(); chunk; chunk = await download.next()) {
      const start = spool.length;
      if (start + chunk.length > maxBytes) throw new TooLargeError("larger than may be stored");
      try {
        await spool.append(chunk);
      } finally {
        // What did reach the file counts, should the disk have filled up in the middle.
        const written = spool.length - start;
        this.#digester.update(written === chunk.length ? chunk : chunk.subarray(0, written));
      }
      this.#remember(start, chunk);
      this.#wake();
      sinceTurn += chunk.length;
      if (sinceTurn < turnBytes) continue;
      sinceTurn = 0;
      await yieldTurn();
    }
  }

  #remember(start: number, bytes: Uint8Array): void {
    if (this.#readers === 0) return;
    this.#recent.push({ start, bytes });
    // One that is larger by itself is not kept: there is no bound to what the runtime gathers while others have their turn.
    const kept = start + bytes.length - recentBytes;
    while ((this.#recent[0]?.start ?? kept) < kept) this.#recent.shift();
  }

  #end(state: FillState): void {
    this.#state = state;
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when more has arrived, or the fill has ended. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Bytes that have come, right or not. */
  get arrived(): number {
    return this.#options.spool.length;
  }

  /** Bytes that readers may have. */
  get available(): number {
    const { length } = this.#options.spool;
    return this.#state === "verified" ? length : Math.max(0, length - holdBackBytes);
  }

  /** Throws the failure of a fill that has failed. */
  requireSound(): void {
    if (this.#state === "failed") throw this.#failure;
  }

  /** Up to `length` bytes at `position`, from memory where they are new. */
  read(position: number, length: number): Uint8Array {
    for (let i = this.#recent.length - 1; i >= 0; i--) {
      const { start, bytes } = this.#recent[i]!;
      if (position < start) continue;
      if (position >= start + bytes.length) break;
      return bytes.subarray(position - start, position - start + length);
    }
    return this.#options.spool.read(position, length);
  }

  /** Resolves when a header may be sent: for small objects not before they are verified. Throws when the fill failed. */
  async headerReady(): Promise<void> {
    if ((this.size ?? 0) > smallBytes) return;
    const settled = () => this.#state !== "filling" || this.#options.spool.length > smallBytes;
    while (!settled()) await this.change();
    this.requireSound();
  }

  /** A reader, who counts from now on until it has read to the end or cancelled; undefined when the fill is over. */
  follow(): Follower | undefined {
    if (this.#released) return undefined;
    this.#readers++;
    return new Follower(this);
  }

  /** How a reader at `position` goes on by itself after the store overflowed; `start`: of what the source gives. */
  async overflow(position: number): Promise<{ start: number; source: VerifyingSource }> {
    const { digest, upstream, reopen, failed } = this.#options;
    const offset = this.arrived;
    const download = await reopen(offset);
    const before = position < offset ? [this.read(position, offset - position)] : [];
    const digester = this.#digester.copy();
    const source = new VerifyingSource({ download, digest, upstream, digester, before, failed });
    return { start: Math.min(position, offset), source };
  }

  /** A reader has gone. */
  async left(): Promise<void> {
    this.#readers--;
    if (this.#readers > 0) return;
    if (this.#state === "filling") this.#options.abandoned();
    await this.#closeWhenDone();
  }

  /** The fill is over, committed or not: the file is closed when the last reader has gone. */
  async release(): Promise<void> {
    this.#released = true;
    await this.#closeWhenDone();
  }

  async #closeWhenDone(): Promise<void> {
    if (!this.#released || this.#closed || this.#readers > 0) return;
    this.#closed = true;
    await this.#options.spool.close();
  }
}
