import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import { MetadataError } from "../metadata/contract.ts";
import { DataDirError, nearest } from "../work/contract.ts";
import { type Command, exit, Failure, type Io, UsageError, type World } from "./command.ts";
import { config } from "./config.ts";
import { commonFlags, overview, soleFlags, usage } from "./help.ts";
import { healthcheck } from "./healthcheck.ts";
import { serve } from "./serve.ts";

const help: Command = {
  name: "help",
  summary: "Print help on weir or on one of its commands.",
  flags: {},
  argument: "command",
  examples: ["weir help", "weir help config"],
  async run({ io }, { argument }) {
    return print(io, argument === undefined ? overview(commands) : usage(find(argument)));
  },
};

const commands: readonly Command[] = [serve, config, healthcheck, help];

/**
 * Runs one command line; resolves with the exit code, whatever happens: 0 done, 1 failed, 2 wrong command line. Why
 * goes to `io.err`.
 */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  try {
    return await dispatch(argv, world);
  } catch (error) {
    explain(error, world.io);
    return error instanceof UsageError ? exit.usage : exit.failed;
  }
}

async function dispatch(argv: readonly string[], world: World): Promise<number> {
  // Not strict: its own messages name neither the nearest option nor the command.
  const { tokens } = parseArgs({
    args: [...argv],
    options: { help: { type: "boolean", short: "h" } },
    strict: false,
    tokens: true,
  });
  const words = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const [name, argument, ...more] = words;
  const command = name === undefined ? serve : find(name);
  const flags = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "option") flags.add(checkOption(command, name === undefined, token));
  }
  if (flags.has("version")) return print(world.io, `weir ${world.version}`);
  if (flags.has("help"))
    return print(world.io, name === undefined ? overview(commands) : usage(command));
  const [surplus] = command.argument === undefined ? [argument, ...more] : more;
  if (surplus !== undefined) throw new UsageError(`${command.name} has no use for "${surplus}"`);
  return command.run(world, { flags, argument });
}

function find(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const names = commands.map((command) => command.name);
  throw new UsageError(`there is no command "${name}"${didYouMean(name, names)}`);
}

/** The option's name, if the command has it; `alone`: no command is given. */
function checkOption(
  command: Command,
  alone: boolean,
  { name, rawName, value }: { name: string; rawName: string; value: string | undefined },
): string {
  const known = Object.keys({ ...command.flags, ...commonFlags, ...(alone ? soleFlags : {}) });
  if (!known.includes(name)) {
    const options = known.map((flag) => `--${flag}`);
    const message = `${command.name} has no option ${rawName}${didYouMean(rawName, options)}`;
    throw new UsageError(message);
  }
  if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
  return name;
}

function didYouMean(written: string, words: readonly string[]): string {
  const meant = nearest(written, words);
  return meant ? `; did you mean ${meant}?` : `; there are ${words.join(", ")}`;
}

function print(io: Io, text: string): number {
  io.out(text);
  return exit.ok;
}

const told = [Failure, DataDirError, MetadataError];

function explain(error: unknown, io: Io): void {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) io.err(`weir: ${problem}`);
  } else if (error instanceof UsageError) {
    io.err(`weir: ${error.message}`);
    io.err("weir: see weir help");
  } else if (told.some((kind) => error instanceof kind)) {
    io.err(`weir: ${(error as Error).message}`);
  } else {
    // Nobody foresaw this one: the trace is what a report of it needs.
    io.err(
      `weir: failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}
