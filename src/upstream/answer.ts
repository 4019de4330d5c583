import { UpstreamError } from "./contract.ts";
import type { Exchange } from "../lib/exchange.ts";
import { connectionFailure, failure } from "./failure.ts";
import { IdleWatch } from "./idle.ts";

/** Error pages up to this size are read, so that their connection can be used again. */
const maxDiscarded = 16 << 10;
/** Milliseconds that are worth waiting for it. */
const discardLimit = 1000;

/** What came back: head and body. Whoever gets one takes the body, or gives it up, by exactly one method. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly #body: ReadableStream<Uint8Array> | null;

  /** `url` is the one that was asked for, not the address dialled. `idle`: milliseconds without a byte that end it. `received` is told of each piece. */
  constructor(
    response: Response,
    readonly url: URL,
    readonly upstream: string,
    readonly exchange: Exchange,
    readonly idle: number,
    readonly received: (bytes: number) => void,
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.#body = response.body;
    if (!response.body) exchange.end();
  }

  /** The whole body, if it has at most `limit` bytes; `invalid` otherwise. */
  async bytes(limit: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.stream()) {
      size += chunk.length;
      if (size > limit) throw failure("invalid", this.upstream, "answered with too long a body");
      chunks.push(chunk);
    }
    return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
  }

  /** The body as it arrives, at the reader's pace. Errors with `UpstreamError`; cancelling closes the connection. */
  stream(): ReadableStream<Uint8Array> {
    const { exchange } = this;
    const reader = this.#body?.getReader();
    if (!reader) return new Blob([]).stream();
    const late = () => failure("timeout", this.upstream, "stopped sending in the middle of a body");
    const watch = new IdleWatch(exchange.clock, this.idle, () => exchange.abort(late()));
    exchange.atEnd(() => watch.stop());
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            exchange.signal.throwIfAborted();
            watch.wait();
            const { done, value } = await reader.read();
            watch.arrived();
            if (value) {
              this.received(value.length);
              controller.enqueue(value);
            }
            if (!done) return;
            exchange.end();
            controller.close();
          } catch (error) {
            const reason = this.#explain(error);
            exchange.end();
            throw reason;
          }
        },
        cancel: () => this.abandon(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Has done with the body: reads what little there is, or closes the connection. Never throws. */
  async discard(): Promise<void> {
    this.exchange.limit(discardLimit, () => new DOMException("it is not waited for", "AbortError"));
    try {
      await this.bytes(maxDiscarded);
    } catch {
      // The answer's status has been taken note of; how its body ends is of no interest.
    }
  }

  /** Has done with the body, and closes the connection. */
  abandon(): void {
    this.exchange.abort(new DOMException("the body is not wanted", "AbortError"));
  }

  #explain(error: unknown): unknown {
    const { signal } = this.exchange;
    if (signal.aborted) return signal.reason;
    return error instanceof UpstreamError ? error : connectionFailure(this.upstream, error);
  }
}
