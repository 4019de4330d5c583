import type { Config } from "../config.ts";
import type { Clock } from "../lib/clock.ts";
import type { Examine } from "../examination.ts";
import type {
  Backing,
  BackupReport,
  Environment,
  Migrating,
  MigrationReport,
  Prepared,
  ReadFile,
  RestoreReport,
  Restoring,
  Verifier,
} from "../work/contract.ts";
import type { Given } from "./given.ts";

/** Where a command writes. Texts come without a newline at their end. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** The line that says how far a long work has come: rewritten each time, removed by the empty text. For terminals alone. */
  status(text: string): void;
}

/** Which of the standard streams are a person's. */
export interface Terminal {
  in: boolean;
  out: boolean;
  err: boolean;
}

/** What a command may use of the world around it. */
export interface World {
  io: Io;
  terminal: Terminal;
  env: Environment;
  readFile: ReadFile;
  /** All of the standard input, to its end. */
  readInput: () => Promise<string>;
  /** A line that a person types, after this question. */
  ask: (question: string) => Promise<string>;
  clock: Clock;
  version: string;
  /** Runs the server until it is told to stop; calls `started` once it listens. */
  serve: (config: Config, started: (prepared: Prepared) => void) => Promise<void>;
  /** What is done to a data folder itself, without the API of a server. */
  stores: Stores;
  /** Opens what a server of this configuration would work with, to look at it. */
  examine: Examine;
}

export interface Stores {
  /** Whether a server uses the folder or not. */
  backUp(config: Config, backing: Backing): Promise<BackupReport>;
  restore(config: Config, restoring: Restoring): Promise<RestoreReport>;
  /** To where `target` has its database and blobs. While a server uses the folder, blobs alone. */
  migrate(config: Config, target: Config, migrating: Migrating): Promise<MigrationReport>;
  /** Throws a `MetadataError` (`in_use`) where a server has it. */
  verify(config: Config, work: (verifier: Verifier) => Promise<void>): Promise<void>;
}

/** How a command ends. `changes`: a dry run has found something to do. */
export const exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unreachable: 5,
  conflict: 6,
  changes: 10,
} as const;

/** What the exit codes mean, for the help and the documents. */
export const exitMeanings: Readonly<Record<number, string>> = {
  [exit.ok]: "done",
  [exit.failed]: "failed, or refused by the server as it was asked for; a check of doctor failed",
  [exit.usage]: "wrong command line",
  [exit.notFound]: "what was named is not there, or not to be seen with this token",
  [exit.denied]: "no token, or one that does not count or may not do this",
  [exit.unreachable]: "the server does not answer",
  [exit.conflict]: "somebody else has changed it meanwhile; nothing was overwritten",
  [exit.changes]: "apply --dry-run: there is something to change",
};

export interface Option {
  summary: string;
  /** How its value is called in the help; undefined: it takes none. */
  value?: string;
  /** One letter that means the same. */
  short?: string;
  /** Can be given several times. */
  many?: true;
  /** The only values there are. */
  choices?: readonly string[];
  /** Its value is a whole number from this one on. */
  from?: number;
}
/** For every command whose output somebody may want to go on with. */
export const jsonOption = { json: { summary: "print JSON" } } as const;

export type Options = Readonly<Record<string, Option>>;

export interface Argument {
  name: string;
  summary: string;
  /** Can be left out; only the last can. */
  optional?: true;
  choices?: readonly string[];
}

export interface Command {
  /** Its words: `upstream test`. */
  name: string;
  /** One sentence for the help. */
  summary: string;
  /** What else is to be known, in paragraphs. */
  details?: string;
  arguments: readonly Argument[];
  /** Without those of every command. */
  options: Options;
  /** Command lines as one would type them. */
  examples: readonly string[];
  /** Answers with the exit code. */
  run(world: World, given: Given): Promise<number>;
}

/** A wrong command line; the message says how it is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A failure that is told in full by its message, which says what to do. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    message: string,
    readonly code: number = exit.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
