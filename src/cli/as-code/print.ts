import { type Paint, plain } from "../output.ts";
import type { Change, Plan } from "./planning.ts";

const colours = { "+": "green", "-": "red", "~": "yellow" } as const;

export function changesOf({ steps }: Plan): Change[] {
  return steps.flatMap(({ change }) => (change ? [change] : []));
}

/** What is to be done, thing by thing, and how many of each sort there are. */
export function planText(changes: readonly Change[], paint: Paint): string {
  if (changes.length === 0) return "nothing to change";
  const lines = changes.flatMap(({ sign, what, details }) => [
    paint(`${sign} ${plain(what)}`, colours[sign]),
    ...details.map((detail) => `    ${plain(detail)}`),
  ]);
  return [...lines, "", countText(changes)].join("\n");
}

export function countText(changes: readonly Change[]): string {
  const count = (wanted: Change["sign"]) => changes.filter(({ sign }) => sign === wanted).length;
  return `${count("+")} to add, ${count("~")} to change, ${count("-")} to remove`;
}
