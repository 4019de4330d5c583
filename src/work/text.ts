import { z } from "zod";
import { failureCode } from "../lib/log.ts";

/** The text of a file; throws what `readFileSync` throws. */
export type ReadFile = (path: string) => string;

/** A value that stands in a file of its own, without the newline that editors put at its end. */
export function readText(readFile: ReadFile, path: string): string | { problem: string } {
  try {
    return readFile(path).replace(/\r?\n$/, "");
  } catch (error) {
    return {
      problem: `names a file that cannot be read (${failureCode(error)}); check its path and permissions`,
    };
  }
}

/** A text that a person wrote, read as a value: in a variable, in the configuration file. */
export type Leaf<T> = z.ZodType<T>;

/**
 * A leaf from `parse`, which answers undefined to a text that will not do. `must` says what is expected and goes on
 * from a name: "must be …". The text itself is never part of a problem, for it may be a misplaced secret.
 */
export function leaf<T>(must: string, parse: (text: string) => T | undefined): Leaf<T> {
  return z.unknown().transform((given, context) => {
    const value = typeof given === "string" ? parse(given) : undefined;
    if (value !== undefined) return value;
    context.addIssue(given === undefined ? `is missing: it ${must}` : must);
    return z.NEVER;
  });
}

/** What a map of YAML is, whatever is in it. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const matching = (pattern: RegExp, must: string): Leaf<string> =>
  leaf(must, (text) => (pattern.test(text) ? text : undefined));

export function oneOf<const T extends string>(words: readonly T[]): Leaf<T> {
  return leaf(`must be one of ${words.join(", ")}`, (text) => words.find((word) => word === text));
}

export const flag: Leaf<boolean> = leaf("must be true or false", (text) =>
  text === "true" ? true : text === "false" ? false : undefined,
);

export function integer(from: number, to: number, unit = ""): Leaf<number> {
  return leaf(`must be a whole number${unit && ` of ${unit}`} from ${from} to ${to}`, (text) => {
    const value = /^(?:0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
    return value >= from && value <= to ? value : undefined;
  });
}

/** How many bytes `kB`, `MiB` and so on are: powers of 1000, with an `i` of 1024. */
function unitSize(unit: string): number {
  const power = ["", "K", "M", "G", "T"].indexOf(unit.replace(/i?B$/, ""));
  return (unit.includes("i") ? 1024 : 1000) ** power;
}

/** A number of bytes: `1073741824`, `500MB`, `10GiB`. */
export function size(from: number): Leaf<number> {
  const must = `must be a size of at least ${from}, such as 1073741824, 500MB or 10GiB`;
  return leaf(must, (text) => {
    const [, digits, unit = ""] = /^(0|[1-9]\d{0,15}) ?([KMGT]i?B|B)?$/.exec(text) ?? [];
    const bytes = Number(digits) * unitSize(unit);
    return Number.isSafeInteger(bytes) && bytes >= from ? bytes : undefined;
  });
}

/** Printable, without blanks at its ends, of at most so many characters. */
export function line(length: number): Leaf<string> {
  const must = `must be 1 to ${length} printable characters without blanks at the ends`;
  return leaf(must, (text) =>
    text.length > 0 && text.length <= length && text.trim() === text && !/\p{C}/u.test(text)
      ? text
      : undefined,
  );
}

const minSecretLength = 32;
/** Of 32 random hexadecimal digits fewer than 8 differ in one of 25 million cases; "changeme…" repeated does not pass. */
const minDifferent = 8;

/** Whether a text can be the root of everybody's trust: long enough, and not one character over and over. */
export function isStrongSecret(text: string): boolean {
  return text.length >= minSecretLength && new Set(text).size >= minDifferent;
}

const howToMake = "make one with: openssl rand -hex 32";

export const secretKey: Leaf<string> = leaf(
  `must have ${minSecretLength} random characters or more; ${howToMake}`,
  (text) => (isStrongSecret(text) ? text : undefined),
);

/** A token goes through headers and command lines as it is. */
export const accessToken: Leaf<string> = leaf(
  `must have ${minSecretLength} random characters or more, ASCII without blanks; ${howToMake}`,
  (text) => (isStrongSecret(text) && /^[!-~]+$/.test(text) ? text : undefined),
);

/** The word that was probably meant: a few letters away, or only begun; undefined where there is none. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.round(written.length / 3));
  const begun = (word: string) => written.length >= 3 && word.startsWith(written);
  const near = words
    .map((word) => ({ word, distance: begun(word) ? 1 : distance(written, word) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.word;
}

/** How many letters must be put in, left out or changed (Levenshtein), row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
