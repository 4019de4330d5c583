import { held } from "../space/held.ts";

const scopes = ["upstream", "group"] as const;
/** Entries that are still there need it. By its digest, never by way of all that the upstream has: see the sign. */
const needed = (among = "") => `exists (
      select 1 from cache_entries as e where e.digest = g.digest and e.kind = g.kind and ${held("e")}${among}
    )`;
const same = { upstream: "+e.upstream_id", group: "e.group_id" };

/** Whoever changes who needs some content has it to himself; all take them in one order. */
const lock = (table: string, kind: string) =>
  `perform 1 from ${table} where digest in (select digest from gone as g where g.kind = '${kind}' and ${held("g")})
    order by digest for no key update`;

/** Of several entries of one content, which go at once, it is taken off once. */
const takenOff = (scope: (typeof scopes)[number]) =>
  `insert into cached_byte_changes (scope, owner_id, bytes)
  select '${scope}', owner_id, -sum(size) from (
    select ${scope}_id as owner_id, kind, digest, max(size) as size from gone as g
    where ${held("g")} and not ${needed(` and ${same[scope]} = g.${scope}_id`)}
    group by ${scope}_id, kind, digest
  ) as one group by owner_id`;

const unneeded = (table: string, kind: string, size: string) =>
  `insert into unneeded_content (kind, digest, size)
  select '${kind}', c.digest, ${size} from ${table} as c where c.digest in (
    select digest from gone as g where g.kind = '${kind}' and ${held("g")} and not ${needed()}
  ) on conflict do nothing`;

/**
 * `SqlWords.leftAtOnce`: a trigger for each row runs here when all rows of the statement are gone, so it is one for the
 * statement. What was taken off too often until now is counted anew.
 */
export const leftAtOnce: string[] = [
  `create or replace function cache_entries_space_delete() returns trigger language plpgsql as $$
begin
  ${lock("blobs", "blob")};
  ${lock("manifests", "manifest")};
  ${scopes.map(takenOff).join(";\n  ")};
  ${unneeded("blobs", "blob", "c.size")};
  ${unneeded("manifests", "manifest", "length(c.payload)")};
  return null;
end $$`,
  // To drop the former one keeps everybody from reading entries, too, until they are counted. PostgreSQL 13 knows no other way.
  `do $$ declare replaces boolean := current_setting('server_version_num')::integer >= 140000;
begin
  if not replaces then drop trigger cache_entries_space_delete on cache_entries; end if;
  execute 'create ' || case when replaces then 'or replace ' else '' end
    || 'trigger cache_entries_space_delete after delete on cache_entries referencing old table as gone '
    || 'for each statement execute function cache_entries_space_delete()';
end $$`,
  "delete from cached_bytes where scope in ('upstream', 'group')",
  ...scopes.map(
    (scope) => `insert into cached_bytes (scope, owner_id, bytes)
select '${scope}', owner_id, sum(size) from (
  select ${scope}_id as owner_id, kind, digest, max(size) as size from cache_entries as e
  where ${held("e")} group by ${scope}_id, kind, digest
) as one group by owner_id`,
  ),
];
