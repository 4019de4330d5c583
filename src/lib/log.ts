import { write as writeFd, writeSync } from "node:fs";
import type { Clock } from "./clock.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type Fields = Record<string, string | number | boolean | null | undefined>;

/** One JSON object a line; a message says what happened, fields say to what. Never pass secrets or error objects. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** Writes what is still held back. */
  flush(): void;
}

/** Where lines go. */
export interface LogTarget {
  /** A line with its newline. Must not block. */
  write(line: string): void;
  /** Writes what is still held back, before the process ends. */
  flush(): void;
}

export function createLog(clock: Clock, level: LogLevel, target: LogTarget): Log {
  const lowest = logLevels.indexOf(level);
  let second = Number.NaN;
  let stamp = "";
  /** The date part is the same for thousands of lines. */
  const time = () => {
    const now = clock.now();
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      stamp = new Date(second * 1000).toISOString().slice(0, 20);
    }
    return `${stamp}${String(now % 1000).padStart(3, "0")}Z`;
  };
  const at = (name: LogLevel) =>
    logLevels.indexOf(name) < lowest
      ? () => undefined
      : (message: string, fields?: Fields) =>
          target.write(`${JSON.stringify({ level: name, time: time(), message, ...fields })}\n`);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    flush: () => target.flush(),
  };
}

/** Lines are gathered and written together: a write per request would cost more than answering it. */
const gatherMs = 100;
const gatherLength = 64 << 10;
/** Characters that wait for a blocked reader; what comes beyond is dropped, so that a log never stops service. */
const maxWaiting = 8 << 20;

/** Lines to a file descriptor, without ever waiting for its reader. */
export function descriptorTarget(clock: Clock, fd: number): LogTarget {
  let lines: string[] = [];
  let waiting = 0;
  let dropped = 0;
  let isWriting = false;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    clock.after(gatherMs, () => {
      isScheduled = false;
      send();
    });
  }

  /** What has been gathered, and how much was lost on the way. */
  function take(): Buffer {
    if (dropped > 0)
      lines.push(
        `${JSON.stringify({ level: "error", message: "log lines lost", lines: dropped })}\n`,
      );
    const bytes = Buffer.from(lines.join(""));
    lines = [];
    waiting = 0;
    dropped = 0;
    return bytes;
  }

  function send(rest?: Buffer): void {
    if (isWriting || (!rest && lines.length === 0)) return;
    const bytes = rest ?? take();
    isWriting = true;
    writeFd(fd, bytes, 0, bytes.length, null, (error, written) => {
      isWriting = false;
      const left = bytes.subarray(error ? 0 : written);
      const isBusy = (error as { code?: string } | null)?.code === "EAGAIN";
      if (left.length > 0 && (!error || isBusy))
        return void clock.after(isBusy ? gatherMs : 0, () => send(left));
      // Any other error: nobody reads any more, and there is no other place to say so.
      if (lines.length > 0) schedule();
    });
  }

  return {
    write(line) {
      if (waiting + line.length > maxWaiting) {
        dropped++;
        return;
      }
      lines.push(line);
      waiting += line.length;
      if (waiting >= gatherLength) send();
      else schedule();
    },
    flush() {
      if (lines.length > 0) writeSync(fd, take());
    },
  };
}

/** Text from outside is cut to this many characters. */
const maxText = 512;

/** Shortens text from outside; control characters are escaped by the JSON form. */
export function clip(text: string, length: number = maxText): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** What may be logged of a failure: its code or class, never its text, which can carry URLs and secrets. */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : error.name;
}

/** Where a failure came from: its stack without its text. */
export function failureTrace(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return clip(frames.slice(0, 6).join(" ").replace(/\s+/g, " "));
}
