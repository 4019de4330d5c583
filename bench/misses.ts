// What an image costs that nobody has pulled before, two layers and a config: `node bin/bun.mjs bench/misses.ts [images] [sqlite|postgres] [statements]`,
// by default 300 on both engines, a minute or so. Prints for each image what server and database have used, with what follows when it has been
// sent: its pulls are counted ten seconds later, and it comes into the index of the search. `statements`: which of PostgreSQL's take how much, those
// of triggers as well.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tellJanitor } from "../test/e2e/lab/processes.ts";
import { PostgresServer } from "../test/fakes/postgres.ts";
import { buildImage, FakeUpstream, sampleBytes } from "../test/fakes/upstream.ts";
import { cpuOfTree } from "./procfs.ts";
import { SoakServer } from "./soak-server.ts";
import { figure, table } from "./stats.ts";

process.env["NO_PROXY"] = "127.0.0.1";
const images = Number(Bun.argv[2] ?? 300);
const engines = ["sqlite", "postgres"].filter((one) => one === (Bun.argv[3] ?? one));
const isDetailed = Bun.argv[4] === "statements";
/** What is prepared and compiled at the first ones is no cost of the others. */
const warm = 60;
const layerBytes = 8 << 10;
const pullers = 4;
/** Pulls are counted after ten seconds. */
const afterMs = 13_000;
const repository = "library/app";

const home = mkdtempSync(path.join(tmpdir(), "weir-misses-"));
tellJanitor("folder", home);
const upstream = await FakeUpstream.start();
for (let i = 0; i < warm + images; i++) {
  const layers = [sampleBytes(layerBytes, 2 * i + 1), sampleBytes(layerBytes, 2 * i + 2)];
  upstream.image(repository, `t${i}`, buildImage({ label: `t${i}`, layers }));
}
const rows: string[][] = [];
for (const engine of engines) rows.push(await measured(engine));
await upstream.stop();
console.log(`for each of ${images} images\n`);
const heads = [
  "CPU of the server, ms",
  "of PostgreSQL, ms",
  "statements, of commits too",
  "transactions",
];
console.log(table(["", ...heads, "WAL, KiB"], rows));

async function pull(server: SoakServer, from: number, to: number): Promise<void> {
  let next = from;
  const puller = async () => {
    while (next < to) await server.pull(repository, `t${next++}`);
  };
  await Promise.all(Array.from({ length: pullers }, puller));
  await Bun.sleep(afterMs);
}

async function measured(engine: string): Promise<string[]> {
  const database = engine === "postgres" ? await Database.start() : undefined;
  const server = await SoakServer.start(home, engine, upstream.url, database?.url, {});
  await pull(server, 0, warm);
  await database?.reset();
  const already = [server.cpuSeconds, ...((await database?.used()) ?? [])];
  await pull(server, warm, warm + images);
  const used = [server.cpuSeconds, ...((await database?.used()) ?? [])];
  const { broken, errors } = server;
  if (broken > 0 || errors.length > 0) throw new Error(`${broken} broken pulls, ${errors.join()}`);
  if (isDetailed) await database?.tell();
  await server.stop();
  await database?.server.remove();
  const units = [1000, 1000, 1, 1, 1 / 1024];
  const each = units.map(
    (unit, i) => (unit * ((used[i] ?? Number.NaN) - (already[i] ?? 0))) / images,
  );
  return [engine, ...each.map(figure)];
}

/** PostgreSQL, and what it has done. */
class Database {
  readonly url: string;

  private constructor(readonly server: PostgresServer) {
    this.url = server.url("misses");
  }

  static async start(): Promise<Database> {
    const server = await PostgresServer.start({
      shared_preload_libraries: "pg_stat_statements",
      "pg_stat_statements.track": isDetailed ? "all" : "top",
      track_functions: isDetailed ? "all" : "none",
    });
    await server.query("postgres", "create database misses");
    await server.query("misses", "create extension pg_stat_statements");
    return new Database(server);
  }

  async reset(): Promise<void> {
    await this.server.query("misses", "select pg_stat_statements_reset(), pg_stat_reset()");
  }

  /** Seconds of CPU, statements, transactions of several, bytes of the log. */
  async used(): Promise<number[]> {
    const cpu = cpuOfTree(this.server.pid);
    const [row] = await this.server.query(
      "misses",
      `select sum(calls) filter (where toplevel)::bigint as statements,
        sum(calls) filter (where lower(query) = 'begin')::bigint as transactions,
        (pg_current_wal_insert_lsn() - '0/0')::bigint as log
      from pg_stat_statements`,
    );
    const { statements, transactions, log } = row ?? {};
    return [cpu, Number(statements), Number(transactions), Number(log)];
  }

  async tell(): Promise<void> {
    const all = await this.server.query(
      "misses",
      `select toplevel, calls, total_exec_time as ms, wal_bytes::bigint as log, query
      from pg_stat_statements where calls > ${images / 10} order by total_exec_time desc limit 60`,
    );
    const heads = ["", "calls", "µs", "µs for an image", "bytes of WAL for an image", "statement"];
    const lines = all.map(({ toplevel, calls, ms, log, query }) => [
      toplevel === true ? "" : "in a trigger",
      figure(Number(calls) / images),
      figure((1000 * Number(ms)) / Number(calls)),
      figure((1000 * Number(ms)) / images),
      figure(Number(log) / images),
      String(query).replaceAll(/\s+/g, " ").slice(0, 160),
    ]);
    console.log(table(heads, lines));
    const functions = await this.server.query(
      "misses",
      "select funcname, calls, total_time as ms, self_time as own from pg_stat_user_functions order by total_time desc",
    );
    const told = functions.map(({ funcname, calls, ms, own }) => [
      String(funcname),
      figure(Number(calls) / images),
      figure((1000 * Number(ms)) / images),
      figure((1000 * Number(own)) / images),
    ]);
    console.log(table(["function", "calls", "µs for an image", "of its own"], told));
  }
}
