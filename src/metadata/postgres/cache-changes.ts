import { held } from "../space/held.ts";

const counted = (row: string) => `${row}.proof = 'shown' and ${row}.status = 'default'`;
const only = (condition: string, value: string) =>
  `case when ${condition} then ${value} else 0 end`;
/** Entries that are there need it. By its digest, never by way of all that the upstream has: see the sign. */
const needed = (row: string, more = "") => `exists (
      select 1 from cache_entries as e where e.digest = ${row}.digest and e.kind = ${row}.kind and ${held("e")}${more}
    )`;
const same = { upstream: "+e.upstream_id", group: "e.group_id" };

const tables = { blob: "blobs", manifest: "manifests" } as const;
const sizes = { blob: "c.size", manifest: "length(c.payload)" } as const;
const kinds = ["blob", "manifest"] as const;

const columns =
  "upstream_id, group_id, repository, bucket, entries, tags, digests, size, last_downloaded_at";

/** What a row says of itself where entries are counted. */
const counts = (row: string, sign: "" | "-", bucketBits: number) => {
  const says = (value: string, more = "") => only(`${counted(row)}${more}`, `${sign}${value}`);
  return [
    `${row}.upstream_id, ${row}.group_id, ${row}.repository, ${row}.id >> ${bucketBits}`,
    says("1"),
    says("1", ` and ${row}.reference <> ${row}.digest`),
    says("1", ` and ${row}.kind = 'manifest' and ${row}.reference = ${row}.digest`),
    says(`${row}.size`),
    sign === "" ? only(counted(row), `${row}.downloaded_at`) : "0",
  ].join(", ");
};

/** What a row counts for by its content, where no other entry needs that. */
const bytes = (row: string, sign: "" | "-", condition: string) =>
  (["upstream", "group"] as const)
    .map((scope) => {
      const others = ` and e.id <> ${row}.id and ${same[scope]} = ${row}.${scope}_id`;
      return only(`${condition} and not ${needed(row, others)}`, `${sign}${row}.size`);
    })
    .join(", ");

/** Whoever changes who needs some content has it to himself; all take them in one order. */
const lockOf = (digests: string, kind: string) => `if ${kind} = 'blob' then
    perform 1 from blobs where digest in (${digests}) order by digest for no key update;
  else
    perform 1 from manifests where digest in (${digests}) order by digest for no key update;
  end if`;

const stay = "delete from unneeded_content where kind = new.kind and digest = new.digest";

const functionOf = (name: string, body: string) =>
  `create or replace function ${name}() returns trigger language plpgsql as $$
${body}
  return null;
end $$`;

const inserted = (bucketBits: number) =>
  functionOf(
    "cache_entries_changed_insert",
    `begin
  ${lockOf("new.digest", "new.kind")};
  insert into cache_changes (${columns}, upstream_bytes, group_bytes)
  select ${counts("new", "", bucketBits)}, ${bytes("new", "", "true")};
  ${stay};`,
  );

const leave = kinds
  .map(
    (kind) => `insert into unneeded_content (kind, digest, size)
    select '${kind}', c.digest, ${sizes[kind]} from ${tables[kind]} as c
    where old.kind = '${kind}' and c.digest = old.digest and not ${needed("old", " and e.id <> old.id")}
    on conflict do nothing`,
  )
  .join(";\n    ");

const updated = (bucketBits: number) =>
  functionOf(
    "cache_entries_changed_update",
    `declare
  held_it boolean := ${held("old")};
  holds_it boolean := ${held("new")};
  is_other boolean := held_it <> holds_it or old.digest <> new.digest or old.size <> new.size;
begin
  if is_other then
    ${lockOf("old.digest, new.digest", "old.kind")};
  end if;
  insert into cache_changes (${columns}, upstream_bytes, group_bytes)
  select ${counts("old", "-", bucketBits)}, ${bytes("old", "-", "is_other")} where held_it
  union all
  select ${counts("new", "", bucketBits)}, ${bytes("new", "", "is_other")} where holds_it;
  if held_it and not (holds_it and old.digest = new.digest) then
    ${leave};
  end if;
  if holds_it and is_other then
    ${stay};
  end if;`,
  );

/** Of several entries of one content, which go at once, it is taken off once. */
const takenOff = (scope: "upstream" | "group") =>
  `select ${scope === "upstream" ? "owner_id, null" : "null, owner_id"}, null, null, 0, 0, 0, 0, 0, ${scope === "upstream" ? "-sum(size), 0" : "0, -sum(size)"}
  from (
    select ${scope}_id as owner_id, kind, digest, max(size) as size from gone as g
    where ${held("g")} and not ${needed("g", ` and ${same[scope]} = g.${scope}_id`)}
    group by ${scope}_id, kind, digest
  ) as one group by owner_id`;

