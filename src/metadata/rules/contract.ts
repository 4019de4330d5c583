import type { Condition, Removal } from "../management/contract.ts";

/** Which names an upstream is asked for at all. Globs: `*` is any text within a component, `**` any text. */
export interface Rule {
  target: "repository" | "tag";
  effect: "allow" | "deny";
  pattern: string;
}

/** More would be slow to judge at each pull and hard to keep in one's head. */
export const maxRules = 20;

/** A rule as people manage it: with an id of its own among those of its upstream, which no other gets later. */
export interface RuleRecord extends Rule {
  id: number;
  upstreamId: number;
}

/** The rules of upstreams, one at a time: those that stand in `UpstreamSettings` as a list, as `Management`. */
export interface ManagedRules {
  /** In their order. Undefined for an unknown upstream. */
  list(upstreamId: number): Promise<RuleRecord[] | undefined>;
  get(upstreamId: number, id: number): Promise<RuleRecord | undefined>;
  /** At the end. Refused where there is such a rule, or as many as there may be. */
  create(upstreamId: number, rule: Rule): Promise<RuleRecord | undefined>;
  /** In its place. */
  change(
    upstreamId: number,
    id: number,
    changes: Partial<Rule>,
    condition?: Condition,
  ): Promise<RuleRecord | undefined>;
  remove(upstreamId: number, id: number, condition?: Condition): Promise<Removal>;
}
