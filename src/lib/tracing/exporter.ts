import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import { otlpRequest, rejectedIn, type Resource } from "./otlp.ts";
import type { EndedSpan } from "./span.ts";

export interface ExporterOptions {
  clock: Clock;
  log: Log;
  resource: Resource;
  /** Posts a request to the collector; throws where there is no answer. */
  post: (body: string) => Promise<{ status: number; body: Uint8Array }>;
  /** A word for what `post` throws. */
  wordFor: (error: unknown) => string;
}

/** Spans that wait for the collector; those that come later are dropped. */
const maxWaiting = 4096;
/** Spans of one request. */
const maxBatch = 256;
/** Milliseconds until spans are sent at the latest. */
const interval = 5_000;
/** Milliseconds until the next try, after so many failures. */
const pauses = [5_000, 10_000, 30_000, 60_000];
/** What may go better later (OTLP, "Failures"). */
const passing = new Set([429, 502, 503, 504]);

/**
 * Sends spans in batches, one at a time. Neither waits for anybody nor lets anybody wait: what the collector does not
 * take in time is dropped, and counted.
 */
export class SpanExporter {
  readonly #options: ExporterOptions;
  #waiting: EndedSpan[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #dropped = 0;
  #exported = 0;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get exported(): number {
    return this.#exported;
  }

  add(span: EndedSpan): void {
    if (this.#waiting.length >= maxWaiting) return void this.#dropped++;
    this.#waiting.push(span);
    const isFull = this.#waiting.length >= maxBatch && this.#failures === 0;
    if (isFull) this.#begin();
    else this.#schedule();
  }

  /** Sends what is left, for `ms` milliseconds at most; what is still there then is dropped. */
  async close(ms: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(ms, late.resolve);
    await Promise.race([this.#drain(), late.promise]);
    timer.cancel();
    this.#timer?.cancel();
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
  }

  async #drain(): Promise<void> {
    await this.#sending;
    while (this.#waiting.length > 0 && this.#failures === 0) {
      this.#begin();
      await this.#sending;
    }
  }

  #schedule(): void {
    if (this.#timer || this.#sending || this.#waiting.length === 0) return;
    const pause = this.#failures === 0 ? interval : pauses[this.#failures - 1];
    this.#timer = this.#options.clock.after(pause ?? Math.max(...pauses), () => this.#begin());
  }

  #begin(): void {
    if (this.#sending) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const batch = this.#waiting.splice(0, maxBatch);
    this.#sending = this.#send(batch).finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length >= maxBatch && this.#failures === 0) this.#begin();
      else this.#schedule();
    });
  }

  /** Never rejects. */
  async #send(batch: EndedSpan[]): Promise<void> {
    const { post, resource, wordFor } = this.#options;
    try {
      const { status, body } = await post(otlpRequest(resource, batch));
      if (passing.has(status)) return this.#failed(batch, String(status));
      if (status < 200 || status > 299) return this.#refused(batch, status);
      const rejected = Math.min(rejectedIn(body), batch.length);
      this.#dropped += rejected;
      this.#exported += batch.length - rejected;
      this.#answered();
    } catch (error) {
      this.#failed(batch, wordFor(error));
    }
  }

  #answered(): void {
    if (this.#failures > 0) this.#options.log.info("traces are taken again");
    this.#failures = 0;
  }

  /** Tried again later, with as many of the batch as there is room for. */
  #failed(batch: EndedSpan[], reason: string): void {
    if (this.#failures++ === 0) this.#options.log.warn("traces are not taken", { reason });
    const room = Math.max(0, maxWaiting - this.#waiting.length);
    this.#dropped += Math.max(0, batch.length - room);
    this.#waiting.unshift(...batch.slice(0, room));
  }

  /** Asking again would change nothing. */
  #refused(batch: EndedSpan[], status: number): void {
    if (this.#failures++ === 0) this.#options.log.warn("traces are refused", { status });
    this.#dropped += batch.length;
  }
}
