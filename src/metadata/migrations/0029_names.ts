/** By a name of their own a configuration file finds webhooks and prefetches again. */
export const names = (): string[] => [
  "alter table webhooks add column name text check (length(name) between 1 and 255)",
  "create unique index webhooks_name on webhooks (group_id, name)",
  "alter table prefetches add column name text check (length(name) between 1 and 255)",
  "create unique index prefetches_name on prefetches (registry_id, name)",
];
