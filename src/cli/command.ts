import type { Config } from "../config.ts";
import type { Environment, Prepared, ReadFile } from "../work/contract.ts";

/** Where a command writes. Texts come without a newline at their end. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
}

/** What a command may use of the world around it. */
export interface World {
  io: Io;
  env: Environment;
  readFile: ReadFile;
  version: string;
  /** Runs the server until it is told to stop; calls `started` once it listens. */
  serve: (config: Config, started: (prepared: Prepared) => void) => Promise<void>;
}

/** Exit codes; 3 is kept for a server that cannot be reached. */
export const exit = { ok: 0, failed: 1, usage: 2 } as const;

export interface Command {
  name: string;
  /** One sentence for the help. */
  summary: string;
  /** Options of its own, none of which takes a value, and what each does. */
  flags: Readonly<Record<string, string>>;
  /** How its one argument is called in the help; undefined: it takes none. */
  argument: string | undefined;
  examples: readonly string[];
  /** Answers with the exit code. */
  run(
    world: World,
    given: { flags: ReadonlySet<string>; argument: string | undefined },
  ): Promise<number>;
}

/** A wrong command line; the message says how it is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A failure that is told in full by its message, which says what to do. */
export class Failure extends Error {
  override readonly name = "Failure";
}
