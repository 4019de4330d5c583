import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { matchesGlob } from "../../src/lib/glob.ts";

/** The same by a regular expression: right, but not safe against patterns that somebody chose badly. */
function byRegExp(pattern: string, text: string): boolean {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return "[^]*";
    return part === "*" ? "[^/]*" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`).test(text);
}

describe("matchesGlob", () => {
  const table: [pattern: string, text: string, wanted: boolean][] = [
    ["library/alpine", "library/alpine", true],
    ["library/*", "library/alpine", true],
    ["library/*", "library/a/b", false],
    ["library/**", "library/a/b", true],
    ["*", "alpine", true],
    ["*", "library/alpine", false],
    ["**", "library/alpine", true],
    ["**/internal-*", "team/internal-x", true],
    ["v1.*", "v1.2", true],
    ["v1.*", "v1x2", false],
    ["", "", true],
    ["", "a", false],
  ];
  for (const [pattern, text, wanted] of table) {
    test(`${pattern} ${wanted ? "is" : "is not"} ${text}`, () => {
      expect(matchesGlob(pattern, text)).toBe(wanted);
    });
  }

  test("is what a regular expression says", () => {
    const some = (characters: string) =>
      fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });
    fc.assert(
      fc.property(some("a/*."), some("a/."), (pattern, text) => {
        expect(matchesGlob(pattern, text)).toBe(byRegExp(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  test("takes no longer for a pattern that is made to", () => {
    const started = performance.now();
    matchesGlob("*a".repeat(127), "a".repeat(255));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
