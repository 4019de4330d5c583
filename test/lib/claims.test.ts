import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type ClaimPatterns, claimsMatch } from "../../src/lib/claims.ts";

const job = {
  sub: "project_path:acme/app:ref_type:branch:ref:main",
  project_path: "acme/app",
  ref: "main",
  protected: true,
  run: 42,
  groups: ["dev", "ops"],
  nothing: null,
  "kubernetes.io": { namespace: "ci-7", serviceaccount: { name: "builder" } },
};

describe("claims", () => {
  const table: [patterns: ClaimPatterns, wanted: boolean][] = [
    [{}, true],
    [{ project_path: "acme/app" }, true],
    [{ project_path: "acme/*", ref: "main" }, true],
    [{ project_path: "acme/*", ref: "prod" }, false],
    [{ project_path: "ACME/app" }, false],
    [{ project_path: "*" }, false],
    [{ ref: ["prod", "ma*"] }, true],
    [{ ref: ["prod", "test"] }, false],
    [{ protected: "true", run: "42" }, true],
    [{ run: "4" }, false],
    [{ groups: "ops" }, true],
    [{ groups: ["admin", "d*"] }, true],
    [{ groups: "admin" }, false],
    [{ absent: "**" }, false],
    [{ nothing: "**" }, false],
    [{ toString: "**" }, false],
    [{ "kubernetes.io": { namespace: "ci-*", serviceaccount: { name: "builder" } } }, true],
    [{ "kubernetes.io": { namespace: "ci-*", serviceaccount: { name: "other" } } }, false],
    [{ "kubernetes.io": { pod: { name: "**" } } }, false],
    [{ "kubernetes.io": "**" }, false],
    [{ ref: { main: "**" } }, false],
    [{ groups: { 0: "dev" } }, false],
  ];
  for (const [patterns, wanted] of table) {
    test(`${JSON.stringify(patterns)} ${wanted ? "fits" : "does not fit"}`, () => {
      expect(claimsMatch(patterns, job)).toBe(wanted);
    });
  }

  test("a text longer than any name matches nothing", () => {
    expect(claimsMatch({ a: "**" }, { a: "x".repeat(1024) })).toBe(true);
    expect(claimsMatch({ a: "**" }, { a: "x".repeat(1025) })).toBe(false);
  });

  test("one more that is asked for never lets more in, whatever the claims are", () => {
    const patterns = fc.dictionary(
      fc.constantFrom("a", "b", "__proto__"),
      fc.constantFrom("*", "x"),
    );
    const claims = fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.jsonValue());
    fc.assert(
      fc.property(patterns, patterns, claims, (some, more, given) => {
        if (claimsMatch({ ...some, ...more }, given)) expect(claimsMatch(more, given)).toBe(true);
        expect(claimsMatch(some, {})).toBe(Object.keys(some).length === 0);
      }),
    );
  });
});
