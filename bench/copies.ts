// What copying a database from SQLite to PostgreSQL takes, in rounds:
// node bin/bun.mjs bench/copies.ts [--entries 200000] [--changed 2000]
import { Database } from "bun:sqlite";
import { Kysely } from "kysely";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { PostgresCopy } from "../src/metadata/copies/copy.ts";
import { migrate } from "../src/metadata/migrations/index.ts";
import type { Schema } from "../src/metadata/schema.ts";
import { sqliteDialect } from "../src/metadata/sqlite/dialect.ts";
import { openDatabase, sqliteWords } from "../src/metadata/sqlite/open.ts";
import { PostgresServer } from "../test/fakes/postgres.ts";

const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "200000" },
    changed: { type: "string", default: "2000" },
  },
});
const entries = Number(values.entries);
const changed = Number(values.changed);
const atOnce = 500_000;

const folder = mkdtempSync(path.join(tmpdir(), "weir-copies-"));
const file = path.join(folder, "weir.db");
const db = new Kysely<Schema>({ dialect: sqliteDialect(openDatabase(file)) });
await migrate(db, sqliteWords);
await db.destroy();

const writer = new Database(file, { strict: true });
writer.run("pragma synchronous = off");
writer.run("pragma cache_size = -1000000");
writer.run("insert into groups (path, name) values ('default', 'default')");

/** Of four entries one is a manifest, which names the other three. */
function grow(from: number, to: number): void {
  const t = `(with recursive t (n) as (select ${from} union all select n + 1 from t where n < ${to}) select n from t)`;
  // Digests come in no order.
  const digest = (n: string) =>
    `printf('sha256:%016x%048x', (${n}) * 2654435761 % 4294967296 << 28, ${n})`;
  for (const statement of [
    `insert into manifests select ${digest("n")}, 'application/vnd.oci.image.manifest.v1+json', randomblob(1000) from ${t} where n % 4 = 0`,
    ...[1, 2, 3].map(
      (i) =>
        `insert into manifest_children select ${digest("n")}, ${digest(`n + ${i}`)}, 'blob', 'application/vnd.oci.image.layer.v1.tar+gzip', n, null from ${t} where n % 4 = 0`,
    ),
    `insert into blobs select ${digest("n")}, n, 0, 0, null from ${t} where n % 4 > 0`,
    `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, upstream_etag, content_type, size, upstream_checked_at, downloaded_at, created_at, updated_at)
      select 1, 1, 'group/project-' || (n / 40 % 1000) || '/app', iif(n % 4 = 0, 'manifest', 'blob'), ${digest("n")}, ${digest("n")}, 'shown', null, 'application/octet-stream', n, 1764200000000, 1764200000000, 1764200000000, 1764200000000 from ${t}`,
  ]) {
    writer.run(statement);
  }
}

const server = await PostgresServer.start({ shared_buffers: "512MB", max_wal_size: "8GB" });
try {
  await server.query("postgres", "create database weir");
  for (let from = 1; from <= entries; from += atOnce) {
    writer.transaction(grow)(from, Math.min(entries, from + atOnce - 1));
  }
  // What a server writes back as it goes.
  writer.run("pragma wal_checkpoint(truncate)");
  await round("the first round");
  await round("a round in which nothing has changed");
  // What pulls note, here and there; and what they bring.
  writer.run(`update cache_entries set downloads_count = downloads_count + 1, downloaded_at = downloaded_at + 1
    where id % ${Math.max(1, Math.floor(entries / changed))} = 0`);
  grow(entries + 1, entries + changed);
  await round("a round after some changes");
  writer.run(`update cache_entries set downloads_count = downloads_count + 1, downloaded_at = downloaded_at + 1
    where id % ${Math.max(1, Math.floor(entries / changed))} = 7`);
  grow(entries + changed + 1, entries + changed + changed);
  await round("the last round after some changes", true);
  await server.query("postgres", "drop database weir");
  await server.query("postgres", "create database weir");
  await round("all of it again");
  await round("the last round in which nothing has changed", true);
  writer.close(true);
} finally {
  await server.remove();
  rmSync(folder, { recursive: true });
}

async function round(name: string, isLast = false): Promise<void> {
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  const copy = PostgresCopy.open(
    file,
    { url: server.url("weir"), ca: undefined },
    { alone: isLast },
  );
  const { rows, copied } = await copy.run(() => undefined);
  const ranAt = performance.now();
  if (isLast) await copy.finish([]);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  console.log(
    `${name}: ${rows} rows, ${copied} of them copied; ${seconds(performance.now() - startedAt)}` +
      `${isLast ? ` (of that ${seconds(performance.now() - ranAt)} for the end)` : ""}, processor ${seconds((user + system) / 1000)}`,
  );
  await copy.close();
}
