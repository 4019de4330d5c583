// How long it takes to look an entry up, with few entries and with many, on both databases:
// node bin/bun.mjs bench/lookups.ts [--few 10000] [--many 10000000] [--lookups 20000] [--only sqlite|postgres]
import { Database } from "bun:sqlite";
import { Kysely } from "kysely";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../src/lib/clock.ts";
import { undoubted } from "../src/metadata/caches.ts";
import { Lookups } from "../src/metadata/lookups.ts";
import { migrate } from "../src/metadata/migrations/index.ts";
import { postgresDialect } from "../src/metadata/postgres/dialect.ts";
import { postgresWords } from "../src/metadata/postgres/words.ts";
import type { Schema } from "../src/metadata/schema.ts";
import { sqliteDialect } from "../src/metadata/sqlite/dialect.ts";
import { openDatabase, sqliteWords } from "../src/metadata/sqlite/open.ts";
import { PostgresServer, queryAt } from "../test/fakes/postgres.ts";

const limit = 1.3;
const rounds = 10;
/** So short that some rounds find the processor free for the whole of it. */
const perStretch = 100;
const perStatement = 500_000;

/** Of the registry that is asked. */
const upstreams = 3;

/** Entry `n` is a tag of one of a thousand repositories of one of the upstreams. */
const upstreamOf = (n: number) => 1 + (n % upstreams);
const repositoryOf = (n: number) => `group/project-${Math.floor(n / 10) % 1000}/app`;
const tagOf = (n: number) => `v${n}`;

interface Engine {
  name: string;
  lookups(): Lookups;
  /** Runs a statement that fills a table. */
  fill(statement: string): Promise<unknown>;
  /** A table of the numbers from `from` to `to`, as `t(n)`. */
  numbers: (from: number, to: number) => string;
  hex: string;
  /** After much was written. */
  settle(): Promise<unknown>;
  close(): Promise<void>;
}

