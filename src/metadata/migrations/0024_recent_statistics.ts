import { counters } from "./0010_statistics.ts";
import type { SqlWords } from "./index.ts";

/** Pulls over time in steps of five minutes, of the last days: for who looks at the last hour. */
export const recentStatistics = ({ integer, keyed }: SqlWords): string[] => [
  `create table recent_statistics (
  group_id ${integer} not null references groups (id) on delete cascade,
  at ${integer} not null,
  upstream_id ${integer} not null,
${counters.map((name) => `  ${name} ${integer} not null,`).join("\n")}
  primary key (group_id, at, upstream_id)
)${keyed}`,
  "create index recent_statistics_at on recent_statistics (at)",
];
