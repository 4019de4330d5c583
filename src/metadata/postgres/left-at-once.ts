import { change, content, leave } from "../migrations/0013_space.ts";
import { held } from "../space/held.ts";
import { addBytes } from "./entry-counts.ts";

/** That of several entries of one content, which all see none of the others any more, one alone counts. */
const isFirst = (scope: string) => `not exists (
    select 1 from gone as g
    where g.digest = old.digest and g.kind = old.kind and g.id < old.id and ${held("g")}
      and g.${scope}_id = old.${scope}_id
  )`;

const locks = content("old").map(
  ({ table, where }) => `  perform 1 from ${table} where ${where} for no key update;`,
);
const statements = [...change(addBytes, "old", "-", isFirst), ...leave("old", "1 = 1")];

/**
 * `SqlWords.leftAtOnce`: a trigger for each row runs here when all rows of the statement are gone. What was taken off too often
 * until now is counted anew.
 */
export const leftAtOnce: string[] = [
  "drop trigger cache_entries_space_delete on cache_entries",
  `create or replace function cache_entries_space_delete() returns trigger language plpgsql as $$
begin
${[...locks, ...statements.map((one) => `  ${one};`)].join("\n")}
  return null;
end $$`,
  `create trigger cache_entries_space_delete after delete on cache_entries
referencing old table as gone
for each row when (${held("old")}) execute function cache_entries_space_delete()`,
  "delete from cached_bytes where scope in ('upstream', 'group')",
  ...["upstream", "group"].map(
    (scope) => `insert into cached_bytes (scope, owner_id, bytes)
select '${scope}', owner_id, sum(size) from (
  select ${scope}_id as owner_id, kind, digest, max(size) as size from cache_entries as e
  where ${held("e")} group by ${scope}_id, kind, digest
) as one group by owner_id`,
  ),
];
