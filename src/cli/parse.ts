import { parseArgs } from "node:util";
import { nearest } from "../work/contract.ts";
import { type Command, type Option, type Options, UsageError } from "./command.ts";
import { Given } from "./given.ts";

/** Options that stand with every command. */
export const commonOptions: Options = {
  help: { summary: "print this help", short: "h" },
};
/** Options that stand alone. */
export const soleOptions: Options = { version: { summary: "print the version" } };

export interface Line {
  /** Undefined: none is named. */
  command: Command | undefined;
  /** The words before what is left: a group of commands such as `upstream`. */
  group: string | undefined;
  /** Words behind the command's name. */
  words: string[];
  options: { name: string; raw: string; value: string | undefined }[];
}

const optionsOf = (commands: readonly Command[]): Options =>
  Object.fromEntries(commands.flatMap(({ options }) => Object.entries(options)));

/** What is written on a command line, not yet checked but for the command's name. Throws `UsageError`. */
export function readLine(argv: readonly string[], commands: readonly Command[]): Line {
  const all = { ...optionsOf(commands), ...commonOptions, ...soleOptions };
  const kinds = Object.entries(all).map(([name, { value, short }]) => {
    const type = value === undefined ? ("boolean" as const) : ("string" as const);
    return [name, { type, ...(short !== undefined && { short }) }] as const;
  });
  // Not strict: its own messages name neither the nearest option nor the command.
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(kinds),
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  const options: Line["options"] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName: raw, value, inlineValue } = token;
    // `--url --json` means a forgotten value and not one of that name.
    const isOption = inlineValue === false && value?.startsWith("--");
    options.push({ name, raw, value: isOption ? undefined : value });
  }
  return { ...find(words, commands), options };
}

/** The command that the first words name, or the group of commands that they are all of. */
function find(words: string[], commands: readonly Command[]): Omit<Line, "options"> {
  const [first = "", second = ""] = words;
  if (first === "") return { command: undefined, group: undefined, words };
  const found = commands.find(({ name }) => name === `${first} ${second}` || name === first);
  if (found) {
    const rest = words.slice(found.name.split(" ").length);
    return { command: found, group: undefined, words: rest };
  }
  const inGroup = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (inGroup.length === 0) throw noCommand(first, topNames(commands));
  if (second === "") return { command: undefined, group: first, words: [] };
  throw noCommand(
    words.slice(0, 2).join(" "),
    inGroup.map(({ name }) => name),
  );
}

/** Names of commands and of groups of them. */
export function topNames(commands: readonly Command[]): string[] {
  return [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))];
}

function noCommand(name: string, names: readonly string[]): UsageError {
  return new UsageError(`there is no command "${name}"${didYouMean(name, names)}`);
}

/** Checks all of a line against what its command describes; `alone`: no command is named. Throws `UsageError`. */
export function check(command: Command, { words, options }: Line, alone: boolean): Given {
  const known = { ...command.options, ...commonOptions, ...(alone ? soleOptions : {}) };
  const values = new Map<string, string[]>();
  for (const option of options) {
    const described = known[option.name];
    if (!described) throw noOption(command, option.raw, known);
    const value = checkOption(described, option);
    const before = values.get(option.name) ?? [];
    if (before.length > 0 && described.value !== undefined && !described.many) {
      throw new UsageError(`${option.raw} is given twice; give it once`);
    }
    values.set(option.name, [...before, value]);
  }
  // Whoever asks for help has the rest yet to learn.
  if (!values.has("help") && !values.has("version")) checkWords(command, words);
  return new Given(command, known, words, values);
}

function noOption(command: Command, raw: string, known: Options): UsageError {
  const names = Object.keys(known).map((name) => `--${name}`);
  return new UsageError(`${command.name} has no option ${raw}${didYouMean(raw, names)}`);
}

function checkOption(
  { value: called, choices, from }: Option,
  { raw, value }: { raw: string; value: string | undefined },
): string {
  if (called === undefined) {
    if (value !== undefined) throw new UsageError(`${raw} takes no value`);
    return "";
  }
  if (value === undefined) throw new UsageError(`${raw} needs a value: ${raw} ${called}`);
  if (choices && !choices.includes(value)) {
    throw new UsageError(`${raw} must be one of ${choices.join(", ")}`);
  }
  if (from !== undefined && !(/^\d{1,15}$/.test(value) && Number(value) >= from)) {
    throw new UsageError(`${raw} must be a whole number from ${from} on`);
  }
  return value;
}

function checkWords(
  { name, arguments: described, options }: Command,
  words: readonly string[],
): void {
  const surplus = words[described.length];
  if (surplus !== undefined) {
    const meant = "file" in options ? `; did you mean --file ${surplus}?` : "";
    throw new UsageError(`${name} has no use for "${surplus}"${meant}`);
  }
  for (const [index, { name: called, optional, choices }] of described.entries()) {
    const word = words[index];
    if (word === undefined && optional) continue;
    if (word === undefined || word === "") throw new UsageError(`${name} needs ${called}`);
    if (choices && !choices.includes(word)) {
      throw new UsageError(`${called} must be one of ${choices.join(", ")}`);
    }
  }
}

function didYouMean(written: string, words: readonly string[]): string {
  const meant = nearest(written, words);
  return meant ? `; did you mean ${meant}?` : `; there are ${words.join(", ")}`;
}
