import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { commands } from "../../src/cli/index.ts";
import { readLine, check } from "../../src/cli/parse.ts";
import { commandsPage } from "./page.ts";

const page = path.join(import.meta.dir, "../../docs/cli.md");

test("docs/cli.md is what the commands say (WEIR_UPDATE_COMMANDS=1 writes it anew)", () => {
  if (process.env["WEIR_UPDATE_COMMANDS"] === "1") writeFileSync(page, commandsPage());
  expect(readFileSync(page, "utf8")).toBe(commandsPage());
});

/** The words after `weir`, as a shell has them, up to a pipe or redirection. */
function wordsOf(example: string): string[] {
  const [, line = ""] = [...example.matchAll(/(?:^|\s)weir( [^|>]*|$)/g)].at(-1) ?? [];
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? plain);
}

/** Of several commands in one line each has its own; what is compared is the last. */
const examples = commands.flatMap(({ name, examples }) =>
  examples.map((example) => [name, example] as const),
);
test.each(examples)("%s: the example is one of it: %s", (name, example) => {
  const line = readLine(wordsOf(example), commands);
  const command = line.command ?? commands[0];
  // What export writes is read by another command in the same line.
  expect(example.includes(`weir ${command?.name}`) || name === "serve").toBe(true);
  expect(example).toContain(name === "serve" ? "weir" : `weir ${name}`);
  if (command) check(command, line, line.command === undefined);
});