async function sqlite(): Promise<Engine> {
  const folder = mkdtempSync(path.join(tmpdir(), "weir-lookups-"));
  const file = path.join(folder, "weir.db");
  const open = () => new Kysely<Schema>({ dialect: sqliteDialect(openDatabase(file)) });
  let db = open();
  await migrate(db, sqliteWords);
  const writer = new Database(file, { strict: true });
  writer.run("pragma synchronous = off");
  writer.run("pragma cache_size = -1000000");
  return {
    name: "SQLite",
    lookups: () => new Lookups(db),
    fill: async (statement) => writer.run(statement),
    numbers: (from, to) =>
      `(with recursive t(n) as (select ${from} union all select n + 1 from t where n < ${to}) select n from t) t`,
    hex: "printf('%064x', n)",
    async settle() {
      writer.run("pragma wal_checkpoint(truncate)");
      // As a server finds it at its start.
      await db.destroy();
      db = open();
    },
    async close() {
      writer.close(true);
      await db.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

async function postgres(): Promise<Engine> {
  const server = await PostgresServer.start({ shared_buffers: "1GB", max_wal_size: "8GB" });
  await server.query("postgres", "create database weir");
  const url = server.url("weir");
  const times = { connectMs: 5000, statementMs: undefined, lockMs: undefined, waitMs: 5000 };
  const options = { url, ca: undefined, ...times, timers: systemClock, max: 2 };
  const db = new Kysely<Schema>({ dialect: postgresDialect(options) });
  await migrate(db, postgresWords);
  return {
    name: "PostgreSQL",
    lookups: () => new Lookups(db),
    fill: (statement) => queryAt(url, statement),
    numbers: (from, to) => `generate_series(${from}, ${to}) t(n)`,
    hex: "lpad(to_hex(n), 64, '0')",
    settle: () => queryAt(url, "vacuum analyze"),
    async close() {
      await db.destroy();
      await server.remove();
    },
  };
}

async function prepare(engine: Engine): Promise<void> {
  await engine.fill("insert into groups (path, name) values ('default', 'default')");
  const columns =
    "group_id, name, url, cache_validity_hours, denied_means, library_prefix, created_at, updated_at";
  for (let id = 1; id <= upstreams; id++) {
    const values = `1, 'u${id}', 'https://u${id}.example', 24, 'absent', 0, 0, 0`;
    await engine.fill(`insert into upstreams (${columns}) values (${values})`);
  }
}

async function grow(engine: Engine, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += perStatement) {
    const numbers = engine.numbers(start, Math.min(to, start + perStatement) - 1);
    const digest = `'sha256:' || ${engine.hex}`;
    const payload = engine.name === "SQLite" ? "zeroblob(500)" : "decode(repeat('00', 500), 'hex')";
    // One manifest for a thousand entries: what is measured is to find the entry, with a payload behind it.
    await engine.fill(
      `insert into manifests (digest, media_type, payload) select ${digest}, 't', ${payload} from ${numbers} where n % 1000 = 0`,
    );
    const content = `'sha256:' || ${engine.hex.replace(/\bn\b/, "n / 1000 * 1000")}`;
    await engine.fill(
      `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
        upstream_checked_at, downloaded_at, created_at, updated_at)
      select 1, 1 + n % ${upstreams}, 'group/project-' || (n / 10 % 1000) || '/app', 'manifest', 'v' || n, ${content}, 'shown', 't', 500,
        1, 1, 1, 1 from ${numbers}`,
    );
  }
  await engine.settle();
}

/** The least that each stretch of the same look-ups has taken so far, in microseconds. */
type Stretches = number[];

async function measure(asked: Lookups, count: number, lookups: number, best: Stretches) {
  const places = undoubted(Array.from({ length: upstreams }, (_, i) => i + 1));
  let n = 0;
  for (let stretch = 0; stretch * perStretch < lookups; stretch++) {
    const started = performance.now();
    for (let i = 0; i < perStretch; i++) {
      // Spread over all, and the same in each round.
      n = (n + 1_299_709) % count;
      const found = await asked.manifests(places, repositoryOf(n), tagOf(n));
      if (found.length !== 1 || found[0]?.upstreamId !== upstreamOf(n) || !found[0].payload) {
        throw new Error(`entry ${n} of ${count} was not found`);
      }
    }
    const us = (performance.now() - started) * 1000;
    best[stretch] = Math.min(us, best[stretch] ?? Number.POSITIVE_INFINITY);
  }
}

const perLookup = (best: Stretches) =>
  best.reduce((sum, us) => sum + us, 0) / (best.length * perStretch);

/** The best of some rounds, in turn: what else the machine does only adds to it. */
async function compare(open: () => Promise<Engine>, few: number, many: number, lookups: number) {
  const engines = [await open(), await open()] as const;
  const [small, large] = engines;
  try {
    for (const [engine, count] of [
      [small, few],
      [large, many],
    ] as const) {
      await prepare(engine);
      await grow(engine, 0, count);
    }
    const best: [Stretches, Stretches] = [[], []];
    for (let round = 0; round < rounds; round++) {
      await measure(small.lookups(), few, lookups, best[0]);
      await measure(large.lookups(), many, lookups, best[1]);
    }
    const [before, after] = [perLookup(best[0]), perLookup(best[1])];
    const ratio = after / before;
    const verdict = ratio <= limit ? "ok" : `MORE THAN ${limit}`;
    console.log(
      `${small.name}: ${before.toFixed(1)} µs with ${few}, ${after.toFixed(1)} µs with ${many} entries: ` +
        `${ratio.toFixed(2)} × (${verdict})`,
    );
    return ratio <= limit;
  } finally {
    for (const engine of engines) await engine.close();
  }
}

const { values } = parseArgs({
  options: {
    few: { type: "string", default: "10000" },
    many: { type: "string", default: "10000000" },
    lookups: { type: "string", default: "20000" },
    only: { type: "string" },
  },
});
const engines = { sqlite, postgres };
let isGood = true;
for (const [name, open] of Object.entries(engines)) {
  if (values.only !== undefined && values.only !== name) continue;
  const { few, many, lookups } = values;
  isGood = (await compare(open, Number(few), Number(many), Number(lookups))) && isGood;
}
process.exit(isGood ? 0 : 1);
