import type { Clock } from "../lib/clock.ts";
import type { Digest } from "../oci/digest.ts";
import {
  type Absent,
  type OpenBlob,
  type Upstream,
  type UpstreamClient,
  UpstreamError,
} from "../upstream/contract.ts";

/** Waits before each attempt to go on without having got any further; after the last one it is given up. */
const resumeDelays = [0, 1_000, 3_000];

export interface DownloadOptions {
  client: UpstreamClient;
  clock: Clock;
  upstream: Upstream;
  repository: string;
  digest: Digest;
  /** Size as a manifest states it. */
  expected: number | undefined;
  signal: AbortSignal;
  /** See `PullOptions`. */
  marks: readonly string[];
}

/** The bytes of one blob from an offset on, gone on with by `Range` when the connection drops. Verifies sizes, not digests. */
export class Download {
  readonly #options: DownloadOptions;
  readonly #open: OpenBlob;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #position: number;
  /** Bytes that come again because the upstream ignored our range. */
  #skip: number;
  #attempts = 0;
  #isCancelled = false;
  /** The upstream does not understand our ranges: it is asked for all of it, and what is here already is passed over. */
  #fromStart = false;

  private constructor(options: DownloadOptions, open: OpenBlob, position: number) {
    this.#options = options;
    this.#open = open;
    this.#reader = open.body.getReader();
    this.#position = position;
    this.#skip = position - open.offset;
  }

  /** Asks the upstream; absent is a value, anything unsure throws `UpstreamError`. */
  static async start(options: DownloadOptions, position = 0): Promise<Download | Absent> {
    const { client, upstream, repository, digest, signal, marks } = options;
    const open = await client.blob(upstream, repository, digest, {
      offset: position,
      signal,
      marks,
    });
    return open.found ? new Download(options, open, position) : open;
  }

  /** Of the whole blob: as the manifest says, else as the upstream says. */
  get size(): number | undefined {
    return this.#options.expected ?? this.#open.size;
  }

  get description(): OpenBlob {
    return this.#open;
  }

  /** The next bytes; undefined at the end. Throws `UpstreamError`. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = await this.#read();
      if (chunk === undefined) return undefined;
      const fresh = this.#skip === 0 ? chunk : chunk.subarray(this.#skip);
      this.#skip = Math.max(0, this.#skip - chunk.length);
      if (fresh.length === 0) continue;
      this.#attempts = 0;
      this.#position += fresh.length;
      if (this.size !== undefined && this.#position > this.size) {
        throw this.#error("invalid", "sent more bytes than the blob has");
      }
      return fresh;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      let failure: unknown;
      try {
        const { done, value } = await this.#reader.read();
        if (!done) return value;
        // A cancelled body ends as one that was too short does, and must not be gone on with.
        this.#requireWanted();
        if (this.size === undefined || this.#position >= this.size) return undefined;
      } catch (error) {
        failure = error;
      }
      this.#requireWanted();
      await this.#resume(failure);
    }
  }

  async #resume(failure: unknown): Promise<void> {
    for (;;) {
      const delay = resumeDelays[this.#attempts++];
      if (delay === undefined) throw this.#brokenOff(failure);
      await this.#pause(delay);
      const { client, upstream, repository, digest, signal, marks } = this.#options;
      const { etag } = this.#open;
      const offset = this.#fromStart ? 0 : this.#position;
      try {
        const open = await client.blob(upstream, repository, digest, {
          offset,
          etag,
          signal,
          marks,
        });
        if (!open.found) {
          throw this.#error("invalid", "lost the blob while it was being transferred");
        }
        this.#reader = open.body.getReader();
        if (this.#isCancelled) await this.cancel();
        this.#skip = this.#position - open.offset;
        return;
      } catch (error) {
        this.#requireWanted();
        this.#fromStart ||= error instanceof UpstreamError && error.reason === "invalid";
        failure = error;
      }
    }
  }

  #requireWanted(): void {
    this.#options.signal.throwIfAborted();
    if (this.#isCancelled) throw new DOMException("the blob is not wanted any more", "AbortError");
  }

  #pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#options.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.#options.clock.after(ms, done);
      this.#options.signal.addEventListener("abort", done);
    });
  }

  /** Ends the transfer, also one that is just being gone on with. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    await this.#reader.cancel().catch(() => undefined); // it may have failed already: there is nothing left to end
  }

  /** What it said last says more than that it broke off, which is where it began. */
  #brokenOff(failure: unknown): UpstreamError {
    const said = failure instanceof UpstreamError && failure.reason !== "unreachable";
    return said ? failure : this.#error("unreachable", "broke off the transfer", failure);
  }

  #error(reason: "invalid" | "unreachable", what: string, cause?: unknown): UpstreamError {
    const { name } = this.#options.upstream;
    return new UpstreamError(reason, name, `upstream "${name}" ${what}`, { cause });
  }
}
