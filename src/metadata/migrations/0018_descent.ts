import type { SqlWords } from "./index.ts";

/** Tokens that came from a declared one by rotation are known, so that they end with it when another secret is declared. */
export const descent = ({ integer }: SqlWords): string[] => [
  `alter table tokens add column from_declared ${integer} not null default 0 check (from_declared in (0, 1))`,
];
