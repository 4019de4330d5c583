import { sql } from "kysely";
import type { Digest } from "../../oci/digest.ts";
import { filledUp } from "../filled-up.ts";
import { childrenOf } from "../nested.ts";
import type { Db } from "../schema.ts";
import { held } from "./held.ts";
import { isOf } from "./parents.ts";

/**
 * Entries that nothing names any more in the repository, after these manifests have gone from it: they are no hints now.
 * None as long as another entry stands for the manifest, or another manifest leads to them.
 */
export async function hintsOf(
  db: Db,
  cacheId: number,
  manifests: readonly { repository: string; digest: Digest }[],
): Promise<number[]> {
  const gone = filledUp(manifests).map(
    ({ repository, digest }) => sql`(cast(${repository} as text), cast(${digest} as text))`,
  );
  const { rows } = await sql<{ id: number | null }>`
    with gone (repository, digest) as (values ${sql.join(gone)})
    select (
      select e.id from cache_entries as e
      where e.upstream_id = ${cacheId} and e.repository = gone.repository
        and e.kind = c.kind and e.reference = c.child_digest and not ${sql.raw(held("e"))} and e.pinned = 0
    ) as id
    from gone ${childrenOf(db, "gone.digest")}
    where (
        select m.id from cache_entries as m
        where m.digest = gone.digest and ${isOf("m", cacheId, sql.ref("gone.repository"))} and m.kind = 'manifest'
        limit 1
      ) is null
      and (
        select p.id from manifest_children as o cross join cache_entries as p
        where o.child_digest = c.child_digest and o.kind = c.kind
          and p.digest = o.parent_digest and ${isOf("p", cacheId, sql.ref("gone.repository"))} and p.kind = 'manifest'
        limit 1
      ) is null`.execute(db);
  return [...new Set(rows.flatMap(({ id }) => id ?? []))];
}
