import { Database } from "bun:sqlite";
import { closeSync, openSync, statSync } from "node:fs";
import path from "node:path";
import { failureCode } from "../../lib/log.ts";
import { MetadataError } from "../contract.ts";
import type { SqlWords } from "../migrations/index.ts";
import { entryHashSql } from "./entry-hash.ts";
import { repositoryCounts } from "./repository-counts.ts";

/** How this engine says it. Strict tables hold values of the declared type only. */
export const sqliteWords: SqlWords = {
  id: "integer primary key autoincrement",
  integer: "integer",
  bytes: "blob",
  computed: "virtual",
  table: " strict",
  keyed: " strict, without rowid",
  appendOnly: (table, keeps) => [
    `create trigger ${table}_update before update on ${table}
begin
  select raise(abort, '${table} are not changed');
end`,
    `create trigger ${table}_delete before delete on ${table}
when ${keeps}
begin
  select raise(abort, '${table} are kept');
end`,
  ],
  trigger: ({ name, table, event, when, statements }) => [
    `create trigger ${name} after ${event} on ${table}${when ? `\nwhen ${when}` : ""}
begin
${statements.map((one) => `  ${one};`).join("\n")}
end`,
  ],
  addBytes: (scope, owner, size, condition) =>
    `insert into cached_bytes (scope, owner_id, bytes) select '${scope}', ${owner}, ${size} where ${condition}
  on conflict (scope, owner_id) do update set bytes = cached_bytes.bytes + excluded.bytes`,
  bytesAdded: [],
  // Here a trigger runs before the next row goes.
  leftAtOnce: [],
  // One transaction writes at a time.
  contentsInOrder: [],
  countedTogether: () => [],
  entryHash: [`create index cache_entries_hash on cache_entries ((${entryHashSql}), upstream_id)`],
  entryCounts: (bucketBits) => {
    const seen = (row: string) => `${row}.proof = 'shown' and ${row}.status = 'default'`;
    const bucket = (row: string) =>
      `upstream_id = ${row}.upstream_id and bucket = ${row}.id >> ${bucketBits}`;
    // Conditions stand in the trigger, or behind a select: an insert of values has none.
    const added = (
      condition: string,
    ) => `  insert into entry_counts (upstream_id, bucket, entries, size)
  select new.upstream_id, new.id >> ${bucketBits}, 1, new.size where ${condition}
  on conflict (upstream_id, bucket) do update
  set entries = entries + 1, size = size + excluded.size;`;
    const removed = `  update entry_counts set entries = entries - 1, size = size - old.size
  where ${bucket("old")} and ${seen("old")};
  delete from entry_counts where ${bucket("old")} and entries = 0;`;
    return [
      `create trigger cache_entries_counted_insert after insert on cache_entries
when ${seen("new")}
begin
${added("true")}
end`,
      `create trigger cache_entries_counted_update after update of proof, status, size on cache_entries
when old.proof is not new.proof or old.status is not new.status or old.size is not new.size
begin
${added(seen("new"))}
${removed}
end`,
      `create trigger cache_entries_counted_delete after delete on cache_entries
when ${seen("old")}
begin
${removed}
end`,
    ];
  },
  repositoryCounts,
  givenIds: () => [],
  tables: "select name from sqlite_master where type = 'table'",
  references: `select m.name as child, f."table" as parent from sqlite_master m join pragma_foreign_key_list(m.name) f
where m.type = 'table' order by child, parent`,
  adapted: (statement) => statement,
};

/** Waiting for a lock stops the whole process; only a tool beside it can hold one. */
const busyMilliseconds = 250;
/** What the write-ahead log is cut back to after a burst. */
const maxLogBytes = 64 << 20;

/** The most that SQLite takes. Read through a mapping, a page costs no call; what is mapped counts as memory, and is given back first. */
const mappedBytes = 2 ** 31 - 65_536;

/** A connection with everything set that SQLite leaves to its users. */
export function openDatabase(file: string): Database {
  // A new file is for its owner alone, and SQLite gives its companions the same mode.
  closeSync(openSync(file, "a", 0o600));
  const database = new Database(file, { create: true, readwrite: true, strict: true });
  try {
    database.run(`pragma busy_timeout = ${busyMilliseconds}`);
    database.run("pragma journal_mode = wal");
    // From here on it is the dialect that waits.
    database.run("pragma busy_timeout = 0");
    database.run("pragma synchronous = normal");
    database.run("pragma foreign_keys = on");
    database.run(`pragma journal_size_limit = ${maxLogBytes}`);
    database.run(`pragma mmap_size = ${mappedBytes}`);
    // Else it looks for `/tmp`, and making an index fails in a container that may write to nothing but its data.
    const folder = path.dirname(path.resolve(file)).replaceAll("'", "''");
    database.run(`pragma temp_store_directory = '${folder}'`);
  } catch (error) {
    database.close(true);
    throw error;
  }
  return database;
}

/** Of pages that are not mapped, or written and not yet in the file itself. */
const cachedBytes = 64 << 20;

/** What a server sets beside that, after the migrations: these sort too much for memory. */
export function setForServing(database: Database): void {
  // Each statement that changes many rows would make a file of its own else, to take them back.
  database.run("pragma temp_store = memory");
  database.run(`pragma cache_size = -${cachedBytes >> 10}`);
}

/** Throws a `MetadataError` where there is no such file, or none that this user may look at. */
export function requireFile(file: string): void {
  try {
    statSync(file);
  } catch (error) {
    const code = failureCode(error);
    const text =
      code === "ENOENT" || code === "ENOTDIR"
        ? `there is no database ${file}: is WEIR_DATA_DIR right?`
        : `the database ${file} cannot be looked at (${code}): run this as the user of the server`;
    throw new MetadataError("unusable", text, { cause: error });
  }
}

/** A failure to open, in words for the operator; what is not about the file stays as it is. */
export function explained(error: unknown, file: string): unknown {
  if (error instanceof MetadataError) return error;
  const code = failureCode(error);
  if (code.startsWith("SQLITE_BUSY")) {
    return new MetadataError(
      "in_use",
      `the database ${file} is in use by another process: stop that one, or choose another data folder`,
      { cause: error },
    );
  }
  // An error in the SQL itself means that the tables are not ours.
  if (/^SQLITE_(?:NOTADB|CORRUPT|ERROR)/.test(code)) {
    return new MetadataError(
      "damaged",
      `${file} is damaged, or is not a database of this server (${code}): restore it from a backup, ` +
        "or move it away to begin anew with an empty one",
      { cause: error },
    );
  }
  if (!/^SQLITE_(?:CANTOPEN|READONLY|FULL|IOERR|PERM|AUTH)|^E[A-Z]+$/.test(code)) return error;
  return new MetadataError(
    "unusable",
    `the database ${file} cannot be opened and written (${code}): see to it that the folder exists, ` +
      "belongs to the user of this process, and has free space",
    { cause: error },
  );
}
