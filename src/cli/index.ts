import { ConfigError } from "../config.ts";
import { MetadataError } from "../metadata/contract.ts";
import { BackupError, DataDirError, MigrationError } from "../work/contract.ts";
import { type Command, exit, Failure, type Io, UsageError, type World } from "./command.ts";
import { commands as ofServer } from "./commands/index.ts";
import { completion } from "./commands/completion.ts";
import { groupUsage, overview, usage } from "./help.ts";
import { check, type Line, readLine } from "./parse.ts";

const help: Command = {
  name: "help",
  summary: "Print help on weir or on one of its commands.",
  arguments: [
    { name: "command", summary: "its first word", optional: true },
    { name: "subcommand", summary: "its second word", optional: true },
  ],
  options: {},
  examples: ["weir help", "weir help config", "weir help upstream add"],
  async run({ io }, given) {
    const words = [given.maybe("command"), given.maybe("subcommand")].filter(
      (word) => word !== undefined,
    );
    const line = readLine(words, commands);
    if (line.command && line.words[0] !== undefined) {
      throw new UsageError(`${line.command.name} has no command "${line.words[0]}"`);
    }
    return print(io, textOn(line));
  },
};

/** All there are, in the order of the help. */
export const commands: readonly Command[] = [...ofServer, completion(() => commands), help];

/** Runs one command line; resolves with the exit code (`exit`), whatever happens. Why goes to `io.err`. */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  try {
    return await dispatch(argv, world);
  } catch (error) {
    return explain(error, world.io, argv);
  }
}

/** The command of a wrong command line, as `weir help` takes it; the empty text where none is named. */
function commandIn(argv: readonly string[]): string {
  try {
    const name = readLine(argv, commands).command?.name ?? "";
    return name === "help" ? "" : name;
  } catch (error) {
    if (error instanceof UsageError) return "";
    throw error;
  }
}

async function dispatch(argv: readonly string[], world: World): Promise<number> {
  const line = readLine(argv, commands);
  if (line.group !== undefined) return groupAlone(line, world);
  const command = line.command ?? findServe();
  const given = check(command, line, line.command === undefined);
  if (line.command === undefined && given.has("version")) {
    return print(world.io, `weir ${world.version}`);
  }
  if (given.has("help")) return print(world.io, textOn(line));
  return command.run(world, given);
}

/** What weir does when it is not told what to do. */
function findServe(): Command {
  const [serve] = commands;
  if (!serve) throw new Error("there are no commands");
  return serve;
}

/** `weir upstream`: a mistake, but for one who asks for help. */
function groupAlone(line: Line, { io }: World): number {
  const isHelp = line.options.length === 1 && line.options[0]?.name === "help";
  if (isHelp) return print(io, textOn(line));
  io.err(textOn(line));
  return exit.usage;
}

function textOn({ command, group }: Line): string {
  if (group !== undefined) return groupUsage(group, commands);
  return command ? usage(command) : overview(commands);
}

function print(io: Io, text: string): number {
  io.out(text);
  return exit.ok;
}

const told = [Failure, DataDirError, MetadataError, BackupError, MigrationError];

function explain(error: unknown, io: Io, argv: readonly string[]): number {
  io.status("");
  if (error instanceof ConfigError) {
    for (const problem of error.problems) io.err(`weir: ${problem}`);
  } else if (error instanceof UsageError) {
    io.err(`weir: ${error.message}`);
    io.err(`weir: see weir help ${commandIn(argv)}`.trimEnd());
    return exit.usage;
  } else if (told.some((kind) => error instanceof kind)) {
    for (const line of (error as Error).message.split("\n")) io.err(`weir: ${line}`);
  } else {
    // Nobody foresaw this one: the trace is what a report of it needs.
    io.err(
      `weir: failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
  return error instanceof Failure ? error.code : exit.failed;
}
