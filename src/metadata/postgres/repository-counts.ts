import { added, bytesLoop } from "./entry-counts.ts";

const columns = "upstream_id, repository, entries, tags, digests, size, last_downloaded_at";
const sums = "sum(entries), sum(tags), sum(digests), sum(size), max(last_downloaded_at)";
const hasChanged = "sum(entries) <> 0 or sum(tags) <> 0 or sum(digests) <> 0 or sum(size) <> 0";

const of = (rows: "added" | "removed", sign: 1 | -1) =>
  `select upstream_id, repository, ${sign} as entries,
      case when reference <> digest then ${sign} else 0 end as tags,
      case when kind = 'manifest' and reference = digest then ${sign} else 0 end as digests,
      ${sign} * size as size, ${sign === 1 ? "downloaded_at" : "0"} as last_downloaded_at
    from ${rows} where proof = 'shown' and status = 'default'`;

/** As entries are counted: each statement notes what it changes, and all is added up right before the commit. */
function noting(event: string, parts: readonly string[], tables: string): string[] {
  return [
    `create function cache_entries_repository_${event}() returns trigger language plpgsql as $$
begin
  insert into repository_count_changes (${columns})
  select upstream_id, repository, ${sums}
  from (
    ${parts.join("\n    union all\n    ")}
  ) as changed
  group by upstream_id, repository
  having ${hasChanged};
  return null;
end $$`,
    `create trigger cache_entries_repository_${event} after ${event} on cache_entries
referencing ${tables}
for each statement execute function cache_entries_repository_${event}()`,
  ];
}

const repositoriesLoop = `  for change in
    with noted as (delete from repository_count_changes returning *)
    select upstream_id, repository, sum(entries)::bigint as entries, sum(tags)::bigint as tags,
      sum(digests)::bigint as digests, sum(size)::bigint as size, max(last_downloaded_at) as last_downloaded_at
    from noted group by upstream_id, repository having ${hasChanged} order by upstream_id, repository
  loop
    insert into repository_counts as c (${columns})
    values (change.upstream_id, change.repository, change.entries, change.tags, change.digests, change.size,
      change.last_downloaded_at)
    on conflict (upstream_id, repository) do update
    set entries = c.entries + excluded.entries, tags = c.tags + excluded.tags, digests = c.digests + excluded.digests,
      size = c.size + excluded.size, last_downloaded_at = greatest(c.last_downloaded_at, excluded.last_downloaded_at)
    returning c.entries into left_over;
    if left_over = 0 then
      delete from repository_counts where upstream_id = change.upstream_id and repository = change.repository;
    end if;
  end loop;
`;

/** `SqlWords.repositoryCounts`. One function adds up all that is counted, so that everybody takes the rows in one order. */
export const repositoryCounts: string[] = [
  // What pulls go on in is waited for, and new ones wait.
  "lock table cache_entries in share row exclusive mode",
  `create function repositories_first_noted() returns boolean language plpgsql as $$
begin
  if current_setting('weir.repositories_noted', true) = pg_current_xact_id()::text then
    return false;
  end if;
  perform set_config('weir.repositories_noted', pg_current_xact_id()::text, true);
  return true;
end $$`,
  // Its rows are gone before anybody else could see them.
  `create unlogged table repository_count_changes (
  upstream_id bigint not null,
  repository text not null,
  entries bigint not null,
  tags bigint not null,
  digests bigint not null,
  size bigint not null,
  last_downloaded_at bigint not null,
  is_first boolean not null default repositories_first_noted()
)`,
  added(bytesLoop + repositoriesLoop),
  ...noting("insert", [of("added", 1)], "new table as added"),
  ...noting("delete", [of("removed", -1)], "old table as removed"),
  ...noting(
    "update",
    [of("added", 1), of("removed", -1)],
    "new table as added old table as removed",
  ),
  `create constraint trigger repository_count_changes_added after insert on repository_count_changes
deferrable initially deferred
for each row when (new.is_first) execute function entry_count_changes_added()`,
];
