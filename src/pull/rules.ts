import { matchesGlob } from "../lib/glob.ts";
import type { Rule, Upstream } from "../metadata/contract.ts";

/**
 * The rule that keeps an upstream from being asked for a name; undefined where none does. For each target: a matching
 * deny rule decides; where there are allow rules, one of them must match. A digest has no tag: only rules for
 * repositories count then. The repository is the one at the upstream.
 */
export function denyingRule(
  { rules }: Upstream,
  repository: string,
  tag: string | undefined,
): Rule | undefined {
  if (rules.length === 0) return undefined;
  const denied = denial(rules, "repository", repository);
  return denied ?? (tag === undefined ? undefined : denial(rules, "tag", tag));
}

function denial(rules: readonly Rule[], target: Rule["target"], text: string): Rule | undefined {
  const own = rules.filter((rule) => rule.target === target);
  const deny = own.find(({ effect, pattern }) => effect === "deny" && matchesGlob(pattern, text));
  if (deny) return deny;
  const allowed = own.filter(({ effect }) => effect === "allow");
  // The first of the allow rules stands for all of them: none matched.
  return allowed.some(({ pattern }) => matchesGlob(pattern, text)) ? undefined : allowed[0];
}

const revisions = new WeakMap<Upstream, string>();

/**
 * A text that is another one whenever settings have changed that decide what an upstream is asked and what its answers
 * mean. What was learned or begun under one revision does not count under another.
 */
export function revisionOf(upstream: Upstream): string {
  const known = revisions.get(upstream);
  if (known !== undefined) return known;
  const { id, version, deniedMeans, libraryPrefix, rules } = upstream;
  const text = JSON.stringify([id, version, deniedMeans, libraryPrefix, rules]);
  const made = rules.length === 0 ? text : String(Bun.hash(text));
  revisions.set(upstream, made);
  return made;
}
