// How long it takes to look an entry up, with few entries and with many, on both databases: tags of random images alone, and
// on average over all that pulls of them look up.
// node bin/bun.mjs bench/lookups.ts [--few 10000] [--many 10000000] [--lookups 20000] [--only sqlite|postgres]
import { Database } from "bun:sqlite";
import { Kysely } from "kysely";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../src/lib/clock.ts";
import { undoubted } from "../src/metadata/caches.ts";
import { rowsByKey } from "../src/metadata/entry-rows.ts";
import { Lookups } from "../src/metadata/lookups.ts";
import { migrate } from "../src/metadata/migrations/index.ts";
import { postgresDialect } from "../src/metadata/postgres/dialect.ts";
import { postgresWords } from "../src/metadata/postgres/words.ts";
import type { Schema } from "../src/metadata/schema.ts";
import { sqliteDialect } from "../src/metadata/sqlite/dialect.ts";
import { openDatabase, setForServing, sqliteWords } from "../src/metadata/sqlite/open.ts";
import { rowsByHash } from "../src/metadata/sqlite/rows-by-hash.ts";
import { PostgresServer, queryAt } from "../test/fakes/postgres.ts";
import {
  digestOf,
  fillingStatements,
  type FillingWords,
  nameOf,
  perImage,
  postgresFilling,
  repositoryOf,
  sqliteFilling,
  tagOf,
  upstreamOf,
  upstreams,
} from "./images.ts";

const limit = 1.3;
const rounds = 10;
/** So short that some rounds find the processor free for the whole of it. */
const perStretch = 100;

interface Engine {
  name: string;
  lookups(): Lookups;
  /** Runs a statement that fills a table. */
  fill(statement: string): Promise<unknown>;
  words: FillingWords;
  /** 500 bytes. */
  payload: string;
  /** After much was written. */
  settle(): Promise<unknown>;
  close(): Promise<void>;
}

async function sqlite(): Promise<Engine> {
  const folder = mkdtempSync(path.join(tmpdir(), "weir-lookups-"));
  const file = path.join(folder, "weir.db");
  const open = () => {
    const database = openDatabase(file);
    setForServing(database);
    return new Kysely<Schema>({ dialect: sqliteDialect(database) });
  };
  let db = open();
  await migrate(db, sqliteWords);
  const writer = new Database(file, { strict: true });
  writer.run("pragma synchronous = off");
  writer.run("pragma cache_size = -1000000");
  return {
    name: "SQLite",
    lookups: () => new Lookups(rowsByHash(db)),
    fill: async (statement) => writer.run(statement),
    words: sqliteFilling,
    payload: "zeroblob(500)",
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
    lookups: () => new Lookups(rowsByKey(db)),
    fill: (statement) => queryAt(url, statement),
    words: postgresFilling,
    payload: "decode(repeat('00', 500), 'hex')",
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

async function fill(engine: Engine, count: number): Promise<void> {
  const content = { mediaType: "t", payload: engine.payload, size: 500, at: 1 };
  for (const statement of fillingStatements(engine.words, count, content)) {
    await engine.fill(statement);
  }
  await engine.settle();
}

/** The least that each stretch of the same look-ups has taken so far, in microseconds. */
type Stretches = number[];

/** Looks up something of an image; in how many look-ups. */
type Asking = (asked: Lookups, image: number, count: number) => Promise<number>;

const places = undoubted(Array.from({ length: upstreams }, (_, i) => i + 1));

/** Of what a pull looks up the dearest: nothing of its repository is in the processor's caches. */
async function askForTag(asked: Lookups, image: number, count: number): Promise<number> {
  const repository = repositoryOf(image, count);
  const found = await asked.manifests(places, nameOf(repository), tagOf(image));
  if (found[0]?.upstreamId !== upstreamOf(repository) || !found[0].payload) missing(image);
  return 1;
}

/** What a client asks for that has nothing of the image. */
async function askForImage(asked: Lookups, image: number, count: number): Promise<number> {
  await askForTag(asked, image, count);
  const repository = nameOf(repositoryOf(image, count));
  const first = image * perImage;
  const manifests = await asked.manifests(places, repository, digestOf(first + 1));
  if (!manifests[0]?.payload) missing(image);
  for (let n = first + 2; n < first + perImage; n++) {
    const blobs = await asked.entries(places, repository, "blob", digestOf(n));
    if (blobs.length !== 1) missing(image);
  }
  return perImage;
}

function missing(image: number): never {
  throw new Error(`something of image ${image} was not found`);
}

async function measure(
  one: Asking,
  asked: Lookups,
  count: number,
  lookups: number,
  best: Stretches,
) {
  let image = 0;
  for (let stretch = 0; stretch * perStretch < lookups; stretch++) {
    const started = performance.now();
    for (let done = 0; done < perStretch;) {
      // Spread over all, and the same in each round.
      image = (image + 1_299_709) % (count / perImage);
      done += await one(asked, image, count);
    }
    const us = (performance.now() - started) * 1000;
    best[stretch] = Math.min(us, best[stretch] ?? Number.POSITIVE_INFINITY);
  }
}

const perLookup = (best: Stretches) =>
  best.reduce((sum, us) => sum + us, 0) / (best.length * perStretch);

/** The best of some rounds, in turn: what else the machine does only adds to it. */
async function compare(open: () => Promise<Engine>, few: number, many: number, lookups: number) {
  const [small, large] = [await open(), await open()] as const;
  try {
    for (const [engine, count] of [
      [small, few],
      [large, many],
    ] as const) {
      await prepare(engine);
      await fill(engine, count);
    }
    const isGood = async (what: string, one: Asking) => {
      const best: [Stretches, Stretches] = [[], []];
      for (let round = 0; round < rounds; round++) {
        await measure(one, small.lookups(), few, lookups, best[0]);
        await measure(one, large.lookups(), many, lookups, best[1]);
      }
      const [before, after] = [perLookup(best[0]), perLookup(best[1])];
      console.log(
        `${small.name}, ${what}: ${before.toFixed(1)} µs with ${few}, ${after.toFixed(1)} µs ` +
          `with ${many} entries: ${(after / before).toFixed(2)} × ` +
          `(${after / before <= limit ? "ok" : `MORE THAN ${limit}`})`,
      );
      return after / before <= limit;
    };
    const ofTags = await isGood("of tags alone", askForTag);
    const ofPulls = await isGood("of pulls", askForImage);
    return ofTags && ofPulls;
  } finally {
    for (const engine of [small, large]) await engine.close();
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
