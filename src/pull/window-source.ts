import { yieldTurn } from "../lib/clock.ts";
import { UpstreamError } from "../upstream/contract.ts";
import type { ByteSource } from "./contract.ts";

/** The body of one part, passed on as it comes: as many bytes as were asked for, or it throws. */
export class WindowSource implements ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #upstream: string;
  readonly #over: (failure?: UpstreamError) => void;
  #left: number;
  waiting = false;

  /** `over`: called when nothing more comes from the upstream, with what it did wrong, if that is why; once or more often. */
  constructor(
    body: ReadableStream<Uint8Array>,
    length: number,
    upstream: string,
    over: (failure?: UpstreamError) => void,
  ) {
    this.#reader = body.getReader();
    this.#left = length;
    this.#upstream = upstream;
    this.#over = over;
  }

  async next(): Promise<Uint8Array | undefined> {
    await yieldTurn();
    try {
      const bytes = await this.#read();
      if (bytes === undefined) this.#over();
      return bytes;
    } catch (error) {
      if (error instanceof UpstreamError) this.#over(error);
      await this.cancel();
      throw error;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    this.waiting = true;
    const { done, value } = await this.#reader.read();
    this.waiting = false;
    if (done && this.#left > 0) throw this.#error("unreachable", "broke off the transfer");
    if (done) return undefined;
    this.#left -= value.length;
    if (this.#left >= 0) return value;
    throw this.#error("invalid", "answered with another part than it was asked for");
  }

  async cancel(): Promise<void> {
    this.#over();
    await this.#reader.cancel().catch(() => undefined); // it may have failed already: there is nothing left to end
  }

  #error(reason: "invalid" | "unreachable", what: string): UpstreamError {
    return new UpstreamError(reason, this.#upstream, `upstream "${this.#upstream}" ${what}`);
  }
}
