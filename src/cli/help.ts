import type { Command } from "./command.ts";

/** Options that stand with every command. */
export const commonFlags = { help: "print this help" };
/** Options that stand alone. */
export const soleFlags = { version: "print the version" };

/** What weir is and which commands it has. */
export function overview(commands: readonly Command[]): string {
  return paragraphs(
    "weir: one URL in front of an ordered list of container registries, caching what passes.",
    "Usage: weir [command] [options]",
    section("Commands", table(commands.map(({ name, summary }) => [name, summary]))),
    section("Options", flagTable({ ...commonFlags, ...soleFlags })),
    section(
      "Examples",
      commands.flatMap(({ examples }) => examples),
    ),
    "Settings are environment variables WEIR_… or stand in a file: docs/configuration.md",
  );
}

/** What one command does and takes. */
export function usage({ name, summary, flags, argument, examples }: Command): string {
  const words = ["weir", name, ...(argument ? [`[${argument}]`] : []), "[options]"];
  return paragraphs(
    `Usage: ${words.join(" ")}`,
    summary,
    section("Options", flagTable({ ...flags, ...commonFlags })),
    section("Examples", examples),
  );
}

const paragraphs = (...texts: string[]) => texts.join("\n\n");

const section = (title: string, lines: readonly string[]) =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");

const flagTable = (flags: Readonly<Record<string, string>>) =>
  table(Object.entries(flags).map(([flag, text]) => [`--${flag}`, text]));

function table(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}
