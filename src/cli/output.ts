import { exit, Failure, type World } from "./command.ts";
import type { Given } from "./given.ts";

/** A value as a cell has it; nothing where there is none. */
type Cell = string | number | boolean | null | undefined;

/** What to show of an item, by the title of its column. */
export type Columns<T> = Readonly<Record<string, (item: T) => Cell>>;

/** Prints a list: as JSON where that is asked for, else as a table. */
export function printList<T>(
  { io }: World,
  given: Given,
  items: readonly T[],
  columns: Columns<T>,
): number {
  if (given.has("json")) io.out(JSON.stringify(items, null, 2));
  else if (items.length === 0) io.err("weir: there are none");
  else io.out(tableText(items, columns));
  return exit.ok;
}

/** Prints one thing: as JSON where that is asked for, else field by field. */
export function printItem({ io }: World, given: Given, item: object): number {
  io.out(given.has("json") ? JSON.stringify(item, null, 2) : fieldsText(item));
  return exit.ok;
}

export function tableText<T>(items: readonly T[], columns: Columns<T>): string {
  const titles = Object.keys(columns);
  const rows = items.map((item) => Object.values(columns).map((cell) => cellText(cell(item))));
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...rows.map((row) => width(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd();
  return [line(titles.map((title) => title.toUpperCase())), ...rows.map(line)].join("\n");
}

function fieldsText(item: object): string {
  const entries = Object.entries(item) as [string, unknown][];
  const longest = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(longest)}  ${valueText(value)}`).join("\n");
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return plain(typeof value === "string" ? value : JSON.stringify(value));
}

const cellText = (cell: Cell) => (cell === null || cell === undefined ? "-" : plain(String(cell)));

/** What others have named things must not move the cursor, or look like another line. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** How many columns a terminal gives a text, as far as that can be told without a table of its font. */
const width = (text: string) => Bun.stringWidth(text);

export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

const codes = { red: 31, green: 32, yellow: 33, bold: 1 } as const;
export type Paint = (text: string, colour: keyof typeof codes) => string;

/** Colours, where a person looks at the output and does not forbid them (no-color.org). */
export function painter({ env, terminal }: Pick<World, "env" | "terminal">): Paint {
  const isPainted = terminal.out && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return (text, colour) => (isPainted ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text);
}

const barWidth = 24;

/** How far a long work has come; only a terminal shows it. */
export function showProgress({ io }: World, done: number, total: number, what: string): void {
  const filled = total === 0 ? barWidth : Math.floor((done / total) * barWidth);
  const bar = "#".repeat(filled).padEnd(barWidth, ".");
  io.status(done === total ? "" : `[${bar}] ${done}/${total} ${plain(what)}`);
}

export const yesOption = { yes: { summary: "do it without asking" } } as const;

/** Asks whether to go on with what cannot be undone; throws where the answer is no, or nobody can be asked. */
export async function confirm(world: World, given: Given, question: string): Promise<void> {
  if (given.has("yes")) return;
  if (!world.terminal.in || !world.terminal.err) {
    throw new Failure(`${question} Nobody can be asked here: give --yes to do it`, exit.usage);
  }
  const answer = await world.ask(`${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new Failure("nothing was done");
}
