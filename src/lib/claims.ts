import { matchesGlob } from "./glob.ts";

/**
 * What claims must be: a glob, several of which one must match, or the same for what is inside a claim. Globs as in
 * `matchesGlob`; numbers and truth values are compared as they are written, of a list one element must match.
 */
export type ClaimPattern = string | readonly string[] | ClaimPatterns;
export interface ClaimPatterns {
  readonly [claim: string]: ClaimPattern;
}

/** Longer than any name there is: what is longer matches nothing, so that matching stays quick. */
const maxText = 1024;

/** Whether each claim that is named is there and matches. */
export function claimsMatch(patterns: ClaimPatterns, claims: object): boolean {
  return Object.entries(patterns).every(
    ([name, pattern]) => Object.hasOwn(claims, name) && matches(pattern, Reflect.get(claims, name)),
  );
}

function matches(pattern: ClaimPattern, value: unknown): boolean {
  if (typeof pattern === "object" && !isList(pattern)) {
    return isObject(value) && claimsMatch(pattern, value);
  }
  const globs = isList(pattern) ? pattern : [pattern];
  const texts = (isList(value) ? value : [value]).flatMap((element) => textOf(element) ?? []);
  return texts.some((text) => globs.some((glob) => matchesGlob(glob, text)));
}

function textOf(value: unknown): string | undefined {
  const isScalar = ["string", "number", "boolean"].includes(typeof value);
  const text = isScalar ? String(value) : undefined;
  return text === undefined || text.length > maxText ? undefined : text;
}

/** `Array.isArray` does not tell lists that cannot be changed. */
function isList(value: unknown): value is readonly unknown[];
function isList(value: ClaimPattern): value is readonly string[];
function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !isList(value);
}
