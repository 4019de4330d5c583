import { matchesGlob } from "../../lib/glob.ts";

interface Named {
  repository: string;
  /** A tag or a digest. */
  reference: string;
}

/** Whether a purge's pattern is for an entry. Asked in the order of repositories it judges each one once. */
export function patternTest(pattern: string | undefined): (entry: Named) => boolean {
  if (pattern === undefined) return () => true;
  let known: { repository: string; isWhole: boolean } | undefined;
  return ({ repository, reference }) => {
    if (known?.repository !== repository) {
      known = { repository, isWhole: matchesGlob(pattern, repository) };
    }
    if (known.isWhole) return true;
    const sign = reference.includes(":") ? "@" : ":";
    return matchesGlob(pattern, repository + sign + reference);
  };
}

/** What every repository begins with that a pattern is for; empty: any may be meant. */
export function prefixOf(pattern: string | undefined): string {
  return /^[^*:@]*/.exec(pattern ?? "")?.[0] ?? "";
}

const mostSeen = 500;
const leastSeen = 50;
/** A pattern of this length costs about as much as reading the entry. */
const cheapLength = 32;

/** How many entries a step may look at: judging one takes a time that grows with the pattern. */
export function seenPerStep(pattern: string | undefined): number {
  const length = Math.max(cheapLength, pattern?.length ?? 0);
  return Math.max(leastSeen, Math.floor((mostSeen * cheapLength) / length));
}
