import { type Argument, type Command, exitMeanings, type Options } from "./command.ts";
import { connectionOptions } from "./connection.ts";
import { commonOptions, soleOptions } from "./parse.ts";

type Row = readonly [string, string];

/** What weir is and which commands it has. */
export function overview(commands: readonly Command[]): string {
  return paragraphs(
    "weir: one URL in front of an ordered list of container registries, caching what passes.",
    "Usage: weir [command] [options]",
    section("Commands", table(commands.map(({ name, summary }) => [name, summary]))),
    section("Options", optionTable({ ...commonOptions, ...soleOptions })),
    section("Options of commands that speak to a server", optionTable(connectionOptions)),
    section("Examples", ["weir serve", "weir upstream list", "weir help upstream add"]),
    section("Exit codes", table(Object.entries(exitMeanings))),
    "Settings are environment variables WEIR_… or stand in a file: docs/configuration.md. The commands: docs/cli.md",
  );
}

/** Which commands begin with this word. */
export function groupUsage(group: string, commands: readonly Command[]): string {
  const own = commands.filter(({ name }) => name.startsWith(`${group} `));
  return paragraphs(
    `Usage: weir ${group} [command] [options]`,
    section("Commands", table(own.map(({ name, summary }) => [name, summary]))),
    `What each takes: weir help ${own[0]?.name ?? group}`,
  );
}

/** What one command does and takes. */
export function usage(command: Command): string {
  const { summary, details, arguments: words, options, examples } = command;
  return paragraphs(
    `Usage: ${usageLine(command)}`,
    summary,
    ...(details === undefined ? [] : [details]),
    ...(words.length === 0 ? [] : [section("Arguments", table(words.map(argumentRow)))]),
    section("Options", optionTable({ ...options, ...commonOptions })),
    section("Examples", examples),
  );
}

/** `weir upstream move <upstream> <position> [options]` */
export function usageLine({ name, arguments: words }: Command): string {
  const named = words.map((word) => (word.optional ? `[${word.name}]` : `<${word.name}>`));
  return ["weir", name, ...named, "[options]"].join(" ");
}

const among = (choices: readonly string[] | undefined) =>
  choices ? `: ${choices.join(", ")}` : "";

export const argumentRow = ({ name, summary, choices }: Argument): Row => [
  name,
  `${summary}${among(choices)}`,
];

export function optionRows(options: Options): Row[] {
  return Object.entries(options).map(([name, { value, short, summary, choices, many }]) => [
    `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
    `${summary}${among(choices)}${many ? "; can be given several times" : ""}`,
  ]);
}

const paragraphs = (...texts: string[]) => texts.join("\n\n");

const section = (title: string, lines: readonly string[]) =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");

const optionTable = (options: Options) => table(optionRows(options));

function table(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}
