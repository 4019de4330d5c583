/**
 * How long it takes to list and search repositories and what one of them has, with very many cache entries in one upstream:
 * `node bin/bun.mjs bench/repositories.ts [entries] [sqlite|postgres] [many|one]`. With 10,000 repositories, and with one.
 */
import { Database } from "bun:sqlite";
import type { EntryKind, Metadata } from "../src/metadata/contract.ts";
import { sampleRegistry } from "../test/fakes/metadata-samples.ts";
import { sqliteFolder } from "../test/fakes/metadata-sqlite.ts";
import { postgresDatabase } from "../test/fakes/new-database.ts";
import { figure, median, table } from "./stats.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const engine = process.argv[3] ?? "sqlite";
/** `many` or `one`; both where nothing is said. */
const which = process.argv[4];
const rounds = 21;
const manyRepositories = 10_000;

interface Bed {
  metadata: Metadata;
  /** With its one upstream's entries as these columns make them, of `n`. */
  fill(repository: string): Promise<void>;
  close(): Promise<void>;
}

/** Of eight in a row, one manifest by tag, one by digest and six blobs. */
const inserted = (repository: string, numbers: string, digest: string) => `
with made as materialized (
  select n, ${repository} as repository, case when n % 8 < 2 then 'manifest' else 'blob' end as kind, ${digest} as digest
  from ${numbers}
)
insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, upstream_etag,
  content_type, size, upstream_checked_at, downloaded_at, created_at, updated_at)
select 1, 1, repository, kind, case when n % 8 = 0 then 'v' || n else digest end, digest, 'shown', digest,
  'application/octet-stream', 1000 + n % 7, 1, n, n, n
from made`;

async function sqlite(): Promise<Bed> {
  const folder = sqliteFolder();
  const metadata = await folder.open();
  await sampleRegistry(metadata);
  return {
    metadata,
    async fill(repository) {
      const database = new Database(folder.file);
      database.run("pragma synchronous = off");
      database.run("pragma cache_size = -400000");
      const numbers = `(with recursive m (n) as (select 0 union all select n + 1 from m where n < ${count - 1}) select n from m)`;
      database.run(inserted(repository, numbers, "'sha256:' || lower(hex(randomblob(32)))"));
      database.run("pragma wal_checkpoint(truncate)");
      database.close(true);
    },
    async close() {
      await metadata.close();
      folder.remove();
    },
  };
}

async function postgres(): Promise<Bed> {
  const database = await postgresDatabase();
  const metadata = await database.open();
  await sampleRegistry(metadata);
  return {
    metadata,
    async fill(repository) {
      const numbers = `generate_series(0, ${count - 1}) as n`;
      const digest = "'sha256:' || md5(n::text) || md5((n + 1)::text)";
      // Without triggers, which are for rows that come one by one.
      await database.query(`do $$ begin
  set local session_replication_role = replica;
  ${inserted(repository, numbers, digest)};
  insert into entry_counts select 1, id >> 12, count(*), sum(size) from cache_entries group by id >> 12;
  insert into repository_counts select 1, repository, count(*), sum((reference <> digest)::int),
    sum((kind = 'manifest' and reference = digest)::int), sum(size), max(downloaded_at)
  from cache_entries group by repository;
end $$`);
      await database.query("vacuum analyze");
    },
    async close() {
      await metadata.close();
      await database.remove();
    },
  };
}

async function measure(name: string, repository: string, one: string): Promise<void> {
  const bed = await (engine === "postgres" ? postgres() : sqlite());
  try {
    const started = performance.now();
    await bed.fill(repository);
    const seconds = figure((performance.now() - started) / 1000);
    console.log(`\n${name}, ${count} entries, ${engine} (filled in ${seconds} s)\n`);
    const { entries } = bed.metadata.management;
    const list = (words: string[], page = 1) =>
      entries.repositories(1, { words, page, perPage: 20 });
    const of = (kind: EntryKind | undefined, words: string[] = [], page = 1) =>
      entries.ofRepository(
        { upstreamId: 1, repository: one, kind },
        { words, page, perPage: 20, isDescending: false },
      );
    const last = Math.max(1, Math.floor(manyRepositories / 20));
    const first = (await of(undefined)).items[0]?.digest ?? "";
    await indexed(bed.metadata);
    const rows: [string, () => Promise<unknown>][] = [
      ["repositories, first page", () => list([])],
      ["repositories, page 500", () => list([], last)],
      ["repositories, a common word", () => list(["image"])],
      ["repositories, one of them", () => list(["image-1234"])],
      ["repositories, nothing like it", () => list(["nothing-like-it"])],
      ["entries of one, first page", () => of(undefined)],
      ["entries of one, tags", () => of("tag")],
      ["entries of one, blobs", () => of("blob")],
      ["entries of one, page 1000", () => of("blob", [], 1000)],
      ["entries of one, a tag that is searched", () => of("tag", ["v16"])],
      ["entries of one, part of a digest", () => of(undefined, [first.slice(30, 50)])],
      ["entries of one, nothing like it", () => of(undefined, ["nothing-like-it"])],
    ];
    const figures: string[][] = [];
    for (const [call, work] of rows) figures.push([call, ...(await timed(work))]);
    console.log(table(["call", "median", "longest", "longest block"], figures));
  } finally {
    await bed.close();
  }
}

async function indexed({ searchIndex }: Metadata): Promise<void> {
  while ((await searchIndex.step()) !== undefined);
}

/** And for how long others had to wait at most, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<string[]> {
  const times: number[] = [];
  let blocked = 0;
  for (let round = 0; round < rounds; round++) {
    let isRunning = true;
    let turn = performance.now();
    const beat = () => {
      const now = performance.now();
      blocked = Math.max(blocked, now - turn);
      turn = now;
      if (isRunning) setImmediate(beat);
    };
    setImmediate(beat);
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
    isRunning = false;
    beat();
  }
  return [figure(median(times)), figure(Math.max(...times)), figure(blocked)];
}

if (which !== "one") {
  const repository = `'team/image-' || (n / 8 % ${manyRepositories})`;
  await measure("10,000 repositories", repository, "team/image-1234");
}
if (which !== "many") await measure("one repository", "'team/image'", "team/image");
// The server of PostgreSQL, which ends with this process, would keep it alive.
process.exit(0);
