import type { Rule } from "./contract.ts";

export interface StoredRule extends Rule {
  id: number;
}

/** How an upstream's row has them. */
interface Columns {
  rules: string;
  last_rule_id: number;
}

export function storedRules({ rules }: Pick<Columns, "rules">): StoredRule[] {
  const all = JSON.parse(rules) as (Rule & { id?: number })[];
  // What was written before rules had ids has those that come first.
  return all.map(({ id, ...rule }, index) => ({ id: id ?? index + 1, ...ruleOf(rule) }));
}

/** Without what else it carries. */
export const ruleOf = ({ target, effect, pattern }: Rule): Rule => ({ target, effect, pattern });

export const isSameRule = (a: Rule, b: Rule) =>
  a.target === b.target && a.effect === b.effect && a.pattern === b.pattern;

/** The columns that have these rules; one that was there keeps its id, a new one gets one that none has had. */
export function ruleColumns(rules: readonly Rule[], present?: Columns): Columns {
  const known = present ? storedRules(present) : [];
  const isSame =
    rules.length === known.length &&
    known.every((rule, index) => isSameRule(rule, rules[index] ?? rule));
  if (present && isSame) return { rules: present.rules, last_rule_id: present.last_rule_id };
  let last = lastId(known, present);
  const stored = rules.map((rule): StoredRule => {
    const same = known.find((one) => isSameRule(one, rule));
    return { id: same?.id ?? ++last, ...ruleOf(rule) };
  });
  return { rules: JSON.stringify(stored), last_rule_id: last };
}

export const lastId = (known: readonly StoredRule[], present?: Columns) =>
  Math.max(present?.last_rule_id ?? 0, ...known.map(({ id }) => id));