/** A trigger for each row would run when all rows of the statement are gone, so it is one for the statement. */
const deleted = (bucketBits: number) =>
  functionOf(
    "cache_entries_changed_delete",
    `begin
  if not exists (select from gone as g where ${held("g")}) then
    return null;
  end if;
  ${kinds
    .map(
      (
        kind,
      ) => `perform 1 from ${tables[kind]} where digest in (select digest from gone as g where g.kind = '${kind}' and ${held("g")})
    order by digest for no key update`,
    )
    .join(";\n  ")};
  insert into cache_changes (${columns}, upstream_bytes, group_bytes)
  select ${counts("g", "-", bucketBits)}, 0, 0 from gone as g where ${counted("g")}
  union all
  ${takenOff("upstream")}
  union all
  ${takenOff("group")};
  ${kinds
    .map(
      (kind) => `insert into unneeded_content (kind, digest, size)
  select '${kind}', c.digest, ${sizes[kind]} from ${tables[kind]} as c where c.digest in (
    select digest from gone as g where g.kind = '${kind}' and ${held("g")} and not ${needed("g")}
  ) on conflict do nothing`,
    )
    .join(";\n  ")};`,
  );

/** What each scope of `cached_bytes` gets. */
const scopes = [
  ["stored", "0", "stored_bytes"],
  ["leaving", "0", "leaving_bytes"],
  ["upstream", "upstream_id", "upstream_bytes"],
  ["group", "group_id", "group_bytes"],
] as const;

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
  change record;
begin
  with gone as (delete from cache_changes as c returning c as change)
  select array_agg(gone.change) into changes from gone;
  insert into cached_bytes as c (scope, owner_id, bytes)
  select scope, owner_id, sum(bytes) from (
    ${scopes.map(([scope, owner, from]) => `select '${scope}' as scope, ${owner} as owner_id, ${from} as bytes from unnest(changes) where ${from} <> 0`).join("\n    union all\n    ")}
  ) as one group by scope, owner_id having sum(bytes) <> 0 order by scope, owner_id
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
  if exists (select from unnest(changes) where entries < 0) then
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

const former = ["counted", "repository", "space"].flatMap((what) =>
  ["insert", "update", "delete"].map((event) => `cache_entries_${what}_${event}`),
);

/**
 * `SqlWords.countedTogether`. What a transaction changes of all that is counted is noted in one table, in rows that nobody else
 * sees, and added up right before the commit, in one order for all: the sums are held for as long as a commit takes, and nobody
 * waits for another while holding one. A statement of a trigger takes as long as the change itself, so there are few.
 */
export const countedTogether = (bucketBits: number): string[] => [
  // What pulls go on in is waited for, and new ones wait; tables in the order in which those have them.
  "lock table manifests, blobs in share row exclusive mode",
  "lock table cache_entries in access exclusive mode",
  "lock table unneeded_content in share row exclusive mode",
  `create function cache_first_changed() returns boolean language plpgsql as $$
begin
  if current_setting('weir.cache_changed', true) = pg_current_xact_id()::text then
    return false;
  end if;
  perform set_config('weir.cache_changed', pg_current_xact_id()::text, true);
  return true;
end $$`,
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
  is_first boolean not null default cache_first_changed()
)`,
  added,
  `create constraint trigger cache_changes_added after insert on cache_changes
deferrable initially deferred
for each row when (new.is_first) execute function cache_changes_added()`,
  ...ofContent,
  ...former.flatMap((name) => [`drop trigger ${name} on cache_entries`, `drop function ${name}()`]),
  inserted(bucketBits),
  updated(bucketBits),
  deleted(bucketBits),
  `create trigger cache_entries_changed_insert after insert on cache_entries
for each row when (${held("new")}) execute function cache_entries_changed_insert()`,
  `create trigger cache_entries_changed_update after update of proof, status, upstream_etag, digest, size on cache_entries
for each row when ((${held("old")} or ${held("new")}) and (
  old.proof <> new.proof or old.status <> new.status or (old.upstream_etag is null) <> (new.upstream_etag is null)
  or old.digest <> new.digest or old.size <> new.size
)) execute function cache_entries_changed_update()`,
  `create trigger cache_entries_changed_delete after delete on cache_entries
referencing old table as gone
for each statement execute function cache_entries_changed_delete()`,
  "drop table entry_count_changes, repository_count_changes, cached_byte_changes",
  "drop function entry_count_changes_added(), bytes_first_noted(), repositories_first_noted()",
];
