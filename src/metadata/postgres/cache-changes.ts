import { held } from "../space/held.ts";
import { cacheSums, functionOf } from "./cache-sums.ts";

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

/** The statement that notes what a row of entries says, or has said. */
const note = (row: "new" | "old", bucketBits: number, condition: string) => {
  const sign = row === "new" ? "" : "-";
  return `insert into cache_changes (${columns}, upstream_bytes, group_bytes)
  select ${counts(row, sign, bucketBits)}, ${bytes(row, sign, condition)}`;
};

/** Whoever changes who needs some content has it to himself; all take them in one order. */
const lockOf = (digests: string, kind: string) => `if ${kind} = 'blob' then
    perform 1 from blobs where digest in (${digests}) order by digest for no key update;
  else
    perform 1 from manifests where digest in (${digests}) order by digest for no key update;
  end if`;

const stay = "delete from unneeded_content where kind = new.kind and digest = new.digest";

const inserted = (bucketBits: number) =>
  functionOf(
    "cache_entries_changed_insert",
    `begin
  ${lockOf("new.digest", "new.kind")};
  ${note("new", bucketBits, "true")};
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
  if held_it then
    ${note("old", bucketBits, "is_other")};
  end if;
  if holds_it then
    ${note("new", bucketBits, "is_other")};
  end if;
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
  ...cacheSums,
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
