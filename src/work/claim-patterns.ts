import { z } from "zod";
import type { ClaimPattern, ClaimPatterns } from "../lib/claims.ts";
import { isMap } from "./text.ts";

const maxClaims = 20;
const maxTexts = 20;
/** Maps within maps. */
const maxDepth = 4;
const text = /^(?!.*\*\*\*)\P{C}{1,255}$/u;
const mustBeMap = `must be a map of 1 to ${maxClaims} claims and what they must be`;
const mustBe =
  `must be a text of at most 255 characters, in which * is any text without a slash and ** any text, ` +
  `a list of at most ${maxTexts} of them, or a map of the claims inside it`;

/** What claims must be, as a person writes it. */
export const claimPatterns = z.unknown().transform((given, context): ClaimPatterns => {
  const problems = given === undefined ? [] : problemsOf(given, []);
  if (given === undefined) context.addIssue(`is missing: it ${mustBeMap}`);
  for (const { path, message } of problems) context.addIssue({ code: "custom", path, message });
  return given === undefined || problems.length > 0 ? z.NEVER : (given as ClaimPatterns);
});

function problemsOf(given: unknown, path: string[]): { path: string[]; message: string }[] {
  if (!isMap(given)) return [{ path, message: path.length === 0 ? mustBeMap : mustBe }];
  const entries = Object.entries(given);
  if (entries.length === 0 || entries.length > maxClaims) return [{ path, message: mustBeMap }];
  return entries.flatMap(([claim, pattern]) => {
    const here = [...path, claim];
    if (isMap(pattern) && here.length < maxDepth) return problemsOf(pattern, here);
    return isTexts(pattern) ? [] : [{ path: here, message: mustBe }];
  });
}

function isTexts(pattern: unknown): boolean {
  const texts: unknown[] = Array.isArray(pattern) ? pattern : [pattern];
  const isShort = texts.length > 0 && texts.length <= maxTexts;
  return isShort && texts.every((one) => typeof one === "string" && text.test(one));
}

/**
 * Issuers that give everybody tokens, and the claims that say whose a token is. A rule that leaves them open lets in
 * all the world: a branch called `main` is not hard to come by.
 */
const everybodys: Record<string, readonly string[]> = {
  "https://token.actions.githubusercontent.com": [
    "sub",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
  ],
  "https://gitlab.com": ["sub", "project_path", "project_id", "namespace_path", "namespace_id"],
};

/** Why all of these, being required of this issuer's tokens, let in more than can be meant; undefined where they do not. */
export function tooWide(issuer: string, ...required: ClaimPatterns[]): string | undefined {
  const narrows = (texts: readonly string[]) => texts.every((one) => /[\p{L}\p{N}]/u.test(one));
  if (!required.some((claims) => someClaim(claims, narrows))) {
    return "must have a claim with more in it than stars: every token of this issuer would do";
  }
  const owners = Object.hasOwn(everybodys, issuer) ? everybodys[issuer] : undefined;
  const isOwned = required.some((claims) =>
    owners?.some((claim) => {
      const pattern = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
      return (
        pattern !== undefined && someClaim({ [claim]: pattern }, (texts) => texts.every(namesOwner))
      );
    }),
  );
  if (!owners || isOwned) return undefined;
  return `must say whose tokens are meant, since this issuer gives them to everybody: one of ${owners.join(", ")}, without a star before its first slash`;
}

/** Whether what may stand before the first slash is one text. */
function namesOwner(pattern: string): boolean {
  const star = pattern.indexOf("*");
  return star === -1 || pattern.slice(0, star).includes("/");
}

function someClaim(claims: ClaimPatterns, is: (texts: readonly string[]) => boolean): boolean {
  return Object.values(claims).some((pattern: ClaimPattern) => {
    if (typeof pattern === "string") return is([pattern]);
    return Array.isArray(pattern)
      ? is(pattern as string[])
      : someClaim(pattern as ClaimPatterns, is);
  });
}
