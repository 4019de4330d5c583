// Whether a cache that evicts all the time stays whole, small and quick: `node bin/bun.mjs bench/soak.ts [pulls] [sqlite|postgres]`,
// by default 100,000 pulls with a limit of a tenth of the working set: some 20 minutes of two quiet cores on SQLite, half an hour on PostgreSQL. Prints a verdict for each goal, keeps
// nothing, and ends with 1 where one is missed.
//
// The delay of cached pulls is compared at one rate, which leaves the machine half idle, by turns: of the server that evicts, and
// of one without a limit that has as many misses of the same kind (bytes that are stored, asked for in a repository where nobody has pulled them).
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tellJanitor } from "../test/e2e/lab/processes.ts";
import { PostgresServer } from "../test/fakes/postgres.ts";
import { storeOfWeir } from "../test/fakes/store-facts.ts";
import { buildImage, FakeUpstream, sampleBytes } from "../test/fakes/upstream.ts";
import { SoakServer } from "./soak-server.ts";
import { figure } from "./stats.ts";

process.env["NO_PROXY"] = "127.0.0.1";
const pulls = Number(Bun.argv[2] ?? 100_000);
const postgres = Bun.argv[3] === "postgres" ? await PostgresServer.start() : undefined;
/** So many that what is pulled within a moment, and so stays, is little of the limit. */
const images = Math.max(200, Math.min(8000, Math.floor(pulls / 10)));
const layerBytes = 8 << 10;
const pullers = 8;
/** The first of them are pulled more often than the last. */
const skew = 2;
const samplesOfAll = 100;
const rounds = 4;
const paced = Math.max(400, Math.min(6000, Math.floor(pulls / 16)));
/** Of what it can take. */
const load = 0.4;
const proberRestMs = 20;
const app = "library/app";
/** The same images, which nobody has pulled. */
const fresh = "library/fresh";

const began = performance.now();
const say = (text: string) =>
  console.error(`${Math.round((performance.now() - began) / 1000)} s: ${text}`);
const home = mkdtempSync(path.join(tmpdir(), "weir-soak-"));
tellJanitor("folder", home);
const upstream = await FakeUpstream.start();
const base = sampleBytes(layerBytes, 1_000_000);
for (let i = 0; i < images; i++) {
  const layers = [base, sampleBytes(layerBytes, 2 * i + 1), sampleBytes(layerBytes, 2 * i + 2)];
  const image = buildImage({ label: `t${i}`, layers });
  for (const repository of [app, fresh]) upstream.image(repository, `t${i}`, image);
}
const hot = upstream.image(app, "hot", buildImage({ label: "hot", layers: [base] }));
const workingSet = images * 2 * layerBytes;
const limit = Math.floor(workingSet / 10);

const p99 = (times: number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
const any = () => `t${Math.floor(images * Math.random() ** skew)}`;

type Pull = (n: number) => Promise<void>;

/** So many pulls, as fast as they go; `each` is told of every hundredth part. Pulls in a second. */
async function rush(count: number, pull: Pull, each: (part: number) => void): Promise<number> {
  let begun = 0;
  const since = performance.now();
  const puller = async () => {
    while (begun < count) {
      const n = begun++;
      await pull(n);
      if (n % Math.ceil(count / samplesOfAll) !== 0) continue;
      each(n / count);
      // What the fake has seen would fill the memory of this process.
      upstream.server.requests.length = 0;
    }
  };
  await Promise.all(Array.from({ length: pullers }, puller));
  return (1000 * count) / (performance.now() - since);
}

/** So many pulls at a rate, whoever waits for what; and what cached pulls took beside them, in milliseconds. */
async function pace(
  server: SoakServer,
  count: number,
  rate: number,
  pull: Pull,
): Promise<number[]> {
  const times: number[] = [];
  const over = new AbortController();
  const probe = async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      const what = n % 2 === 0 ? "manifests/hot" : `blobs/${hot.layers[0]}`;
      times.push(await server.time(app, what));
      await Bun.sleep(proberRestMs);
    }
  };
  const probing = probe();
  const since = performance.now();
  const running: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    await Bun.sleep(Math.max(0, since + (1000 * n) / rate - performance.now()));
    running.push(pull(n));
  }
  await Promise.all(running);
  over.abort();
  await probing;
  return times;
}

async function start(name: string, limits: Record<string, string>): Promise<SoakServer> {
  await postgres?.query("postgres", `create database ${name}`);
  return SoakServer.start(home, name, upstream.url, postgres?.url(name), limits);
}

