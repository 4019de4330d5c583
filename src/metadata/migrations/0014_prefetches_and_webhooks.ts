import type { SqlWords } from "./index.ts";

/** What is brought before anybody asks for it, and who is told of what happens. */
export const prefetchesAndWebhooks = (words: SqlWords): string[] => [
  ...prefetches(words),
  ...webhooks(words),
];

function prefetches({ id, integer, table, keyed }: SqlWords): string[] {
  return [
    `create table prefetches (
  id ${id},
  group_id ${integer} not null,
  registry_id ${integer} not null,
  -- a JSON array of texts
  platforms text not null,
  -- null: it runs once
  every_hours ${integer} check (every_hours between 1 and 8760),
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'finished', 'failed')),
  next_run_at ${integer},
  last_run_at ${integer},
  run_started_at ${integer},
  -- when it last came a step further, so that all have their turn
  advanced_at ${integer} not null default 0,
  created_at ${integer} not null,
  updated_at ${integer} not null,
  foreign key (registry_id, group_id) references registries (id, group_id) on delete cascade
)${table}`,
    "create index prefetches_registry on prefetches (registry_id, group_id)",
    `create table prefetch_images (
  prefetch_id ${integer} not null references prefetches (id) on delete cascade,
  position ${integer} not null,
  image text not null check (length(image) between 1 and 600),
  status text not null default 'pending' check (status in ('pending', 'done', 'failed')),
  reason text check (length(reason) <= 1000),
  -- what the reference was found to be in this run
  digest text,
  attempts ${integer} not null default 0,
  not_before ${integer} not null default 0,
  objects_done ${integer} not null default 0,
  objects_total ${integer} not null default 0,
  bytes_done ${integer} not null default 0,
  bytes_total ${integer} not null default 0,
  primary key (prefetch_id, position)
)${keyed}`,
  ];
}

function webhooks({ id, integer, table }: SqlWords): string[] {
  return [
    `create table webhooks (
  id ${id},
  group_id ${integer} not null references groups (id) on delete cascade,
  url text not null check (length(url) between 1 and 2048),
  description text check (length(description) <= 1024),
  sealed_secret text not null,
  -- PEM; null: the well-known authorities
  ca text,
  -- a JSON array of texts
  events text not null,
  enabled ${integer} not null check (enabled in (0, 1)),
  -- why this server has switched it off
  disabled_reason text check (length(disabled_reason) <= 255),
  -- since when nothing was taken; null: the last delivery was
  failing_since ${integer},
  last_delivered_at ${integer},
  -- what could not be noted, since too much was waiting already
  dropped ${integer} not null default 0,
  created_at ${integer} not null,
  updated_at ${integer} not null
)${table}`,
    "create index webhooks_group on webhooks (group_id)",
    `create table webhook_deliveries (
  id ${id},
  webhook_id ${integer} not null references webhooks (id) on delete cascade,
  message_id text not null,
  event text not null,
  body text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts ${integer} not null default 0,
  next_attempt_at ${integer} not null,
  last_attempt_at ${integer},
  response_status ${integer},
  reason text check (length(reason) <= 255),
  created_at ${integer} not null
)${table}`,
    "create index webhook_deliveries_webhook on webhook_deliveries (webhook_id, id)",
    `create index webhook_deliveries_pending on webhook_deliveries (webhook_id, next_attempt_at, id)
  where status = 'pending'`,
    "create index webhook_deliveries_created on webhook_deliveries (created_at)",
  ];
}
