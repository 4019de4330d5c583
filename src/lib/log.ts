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
  /** Writes what is still held back; resolves when that is done, or a blocked reader has been waited for long enough. */
  flush(): Promise<void>;
}

/** Where lines go. */
export interface LogTarget {
  /** A line with its newline. Must not block. */
  write(line: string): void;
  /** As `Log.flush`. */
  flush(): Promise<void>;
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
  /** Written by hand as far as it is ours: copying the fields would cost as much as writing them. */
  const line = (name: LogLevel, message: string, fields: Fields = {}) => {
    const head = `{"level":"${name}","time":"${time()}","message":${JSON.stringify(message)}`;
    const rest = JSON.stringify(fields);
    return rest === "{}" ? `${head}}\n` : `${head},${rest.slice(1)}\n`;
  };
  const at = (name: LogLevel) =>
    logLevels.indexOf(name) < lowest
      ? () => undefined
      : (message: string, fields?: Fields) => target.write(line(name, message, fields));
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    flush: () => target.flush(),
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
