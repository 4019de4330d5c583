import { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";
import type { Digest } from "../../oci/digest.ts";
import { MetadataError, type Snapshot, type Snapshots } from "../contract.ts";
import { stepNames } from "../migrations/index.ts";
import { explained, requireFile } from "./open.ts";

/** A server that writes holds a lock for milliseconds. */
const busyMilliseconds = 10_000;

export const sqliteSnapshots: Snapshots = {
  async take(file, to) {
    requireFile(file);
    await reading(file, (database) => {
      // Exclusive and private; into an empty file SQLite writes as into none.
      closeSync(openSync(to, "wx", 0o600));
      database.query("vacuum into ?").run(to);
    });
  },
  async open(file) {
    return reading(file, (database) => new SqliteSnapshot(database, file), { keep: true });
  },
};

/** Opened as a server's own connections are, but for the lock that keeps a second server away. */
async function reading<T>(
  file: string,
  work: (database: Database) => T,
  { keep = false } = {},
): Promise<T> {
  let database: Database | undefined;
  try {
    database = new Database(file, { readwrite: true, strict: true });
    database.run(`pragma busy_timeout = ${busyMilliseconds}`);
    const result = work(database);
    if (!keep) database.close(true);
    return result;
  } catch (error) {
    database?.close(false);
    throw explained(error, file);
  }
}

class SqliteSnapshot implements Snapshot {
  readonly schema: string;
  readonly #database: Database;

  constructor(database: Database, file: string) {
    this.#database = database;
    database.run("pragma journal_mode = delete");
    const { integrity_check: found } = database
      .query<{ integrity_check: string }, []>("pragma integrity_check(1)")
      .get() ?? { integrity_check: "" };
    if (found !== "ok")
      throw new MetadataError("damaged", `${file} is damaged: take another backup`);
    const names = database
      .query<{ name: string }, []>("select name from kysely_migration order by name")
      .all()
      .map(({ name }) => name);
    const unknown = names.find((name) => !stepNames.includes(name));
    if (unknown !== undefined) {
      const text = `a newer release has made it (step "${unknown}"): restore it with that one`;
      throw new MetadataError("newer", `${file}: ${text}`);
    }
    this.schema = names.at(-1) ?? "";
  }

  async blobs(after: string, limit: number) {
    return this.#database
      .query<{ digest: Digest; size: number; storedAt: number }, [string, number]>(
        "select digest, size, stored_at as storedAt from blobs where digest > ? order by digest limit ?",
      )
      .all(after, limit);
  }

  async withoutBlobs(digests: readonly Digest[]): Promise<void> {
    const forget = this.#database.query("delete from blobs where digest = ?");
    const unshow = this.#database.query(
      `update cache_entries set proof = 'named', upstream_checked_at = 0
       where kind = 'blob' and digest = ? and proof = 'shown'`,
    );
    this.#database
      .transaction(() => {
        for (const digest of digests) {
          forget.run(digest);
          unshow.run(digest);
        }
      })
      .immediate();
  }

  async close(): Promise<void> {
    this.#database.close(true);
  }
}
