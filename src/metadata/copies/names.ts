import { Database } from "bun:sqlite";
import { type Dialect, Kysely } from "kysely";
import { systemClock } from "../../lib/clock.ts";
import type { Digest } from "../../oci/digest.ts";
import { postgresDialect } from "../postgres/dialect.ts";
import type { Schema } from "../schema.ts";
import { sqliteDialect } from "../sqlite/dialect.ts";
import { explained } from "../sqlite/open.ts";
import type { StoredNames } from "./contract.ts";
import type { CopyTargetOptions } from "./target.ts";

const patienceMs = 10_000;

/** What the database of a data folder names; beside its server. Throws a `MetadataError`. */
export function namesInFile(file: string): StoredNames {
  try {
    return namesOf(sqliteDialect(new Database(file, { readonly: true, strict: true })));
  } catch (error) {
    throw explained(error, file);
  }
}

export function namesInPostgres({ url, ca }: CopyTargetOptions): StoredNames {
  const times = { connectMs: patienceMs, statementMs: patienceMs, waitMs: patienceMs };
  return namesOf(
    postgresDialect({ url, ca, ...times, lockMs: undefined, timers: systemClock, max: 1 }),
  );
}

function namesOf(dialect: Dialect): StoredNames {
  const db = new Kysely<Schema>({ dialect });
  return {
    blobs: (after, limit) =>
      db
        .selectFrom("blobs")
        .select(["digest", "size"])
        .where("digest", ">", after as Digest)
        .orderBy("digest")
        .limit(limit)
        .execute(),
    close: () => db.destroy(),
  };
}
