import { write as writeFd, writeSync } from "node:fs";
import type { Clock } from "./clock.ts";
import type { LogTarget } from "./log.ts";

/** Lines are gathered and written together: a write per request would cost more than answering it. */
const gatherMs = 100;
const gatherLength = 64 << 10;
/** Characters that wait for a blocked reader; what comes beyond is dropped, so that a log never stops service. */
const maxWaiting = 8 << 20;

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

  flush(): void {
    const left = Buffer.concat([this.#sending ?? Buffer.alloc(0), this.#take()]);
    this.#sending = undefined;
    try {
      writeSync(this.#fd, left);
    } catch {
      // Nobody reads, and the process is about to end: there is no other place to say so.
    }
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
      if (this.#sending !== bytes) return; // flushed meanwhile
      const isBusy = (error as { code?: string } | null)?.code === "EAGAIN";
      this.#sending = bytes.subarray(error ? 0 : written);
      if (isBusy) return void this.#clock.after(gatherMs, () => this.#pass());
      if (!error && this.#sending.length > 0) return this.#pass();
      // After any other error these lines are lost; the next ones are tried again.
      this.#sending = undefined;
      if (this.#text !== "") this.#schedule();
    });
  }
}