// The soak.
const bounded = await start("bounded", { WEIR_CACHE_MAX_BYTES: String(limit) });
await bounded.pull(app, "hot");
// The connections of these pulls stay open.
await rush(
  200,
  () => bounded.pull(app, any()),
  () => {},
);
const before = bounded.handles();
const sizes: number[] = [];
const filled: Promise<number>[] = [];
const rate = await rush(
  pulls,
  () => bounded.pull(app, any()),
  (part) => {
    sizes.push(bounded.residentBytes);
    filled.push(bounded.cachedBytes());
    if (Math.round(part * samplesOfAll) % 10 === 0) say(`${Math.round(part * 100)} % of the pulls`);
  },
);
const { miss, hit } = bounded.seen;
const missShare = miss / (miss + hit);
say(`${figure(rate)} pulls in a second, ${figure(missShare * 100)} % of them misses`);
await Bun.sleep(3000);
const after = bounded.handles();

// What eviction costs those who pull what is cached.
const free = await start("free", {});
const unpulled = Math.min(images, Math.ceil(paced * missShare * 1.2));
await free.pull(app, "hot");
await rush(
  unpulled,
  (n) => free.pull(app, `t${n}`),
  () => {},
);
say("the server without a limit has what it needs");
let next = 0;
const either = () => {
  if (Math.random() < missShare && next < unpulled) return free.pull(fresh, `t${next++}`);
  return free.pull(app, `t${Math.floor(unpulled * Math.random())}`);
};
const [beside, without]: [number[], number[]] = [[], []];
const cpu = { beside: 0, without: 0 };
/** CPU time of one server in a piece of work. */
async function cpuOf(server: SoakServer, work: () => Promise<void>): Promise<number> {
  const already = server.cpuSeconds;
  await work();
  return server.cpuSeconds - already;
}
const each = Math.ceil(paced / rounds);
for (let round = 0; round < rounds; round++) {
  cpu.without += await cpuOf(free, async () => {
    without.push(...(await pace(free, each, rate * load, either)));
  });
  cpu.beside += await cpuOf(bounded, async () => {
    beside.push(...(await pace(bounded, each, rate * load, () => bounded.pull(app, any()))));
  });
  say(
    `p99 of cached pulls so far: ${figure(p99(without))} ms without, ${figure(p99(beside))} ms with eviction`,
  );
}
await free.stop();

const evicted = await bounded.metric("weir_evicted_entries_total");
const swept = await bounded.metric("weir_swept_objects_total");
const isWithin = await bounded.evicted(limit);
const findings = await bounded.findings();
await bounded.stop();
await upstream.stop();
const { wrong, stored, leaving } = await storeOfWeir(bounded);
await postgres?.remove();
const fifth = Math.floor(sizes.length / 5);
const [second, last] = [mean(sizes.slice(fifth, 2 * fifth)), mean(sizes.slice(-fifth))];
const broken = bounded.broken + free.broken;
const more = p99(beside) - p99(without);
const kept = stored - leaving;
const goals: [string, boolean, string][] = [
  ["broken images", broken === 0, String(broken)],
  ["what is counted or cached wrongly", wrong.length === 0, String(wrong.length)],
  ["what is stored wrongly, all of it hashed", findings === 0, String(findings)],
  ["errors in the log", bounded.errors.length === 0, bounded.errors.slice(0, 5).join("; ") || "0"],
  ["entries were evicted", evicted > pulls / 10, String(evicted)],
  [
    "cached bytes to the limit, when it has evicted",
    isWithin && kept <= limit,
    figure(kept / limit),
  ],
  ["memory, last fifth to second fifth", last <= 1.1 * second, figure(last / second)],
  [
    "files open, after to before",
    after.others <= before.others,
    `${after.others} to ${before.others}`,
  ],
  [
    "connections open, after to before",
    after.connections <= before.connections + 2 * pullers,
    `${after.connections} to ${before.connections}`,
  ],
  ["p99 of cached pulls, ms more", more <= 10, figure(more)],
];
console.log(
  `${postgres ? "PostgreSQL" : "SQLite"}, ${pulls} pulls of ${images} images, limit ${limit} bytes of ${workingSet}`,
);
console.log(
  `stored at the end ${stored} bytes, of which ${leaving} are leaving; ${swept} objects were swept`,
);
console.log(
  `p99 of ${without.length} cached pulls: ${figure(p99(without))} ms without, ${figure(p99(beside))} ms with eviction`,
);
const cpuOfPull = (seconds: number) => figure((1000 * seconds) / (each * rounds));
console.log(
  `CPU of a pull and its share of those beside it: ${cpuOfPull(cpu.without)} ms without, ${cpuOfPull(cpu.beside)} ms with eviction`,
);
const over = (await Promise.all(filled)).map((bytes) => bytes / limit);
const half = Math.floor(over.length / 2);
console.log(
  `cached bytes to the limit beside the pulls: at most ${figure(Math.max(...over.slice(0, half)))} in the first half, ${figure(Math.max(...over.slice(half)))} in the second`,
);
console.log(`memory: ${figure(second / (1 << 20))} MiB, then ${figure(last / (1 << 20))} MiB`);
for (const [what, isMet, value] of goals)
  console.log(`${isMet ? "met   " : "MISSED"} ${what}: ${value}`);
process.exitCode = goals.every(([, isMet]) => isMet) ? 0 : 1;
