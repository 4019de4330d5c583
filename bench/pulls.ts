// What a cached manifest by tag costs, asked for by clients, with few cache entries and with many in a SQLite database:
// node bin/bun.mjs bench/pulls.ts [few, by default 10000] [many, by default 10000000]
// Images are asked for all over, with 100,000 entries or more hardly one twice a round; beside it the server notes when each was pulled. By turns, the middle of some rounds.
import { Database } from "bun:sqlite";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tellJanitor } from "../test/e2e/lab/processes.ts";
import { buildImage, FakeUpstream } from "../test/fakes/upstream.ts";
import {
  fillingStatements,
  imagesPerRepository,
  nameOf,
  repositoriesOf,
  repositoryOf,
  sqliteFilling,
  tagOf,
  upstreams,
} from "./images.ts";
import { SoakServer } from "./soak-server.ts";
import { figure, median, table } from "./stats.ts";

process.env["NO_PROXY"] = "127.0.0.1";
const counts = [Number(Bun.argv[2] ?? 10_000), Number(Bun.argv[3] ?? 10_000_000)] as const;
const rounds = 7;
/** In these the server sees the tokens for the first time, and code is compiled. */
const firstRounds = 2;
const pulls = 10_000;
const pullers = 4;
/** Spread over all: each has a token, and the server remembers 5,000 of those that it has checked. */
const maxRepositories = 4000;

const home = mkdtempSync(path.join(tmpdir(), "weir-pulls-"));
tellJanitor("folder", home);
const upstream = await FakeUpstream.start();

function fill(database: Database, count: number): void {
  // The server writes as well.
  database.run("pragma busy_timeout = 60000");
  database.run("pragma synchronous = off");
  database.run("pragma cache_size = -1000000");
  const { payload, mediaType } = buildImage({ layers: [] });
  const hex = Buffer.from(payload).toString("hex");
  const content = { mediaType, payload: `x'${hex}'`, size: payload.length, at: Date.now() };
  for (const statement of fillingStatements(sqliteFilling, count, content)) {
    database.transaction(() => {
      database.run(statement);
      // Else the server would note for the search what stands in which of them, beside the pulls: a quarter of its time, for minutes.
      database.run(
        "insert or ignore into indexed_buckets select distinct bucket from entry_counts",
      );
    })();
  }
  database.run("pragma wal_checkpoint(truncate)");
}

async function prepared(count: number): Promise<SoakServer> {
  const server = await SoakServer.start(home, `of-${count}`, upstream.url, undefined, {});
  for (let id = 2; id <= upstreams; id++) {
    await server.api("POST", "/virtual_registries/container/registries/1/upstreams", {
      name: `u${id}`,
      url: `${upstream.url}/${id}`,
    });
  }
  using database = server.open();
  fill(database, count);
  return server;
}

interface Cost {
  cpuMs: number;
  ms: number;
}

/** Each of many repositories' images once, in no order, as `n` grows by what is prime to their number. */
function someImage(n: number, count: number): number {
  const repositories = repositoriesOf(count);
  const some = Math.min(repositories, maxRepositories);
  const repository = (n % some) * Math.floor(repositories / some);
  return repository + repositories * (Math.floor(n / some) % imagesPerRepository);
}

let last = 0;
async function round(server: SoakServer, count: number, of: number): Promise<Cost> {
  const times: number[] = [];
  const already = server.cpuSeconds;
  let begun = 0;
  const puller = async () => {
    while (begun < of) {
      begun++;
      last += 1_299_709;
      const image = someImage(last, count);
      times.push(
        await server.time(nameOf(repositoryOf(image, count)), `manifests/${tagOf(image)}`),
      );
    }
  };
  await Promise.all(Array.from({ length: pullers }, puller));
  // What was pulled is noted by and by.
  await Bun.sleep(11_000);
  return { cpuMs: (1000 * (server.cpuSeconds - already)) / of, ms: median(times) };
}

const costs: [Cost[], Cost[]] = [[], []];
const servers = [await prepared(counts[0]), await prepared(counts[1])] as const;
for (let i = 0; i < firstRounds + rounds; i++) {
  for (const which of [0, 1] as const) {
    const cost = await round(servers[which], counts[which], pulls);
    if (i >= firstRounds) costs[which].push(cost);
    console.error(`${counts[which]}: CPU ${figure(1000 * cost.cpuMs)} µs, ${figure(cost.ms)} ms`);
  }
}
for (const server of servers) await server.stop();
await upstream.stop();
if (upstream.server.requests.length > 0 || servers.some(({ broken }) => broken > 0)) {
  throw new Error("not everything came from the cache");
}
const of = (which: 0 | 1, what: keyof Cost) => median(costs[which].map((cost) => cost[what]));
const row = (name: string, what: keyof Cost, unit: number) => [
  name,
  figure(of(0, what) * unit),
  figure(of(1, what) * unit),
  figure(of(1, what) / of(0, what)),
];
console.log(
  table(
    ["a cached manifest by tag", ...counts.map((count) => `${count} entries`), "ratio"],
    [row("CPU of the server, µs", "cpuMs", 1000), row("time with four clients, ms", "ms", 1)],
  ),
);
