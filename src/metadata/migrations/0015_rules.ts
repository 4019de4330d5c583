import type { SqlWords } from "./index.ts";

/** Rules of upstreams get ids, by which they can be changed one by one; those that are there get theirs where they are next written. */
export const rules = ({ integer }: SqlWords): string[] => [
  // The last id that was given to a rule of this upstream: none is given twice.
  `alter table upstreams add column last_rule_id ${integer} not null default 0`,
];
