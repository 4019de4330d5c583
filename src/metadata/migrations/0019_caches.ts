import type { SqlWords } from "./index.ts";

/**
 * An upstream's cache has an id of its own (`caches.ts`), so that another URL or other credentials take effect in one row,
 * however much is cached. Where neither has changed since, it is the upstream's id: the rows that are there stay.
 */
export const caches = ({ integer, leftAtOnce }: SqlWords): string[] => [
  // How often it was given another cache.
  `alter table upstreams add column cache_epoch ${integer} not null default 0`,
  // The former caches from this one on are doubted: what was shown there has to be shown again. Older ones are given up.
  `alter table upstreams add column doubted_epoch ${integer} not null default 0`,
  ...leftAtOnce,
];
