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
