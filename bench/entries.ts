/**
 * How long lists, searches and the like take with very many cache entries in one upstream, and what keeping count of them
 * costs the pulls that store new ones. Beside the other benches, since it needs no servers:
 * `node bin/bun.mjs bench/entries.ts [entries]`; a million take some minutes and a gigabyte in the temporary folder.
 */
import { Database } from "bun:sqlite";
import { yieldTurn } from "../src/lib/clock.ts";
import type { Metadata } from "../src/metadata/contract.ts";
import { fillEntries } from "../test/fakes/many-entries.ts";
import { fetched, sampleRegistry } from "../test/fakes/metadata-samples.ts";
import { sqliteFolder } from "../test/fakes/metadata-sqlite.ts";
import { figure, median, table } from "./stats.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const rounds = 21;
const unconditional = { unmodifiedSince: undefined };

const folder = sqliteFolder();
try {
  let metadata = await folder.open();
  const { group, upstream } = await sampleRegistry(metadata);
  await metadata.close();
  const digest = fill(group.id, upstream.id);
  metadata = await folder.open();
  const { management, statistics, cache } = metadata;
  const list = (words: string[], page = 1) =>
    management.entries.list(upstream.id, { words, page, perPage: 20 });
  await indexed(metadata);
  let id = 0;
  const rows: [string, () => Promise<unknown>][] = [
    ["list, first page", () => list([])],
    ["list, last page", () => list([], Math.floor(count / 20))],
    ["search, a common word", () => list(["team-"])],
    ["search, an image", () => list(["image-1234/"])],
    ["search, two words", () => list(["team-5/", "manifests"])],
    ["search, part of a digest", () => list([digest.slice(30, 50)])],
    ["search, nothing like it", () => list(["nothing-like-it"])],
    ["search, a word of two letters", () => list(["zz"])],
    ["delete one", () => management.entries.remove(++id, unconditional)],
    ["statistics", () => statistics.summary(group.id)],
    [
      "store a manifest (not of the API)",
      () =>
        cache.storeManifest(fetched(upstream, `m${++id}`, { repository: "x/y", tag: `t${id}` })),
    ],
  ];
  const figures: string[][] = [];
  for (const [name, work] of rows) figures.push([name, ...(await timed(work))]);
  console.log(`${count} entries, milliseconds of ${rounds} calls\n`);
  console.log(table(["call", "median", "longest"], figures));
  await metadata.close();
} finally {
  folder.remove();
}

/** The digest of one of them. */
function fill(groupId: number, upstreamId: number): string {
  const database = new Database(folder.file);
  database.run("pragma synchronous = off");
  database.run("pragma cache_size = -400000");
  fillEntries(database, { groupId, upstreamId }, count);
  database.run("pragma wal_checkpoint(truncate)");
  const some = database
    .query<{ digest: string }, [number]>("select digest from cache_entries where id = ?")
    .get(Math.floor(count / 3));
  database.close(true);
  return some?.digest ?? "";
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** As the server's background work does: between two turns of it others have theirs. */
async function indexed({ searchIndex }: Metadata): Promise<void> {
  const turns: number[] = [];
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      const before = cpuMs();
      await yieldTurn();
      turns.push(cpuMs() - before);
    }
  };
  const watched = watch();
  const steps: number[] = [];
  for (;;) {
    const started = performance.now();
    if ((await searchIndex.step()) === undefined) break;
    steps.push(performance.now() - started);
  }
  over.abort();
  await watched;
  const [middle, most, turn] = [median(steps), Math.max(...steps), longest(turns)].map(figure);
  console.log(
    `index: ${steps.length} steps, milliseconds of one: median ${middle}, most ${most}; CPU of the longest turn ${turn}`,
  );
}

/** There may be more of them than a call takes arguments. */
function longest(times: readonly number[]): number {
  return times.reduce((a, b) => Math.max(a, b), 0);
}

async function timed(work: () => Promise<unknown>): Promise<string[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return [figure(median(times)), figure(Math.max(...times))];
}
