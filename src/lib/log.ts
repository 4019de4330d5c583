import pino from "pino";
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

/** Text from outside is cut to this many characters. */
const maxText = 512;
/** Lines that wait for a blocked reader; what comes beyond is dropped, so that a log never stops service. */
const maxWaiting = 8 << 20;

/** Shortens text from outside; control characters are escaped by the JSON form. */
export function clip(text: string, length: number = maxText): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** Where lines go: file descriptor 1, or a function in tests. */
export type LogTarget = { write(line: string): void };

export function createLog(clock: Clock, level: LogLevel, target?: LogTarget): Log {
  // Lines are gathered and written together: a write per request would cost more than answering it.
  const output = target
    ? undefined
    : pino.destination({ fd: 1, sync: false, minLength: 8192, maxLength: maxWaiting });
  const logger = pino(
    {
      base: null,
      level,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    target ?? output,
  );
  let scheduled = false;
  const flushSoon = () => {
    if (scheduled || !output) return;
    scheduled = true;
    clock.after(100, () => {
      scheduled = false;
      output.flush();
    });
  };
  const write = (at: LogLevel) => (message: string, fields?: Fields) => {
    logger[at](fields ?? {}, message);
    flushSoon();
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    flush: () => output?.flushSync(),
  };
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
