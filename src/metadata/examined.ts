import type { Upstream } from "./contract.ts";
import { stepNames } from "./migrations/index.ts";
import type { Passwords } from "./passwords.ts";
import type { Db } from "./schema.ts";
import { upstreamOf } from "./upstreams.ts";

/** What there is to be said of a database that was looked at and left as it is. */
export interface ExaminedDatabase {
  /** Undefined where it cannot be read; `problem` says why then. */
  schema: "current" | "older" | "newer" | undefined;
  problem: string | undefined;
  /** What the engine's own check has found, where it has one. */
  damage: string[];
  /** Undefined where the schema is not the present one. */
  upstreams: Upstream[] | undefined;
  /** Ids of all registries; undefined as above. */
  registries: number[] | undefined;
  /** Names of upstreams whose password this key does not open. */
  sealed: string[];
}

/** What a database is that has these steps on record. */
export function schemaOf(names: readonly string[]): "current" | "older" | "newer" {
  if (names.some((name) => !stepNames.includes(name))) return "newer";
  return stepNames.every((name) => names.includes(name)) ? "current" : "older";
}

/** All upstreams, the ids of registries, and the names of those whose password stays closed. */
export async function upstreamsOf(db: Db, passwords: Passwords) {
  const rows = await db.selectFrom("upstreams").selectAll().orderBy("id").execute();
  const upstreams = await Promise.all(rows.map((row) => upstreamOf(db, row, passwords)));
  const closed = upstreams.filter(
    ({ password }, index) => rows[index]?.sealed_password !== null && password === undefined,
  );
  const registries = await db.selectFrom("registries").select("id").orderBy("id").execute();
  const ids = registries.map(({ id }) => id);
  return { upstreams, registries: ids, sealed: closed.map(({ name }) => name) };
}
