/**
 * `SqlWords.entryCounts`. The newest run of ids is one row, which all who store something of an upstream have to write. So each
 * statement only notes what it changes, in rows that nobody else sees, and they are added up right before the commit, in one
 * order for all: that row is held for as long as a commit takes, and nobody waits for another while holding it.
 */
export const entryCounts = (bucketBits: number): string[] => [
  // Its rows are gone before anybody else could see them.
  `create unlogged table entry_count_changes (
  upstream_id bigint not null,
  bucket bigint not null,
  entries bigint not null,
  size bigint not null
)`,
  noting("insert", [of("added", 1)], bucketBits),
  noting("delete", [of("removed", -1)], bucketBits),
  noting("update", [of("added", 1), of("removed", -1)], bucketBits),
  `create trigger cache_entries_counted_insert after insert on cache_entries
referencing new table as added
for each statement execute function cache_entries_counted_insert()`,
  `create trigger cache_entries_counted_delete after delete on cache_entries
referencing old table as removed
for each statement execute function cache_entries_counted_delete()`,
  `create trigger cache_entries_counted_update after update on cache_entries
referencing new table as added old table as removed
for each statement execute function cache_entries_counted_update()`,
  added(""),
  `create constraint trigger entry_count_changes_added after insert on entry_count_changes
deferrable initially deferred
for each row execute function entry_count_changes_added()`,
];

const of = (rows: "added" | "removed", sign: 1 | -1) =>
  `select id, upstream_id, ${sign} as entries, ${sign} * size as size from ${rows}
    where proof = 'shown' and status = 'default'`;

/** The function of a trigger, which sees the rows that one statement has changed. */
function noting(event: string, parts: readonly string[], bucketBits: number): string {
  return `create function cache_entries_counted_${event}() returns trigger language plpgsql as $$
begin
  insert into entry_count_changes (upstream_id, bucket, entries, size)
  select upstream_id, id >> ${bucketBits}, sum(entries), sum(size)
  from (
    ${parts.join("\n    union all\n    ")}
  ) as changed
  group by upstream_id, id >> ${bucketBits}
  having sum(entries) <> 0 or sum(size) <> 0;
  return null;
end $$`;
}

/** Done for all rows at the first one; for the others nothing is left to do. `before`: what comes before them, for all alike. */
export const added = (
  before: string,
) => `create or replace function entry_count_changes_added() returns trigger language plpgsql as $$
declare
  change record;
  left_over bigint;
begin
${before}  for change in
    with noted as (delete from entry_count_changes returning *)
    select upstream_id, bucket, sum(entries)::bigint as entries, sum(size)::bigint as size
    from noted group by upstream_id, bucket order by upstream_id, bucket
  loop
    insert into entry_counts as c (upstream_id, bucket, entries, size)
    values (change.upstream_id, change.bucket, change.entries, change.size)
    on conflict (upstream_id, bucket) do update
    set entries = c.entries + excluded.entries, size = c.size + excluded.size
    returning c.entries into left_over;
    if left_over = 0 then
      delete from entry_counts where upstream_id = change.upstream_id and bucket = change.bucket;
    end if;
  end loop;
  return null;
end $$`;

/** `SqlWords.addBytes`: noted as entries are, since nearly everybody adds to the same few rows. */
export const addBytes = (scope: string, owner: string, size: string, condition: string): string =>
  `insert into cached_byte_changes (scope, owner_id, bytes) select '${scope}', ${owner}, ${size} where ${condition}`;

/** Adds up what was noted for `cached_bytes`. */
export const bytesLoop = `  for change in
    with noted as (delete from cached_byte_changes returning *)
    select scope, owner_id, sum(bytes)::bigint as bytes
    from noted group by scope, owner_id having sum(bytes) <> 0 order by scope, owner_id
  loop
    insert into cached_bytes as c (scope, owner_id, bytes)
    values (change.scope, change.owner_id, change.bytes)
    on conflict (scope, owner_id) do update set bytes = c.bytes + excluded.bytes;
  end loop;
`;

/** One function adds up both, so that all take the rows in one order. */
export const bytesAdded: string[] = [
  // Adding up looks through all that was noted, dead rows too: once a transaction, however many rows it changes.
  `create function bytes_first_noted() returns boolean language plpgsql as $$
begin
  if current_setting('weir.bytes_noted', true) = pg_current_xact_id()::text then
    return false;
  end if;
  perform set_config('weir.bytes_noted', pg_current_xact_id()::text, true);
  return true;
end $$`,
  `create unlogged table cached_byte_changes (
  scope text not null,
  owner_id bigint not null,
  bytes bigint not null,
  is_first boolean not null default bytes_first_noted()
)`,
  added(bytesLoop),
  `create constraint trigger cached_byte_changes_added after insert on cached_byte_changes
deferrable initially deferred
for each row when (new.is_first) execute function entry_count_changes_added()`,
];
