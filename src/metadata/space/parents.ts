import { type RawBuilder, sql } from "kysely";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import { filledUp } from "../filled-up.ts";
import { parentsOf } from "../nested.ts";
import type { Db } from "../schema.ts";
import { held, isHeld } from "./held.ts";

/** An entry as a step of eviction sees it. */
interface Seen {
  id: number;
  repository: string;
  kind: ChildKind;
  digest: Digest;
  proof: string;
  upstream_etag: string | null;
  downloaded_at: number;
}

/** What leads to an entry. */
export interface Parents {
  /** Whether a cached manifest of the repository does. */
  isThere: boolean;
  /** When one that does was last pulled, or a tag that stands for the entry; 0: none was. */
  usedAt: number;
}

/** A line that leads to an entry, or to several ones. */
interface Line {
  id: number;
  /** 1: tags that stand for it, and nothing above it. */
  own: number;
  /** A manifest among those that are seen; else all others, and when one of them was last pulled. */
  near: Digest | null;
  at: number | null;
}

/**
 * Of this cache and repository, asked of what was found by its digest: in these words no engine looks through the whole
 * repository instead.
 */
export const isOf = (row: string, cacheId: number, repository: RawBuilder<string>) =>
  sql`+${sql.ref(`${row}.upstream_id`)} = ${cacheId} and ${sql.ref(`${row}.repository`)} || '' = ${repository}`;

/** What leads to the entries of a step, while they go one after another. */
export class Above {
  readonly #lines: Map<number, Line[]>;
  /** The manifests among them that need their content. */
  readonly #held: Map<number, Seen>;

  constructor(lines: readonly Line[], seen: readonly Seen[]) {
    this.#lines = Map.groupBy(lines, ({ id }) => id);
    const manifests = seen.filter((row) => row.kind === "manifest" && isHeld(row));
    this.#held = new Map(manifests.map((row) => [row.id, row]));
  }

  of(row: Seen): Parents {
    const parents: Parents = { isThere: false, usedAt: 0 };
    for (const { own, near, at } of this.#lines.get(row.id) ?? []) {
      const times = near === null ? [] : this.#near(row, near);
      if (at !== null) times.push(at);
      parents.isThere ||= own === 0 && times.length > 0;
      parents.usedAt = Math.max(parents.usedAt, ...times);
    }
    return parents;
  }

  /** It counts as pulled then. */
  used({ id }: Seen, at: number): void {
    const known = this.#held.get(id);
    if (known) this.#held.set(id, { ...known, downloaded_at: at });
  }

  /** It leads to nothing any more. */
  gone({ id }: Seen): void {
    this.#held.delete(id);
  }

  #near(row: Seen, digest: Digest): number[] {
    const manifests = [...this.#held.values()].filter(
      (one) => one.digest === digest && one.repository === row.repository && one.id !== row.id,
    );
    return manifests.map((one) => one.downloaded_at);
  }
}

/** Asks at once for all of these, of which there is one at least. */
export async function leadingTo(db: Db, cacheId: number, seen: readonly Seen[]): Promise<Above> {
  const filled = filledUp(seen);
  const ids = sql.join(filled.map(({ id }) => id));
  const digests = sql.join(filled.map(({ digest }) => digest));
  const { rows } = await sql<Line>`
    with recursive above (id, repository, digest, own) as (
      select id, repository, digest, 1 from cache_entries where id in (${ids}) and kind = 'manifest'
      union all
      select e.id, e.repository, c.parent_digest, 0
      from cache_entries as e ${parentsOf(db, "e.digest", sql.ref("e.kind"))}
      where e.id in (${ids})
      union
      select above.id, above.repository, c.parent_digest, 0
      from above ${parentsOf(db, "above.digest", sql.lit("manifest"))}
    )
    select id, own, case when digest in (${digests}) then digest end as near, max((
      select max(e.downloaded_at) from cache_entries as e
      where e.digest = above.digest and ${isOf("e", cacheId, sql.ref("above.repository"))}
        and e.kind = 'manifest' and e.id not in (${ids}) and ${sql.raw(held("e"))}
    )) as at
    from above group by 1, 2, 3`.execute(db);
  return new Above(rows, seen);
}
