import { write as writeFd } from "node:fs";
import type { Clock } from "./clock.ts";
import type { LogTarget } from "./log.ts";

/** Lines are gathered and written together: a write per request would cost more than answering it. */
const gatherMs = 100;
const gatherLength = 64 << 10;
/** Characters that wait for a blocked reader; what comes beyond is dropped, so that a log never stops service. */
const maxWaiting = 8 << 20;
/** How long the end of the process waits for a reader. */
const flushMs = 1000;

/** Lines to a file descriptor, in order, without ever waiting for its reader. */
export class DescriptorTarget implements LogTarget {
  readonly #clock: Clock;
  readonly #fd: number;
  /** Gathered, not yet on its way. */
  #text = "";
  /** On its way; what is left of it after a write that took only a part. */
  #sending: Buffer | undefined;
  #isScheduled = false;
  #dropped = 0;
  /** Set while somebody waits for everything to be written. */
  #flushed: (() => void) | undefined;

  constructor(clock: Clock, fd: number) {
    this.#clock = clock;
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#text.length + line.length > maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#text += line;
    if (this.#text.length >= gatherLength) this.#send();
    else this.#schedule();
  }

  flush(): Promise<void> {
    const done = Promise.withResolvers<void>();
    const timer = this.#clock.after(flushMs, done.resolve);
    this.#flushed = done.resolve;
    this.#send();
    if (!this.#sending) done.resolve();
    return done.promise.finally(() => timer.cancel());
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.after(gatherMs, () => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  /** What has been gathered, with how much was lost. */
  #take(): Buffer {
    if (this.#dropped > 0) {
      const lost = { level: "error", message: "log lines lost", lines: this.#dropped };
      this.#text += `${JSON.stringify(lost)}\n`;
      this.#dropped = 0;
    }
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    return bytes;
  }

  #send(): void {
    if (this.#sending || this.#text === "") return;
    this.#sending = this.#take();
    this.#pass();
  }

  #pass(): void {
    const bytes = this.#sending;
    if (!bytes) return;
    writeFd(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      const isBusy = (error as { code?: string } | null)?.code === "EAGAIN";
      this.#sending = bytes.subarray(error ? 0 : written);
      if (isBusy) return void this.#clock.after(gatherMs, () => this.#pass());
      if (!error && this.#sending.length > 0) return this.#pass();
      // After any other error these lines are lost; the next ones are tried again.
      this.#sending = undefined;
      if (this.#text === "") this.#flushed?.();
      else if (this.#flushed) this.#send();
      else this.#schedule();
    });
  }
}
