import { type RawBuilder, sql } from "kysely";
import type { Db } from "./schema.ts";
import { isContended } from "./turns.ts";

/*
 * PostgreSQL guesses how many rows the steps of a recursion give, some hundreds, and then rather goes through a whole table
 * or a whole repository once than ask an index so often. There are hardly ever more than ten. What is in an own question of
 * each row, which `offset 0` keeps apart, is asked for by its index.
 */

/** SQL, after the table of a recursion: as `c`, the children that the manifest `of` has. */
export const childrenOf = (db: Db, of: string): RawBuilder<unknown> =>
  isContended(db)
    ? sql`cross join lateral (
        select kind, child_digest from manifest_children where parent_digest = ${sql.ref(of)} offset 0
      ) as c`
    : sql`join manifest_children as c on c.parent_digest = ${sql.ref(of)}`;

/** SQL, after the table of a recursion: as `c`, the manifests that have the object `of`, by its kind, as a child. */
export const parentsOf = (db: Db, of: string, kind: RawBuilder<unknown>): RawBuilder<unknown> =>
  isContended(db)
    ? sql`cross join lateral (
        select parent_digest from manifest_children
        where child_digest = ${sql.ref(of)} and kind = ${kind} offset 0
      ) as c`
    : sql`join manifest_children as c on c.child_digest = ${sql.ref(of)} and c.kind = ${kind}`;
