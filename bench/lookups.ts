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

const limit = 1.3;
const rounds = 10;
/** So short that some rounds find the processor free for the whole of it. */
const perStretch = 100;
const perStatement = 500_000;

/** Of the registry that is asked. */
const upstreams = 3;
/** Of an image: its tag, its manifest, its configuration and layers. */
const perImage = 10;
const imagesPerRepository = 50;

/** `count` entries are so many repositories, and images come to them in turn, as over time. */
const repositoriesOf = (count: number) => count / perImage / imagesPerRepository;
const repositoryOf = (image: number, count: number) => image % repositoriesOf(count);
const upstreamOf = (repository: number) => 1 + (repository % upstreams);
const nameOf = (repository: number) => `group/project-${repository}/app`;
const tagOf = (image: number) => `v${image}`;
/** Of entry `n`; in no order, as digests are. */
const scattered = 2_654_435_761;
const digestOf = (n: number) =>
  `sha256:${(Math.imul(n, scattered) >>> 0).toString(16).padStart(8, "0")}${n.toString(16).padStart(56, "0")}`;

interface Engine {
  name: string;
  lookups(): Lookups;
  /** Runs a statement that fills a table. */
  fill(statement: string): Promise<unknown>;
  /** A table of the numbers from `from` to `to`, as `t(n)`. */
  numbers: (from: number, to: number) => string;
  /** A number of so many hexadecimal digits. */
  hex: (number: string, digits: number) => string;
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
    numbers: (from, to) =>
      `(with recursive t(n) as (select ${from} union all select n + 1 from t where n < ${to}) select n from t) t`,
    hex: (number, digits) => `printf('%0${digits}x', ${number})`,
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
    numbers: (from, to) => `generate_series(${from}, ${to}) t(n)`,
    hex: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
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
  if (!Number.isInteger(repositoriesOf(count))) {
    throw new Error(
      `${count} entries: only whole repositories, of ${perImage * imagesPerRepository} each`,
    );
  }
  const digest = (n: string) =>
    `'sha256:' || ${engine.hex(`(${n}) * ${scattered} % 4294967296`, 8)} || ${engine.hex(n, 56)}`;
  const payload = engine.name === "SQLite" ? "zeroblob(500)" : "decode(repeat('00', 500), 'hex')";
  const image = `n / ${perImage}`;
  const part = `n % ${perImage}`;
  const repository = `(${image}) % ${repositoriesOf(count)}`;
  const manifest = digest(`${image} * ${perImage} + 1`);
  for (let start = 0; start < count; start += perStatement) {
    const numbers = engine.numbers(start, Math.min(count, start + perStatement) - 1);
    await engine.fill(
      `insert into manifests (digest, media_type, payload) select ${manifest}, 't', ${payload} from ${numbers} where ${part} = 1`,
    );
    await engine.fill(
      `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
        upstream_checked_at, downloaded_at, created_at, updated_at)
      select 1, 1 + ${repository} % ${upstreams}, 'group/project-' || (${repository}) || '/app',
        case when ${part} < 2 then 'manifest' else 'blob' end,
        case when ${part} = 0 then 'v' || (${image}) when ${part} = 1 then ${manifest} else ${digest("n")} end,
        case when ${part} < 2 then ${manifest} else ${digest("n")} end,
        'shown', 't', 500, 1, 1, 1, 1 from ${numbers}`,
    );
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
