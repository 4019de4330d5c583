import { spaceOfChange } from "../migrations/0013_space.ts";
import { addBytes } from "./entry-counts.ts";

const lock = (table: string, kind: string) =>
  `perform 1 from ${table} where digest in (old.digest, new.digest) and old.kind = '${kind}'
    order by digest for no key update`;

/** `SqlWords.contentsInOrder`: by digest, as `leftAtOnce` and evictions have it, and not the former content first. */
export const contentsInOrder: string[] = [
  `create or replace function cache_entries_space_update() returns trigger language plpgsql as $$
begin
  ${lock("blobs", "blob")};
  ${lock("manifests", "manifest")};
${spaceOfChange(addBytes)
  .map((one) => `  ${one};`)
  .join("\n")}
  return null;
end $$`,
];
