/** A function of a trigger, from its declarations on. */
export const functionOf = (name: string, body: string) =>
  `create or replace function ${name}() returns trigger language plpgsql as $$
${body}
  return null;
end $$`;

/** What each scope of `cached_bytes` gets of a change. */
const scopes = `('group', n.group_id, n.group_bytes), ('leaving', 0, n.leaving_bytes),
    ('stored', 0, n.stored_bytes), ('upstream', n.upstream_id, n.upstream_bytes)`;

const hasChanged = "sum(entries) <> 0 or sum(tags) <> 0 or sum(digests) <> 0 or sum(size) <> 0";

/** Rows that nothing is left of go; those that are there are held by then. */
const empty = (table: string, key: string) =>
  `for change in select distinct upstream_id, ${key} from unnest(changes) where entries < 0 loop
      delete from ${table}
      where upstream_id = change.upstream_id and ${key} = change.${key} and entries = 0;
    end loop`;

const added = functionOf(
  "cache_changes_added",
  `declare
  changes cache_changes[];
  takes_off boolean;
  change record;
begin
  with gone as (delete from cache_changes as c returning c as change)
  select array_agg(gone.change), bool_or((gone.change).entries < 0) into changes, takes_off from gone;
  insert into cached_bytes as c (scope, owner_id, bytes)
  select s.scope, s.owner_id, sum(s.bytes)
  from unnest(changes) as n cross join lateral (values
    ${scopes}) as s (scope, owner_id, bytes)
  where s.bytes <> 0 group by s.scope, s.owner_id having sum(s.bytes) <> 0 order by s.scope, s.owner_id
  on conflict (scope, owner_id) do update set bytes = c.bytes + excluded.bytes;
  insert into repository_counts as c (upstream_id, repository, entries, tags, digests, size, last_downloaded_at)
  select upstream_id, repository, sum(entries), sum(tags), sum(digests), sum(size), max(last_downloaded_at)
  from unnest(changes) where repository is not null
  group by upstream_id, repository having ${hasChanged} order by upstream_id, repository
  on conflict (upstream_id, repository) do update
  set entries = c.entries + excluded.entries, tags = c.tags + excluded.tags, digests = c.digests + excluded.digests,
    size = c.size + excluded.size, last_downloaded_at = greatest(c.last_downloaded_at, excluded.last_downloaded_at);
  insert into entry_counts as c (upstream_id, bucket, entries, size)
  select upstream_id, bucket, sum(entries), sum(size)
  from unnest(changes) where bucket is not null
  group by upstream_id, bucket having sum(entries) <> 0 or sum(size) <> 0 order by upstream_id, bucket
  on conflict (upstream_id, bucket) do update
  set entries = c.entries + excluded.entries, size = c.size + excluded.size;
  if takes_off then
    ${empty("repository_counts", "repository")};
    ${empty("entry_counts", "bucket")};
  end if;`,
);

/** Of content, and of what nothing needs: the size of what has come, gone or changed. */
const ofContent = [
  { table: "blobs", into: "stored_bytes", size: (row: string) => `${row}.size`, kind: "blob" },
  {
    table: "manifests",
    into: "stored_bytes",
    size: (row: string) => `length(${row}.payload)`,
    kind: "manifest",
  },
  {
    table: "unneeded_content",
    into: "leaving_bytes",
    size: (row: string) => `${row}.size`,
    kind: undefined,
  },
].flatMap(({ table, into, size, kind }) => {
  const note = (value: string) => `insert into cache_changes (${into}) values (${value});`;
  const forget = `\n  delete from unneeded_content where kind = '${kind}' and digest = old.digest;`;
  const body = {
    insert: note(size("new")),
    delete: note(`-${size("old")}`) + (kind ? forget : ""),
    update: note(`${size("new")} - ${size("old")}`),
  };
  return (["insert", "delete", "update"] as const)
    .filter((event) => kind !== undefined || event !== "update")
    .map((event) => functionOf(`${table}_space_${event}`, `begin\n  ${body[event]}`));
});

/** The table in which changes are noted, what adds them up, and what notes those of contents. */
export const cacheSums: string[] = [
  // Its rows are gone before anybody else could see them. Adding up looks through all of them: once a transaction.
  `create unlogged table cache_changes (
  upstream_id bigint,
  group_id bigint,
  repository text,
  bucket bigint,
  entries bigint not null default 0,
  tags bigint not null default 0,
  digests bigint not null default 0,
  size bigint not null default 0,
  last_downloaded_at bigint not null default 0,
  upstream_bytes bigint not null default 0,
  group_bytes bigint not null default 0,
  stored_bytes bigint not null default 0,
  leaving_bytes bigint not null default 0,
  is_first boolean not null default case
    when current_setting('weir.cache_changed', true) is distinct from pg_current_xact_id()::text
    then set_config('weir.cache_changed', pg_current_xact_id()::text, true) is not null
    else false
  end
)`,
  added,
  `create constraint trigger cache_changes_added after insert on cache_changes
deferrable initially deferred
for each row when (new.is_first) execute function cache_changes_added()`,
  ...ofContent,
];
