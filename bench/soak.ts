// Whether a cache that evicts all the time stays whole, small and quick: `node bin/bun.mjs bench/soak.ts [pulls]`, by default
// 100,000 pulls with a limit of a tenth of the working set. Prints, keeps nothing, and ends with 1 where a goal is missed.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { digestOf } from "../src/oci/digest.ts";
import { environment, freePort, Service, tellJanitor } from "../test/e2e/lab/processes.ts";
import { storeOf } from "../test/fakes/store-facts.ts";
import { buildImage, FakeUpstream, sampleBytes } from "../test/fakes/upstream.ts";
import { tree } from "./procfs.ts";
import { figure } from "./stats.ts";

process.env["NO_PROXY"] = "127.0.0.1";
const pulls = Number(Bun.argv[2] ?? 100_000);
/** So many that what is pulled within a moment is little of it. */
const images = Math.max(100, Math.min(3000, Math.floor(pulls / 30)));
const layerBytes = 32 << 10;
const pullers = 4;
/** The first of them are pulled more often than the last. */
const skew = 2;
const proberRestMs = 20;
const samplesOfAll = 100;
const baseline = Math.max(images, Math.floor(pulls / 20));
const tokenMs = 300_000;
const admin = "an-administrator-token-for-the-bench-alone";
const name = "virtual_registries/container/1/library/app";

const home = mkdtempSync(path.join(tmpdir(), "weir-soak-"));
tellJanitor("folder", home);
const upstream = await FakeUpstream.start();
const base = sampleBytes(layerBytes, 1_000_000);
for (let i = 0; i < images; i++) {
  const layers = [base, sampleBytes(layerBytes, 2 * i + 1), sampleBytes(layerBytes, 2 * i + 2)];
  upstream.image("library/app", `t${i}`, buildImage({ label: `t${i}`, layers }));
}
upstream.image("library/app", "hot", buildImage({ label: "hot", layers: [base] }));
const workingSet = images * 2 * layerBytes + layerBytes;
const limit = Math.floor(workingSet / 10);
const port = freePort();
const address = `http://127.0.0.1:${port}`;
const dataDir = path.join(home, "data");
mkdirSync(dataDir);

async function start(bound: Record<string, string>): Promise<Service> {
  const env = environment(home, {
    WEIR_LISTEN: `127.0.0.1:${port}`,
    WEIR_DATA_DIR: dataDir,
    WEIR_ADMIN_TOKEN: admin,
    WEIR_FIRST_UPSTREAM_URL: upstream.url,
    WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
    WEIR_PULL_RATE_LIMIT: "0",
    WEIR_LOG_LEVEL: "warn",
    ...bound,
  });
  const bin = path.join(import.meta.dir, "../bin/weir.mjs");
  const service = Service.start("weir", home, ["node", bin, "serve"], env);
  await service.ready(() =>
    fetch(`${address}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return service;
}

let token: { text: Promise<string>; at: number } | undefined;
async function authorization(): Promise<Record<string, string>> {
  if (!token || performance.now() - token.at > tokenMs) {
    const query = `service=localhost:${port}&scope=repository:${name}:pull`;
    const headers = { Authorization: `Basic ${btoa(`bench:${admin}`)}` };
    const asked = fetch(`${address}/jwt/auth?${query}`, { headers });
    const text = asked.then(async (answer) => ((await answer.json()) as { token: string }).token);
    token = { text, at: performance.now() };
  }
  return { Authorization: `Bearer ${await token.text}` };
}

async function get(what: string): Promise<{ status: number; bytes: Uint8Array }> {
  const answer = await fetch(`${address}/v2/${name}/${what}`, { headers: await authorization() });
  return { status: answer.status, bytes: await answer.bytes() };
}

let broken = 0;
/** A whole image, each byte of it looked at. */
async function pull(tag: string): Promise<void> {
  const { status, bytes } = await get(`manifests/${tag}`);
  if (status !== 200) return void broken++;
  const { config, layers } = JSON.parse(new TextDecoder().decode(bytes)) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  for (const { digest } of [config, ...layers]) {
    const blob = await get(`blobs/${digest}`);
    if (blob.status !== 200 || digestOf(blob.bytes) !== digest) return void broken++;
  }
}

/** So many pulls; `each` is told of every hundredth part. */
async function soak(count: number, each: () => void): Promise<void> {
  let begun = 0;
  const puller = async () => {
    while (begun < count) {
      const n = begun++;
      await pull(`t${Math.floor(images * Math.random() ** skew)}`);
      if (n % Math.ceil(count / samplesOfAll) === 0) each();
    }
  };
  await Promise.all(Array.from({ length: pullers }, puller));
}

/** Pulls of what is cached, beside everything else: milliseconds of each. */
function probing(): () => Promise<number[]> {
  const times: number[] = [];
  const over = new AbortController();
  const all = (async () => {
    while (!over.signal.aborted) {
      const begin = performance.now();
      const { status } = await get("manifests/hot");
      if (status !== 200) broken++;
      times.push(performance.now() - begin);
      await Bun.sleep(proberRestMs);
    }
  })();
  return async () => {
    over.abort();
    await all;
    return times;
  };
}

const p99 = (times: number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN;
const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

/** The process that serves, among those that start it: the largest. */
function server(service: Service): number {
  const sizes = tree(service.pid).map((pid) => [residentBytes(pid), pid] as const);
  return sizes.sort(([a], [b]) => b - a)[0]?.[1] ?? service.pid;
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

const handles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

let service = await start({});
for (let i = 0; i < images; i++) await pull(`t${i}`);
let probe = probing();
await soak(baseline, () => {});
const without = p99(await probe());
await service.stop();

service = await start({ WEIR_CACHE_MAX_BYTES: String(limit) });
const pid = server(service);
await pull("hot");
await fetch(`${address}/api/v4/space/evictions`, {
  method: "POST",
  headers: { "PRIVATE-TOKEN": admin },
});
// The connections of these pulls stay open.
await soak(200, () => {});
const before = handles(pid);
const sizes: number[] = [];
probe = probing();
const began = performance.now();
await soak(pulls, () => sizes.push(residentBytes(pid)));
const seconds = (performance.now() - began) / 1000;
const beside = p99(await probe());
await Bun.sleep(3000);
const after = handles(pid);
const evicted = await fetch(`${address}/metrics`).then(async (answer) =>
  Number(/^weir_evicted_entries_total (\d+)/m.exec(await answer.text())?.[1] ?? Number.NaN),
);
await service.stop();
await upstream.stop();

const fifth = Math.floor(sizes.length / 5);
const [second, last] = [mean(sizes.slice(fifth, 2 * fifth)), mean(sizes.slice(-fifth))];
const { wrong, stored, leaving } = storeOf(dataDir);
const goals: [string, boolean, string][] = [
  ["broken images", broken === 0, String(broken)],
  ["what is counted or cached wrongly", wrong.length === 0, String(wrong.length)],
  ["entries were evicted", evicted > 0, String(evicted)],
  ["memory, last fifth to second fifth", last <= 1.1 * second, figure(last / second)],
  ["file handles, after to before", after <= before + 2, `${after} to ${before}`],
  ["p99 of cached pulls, ms more", beside - without <= 10, figure(beside - without)],
];
console.log(`${pulls} pulls in ${figure(seconds)} s, limit ${limit} bytes of ${workingSet}`);
console.log(`stored at the end ${stored} bytes, of which ${leaving} are leaving`);
console.log(
  `p99 of cached pulls: ${figure(without)} ms without, ${figure(beside)} ms with eviction`,
);
console.log(`memory: ${figure(second / (1 << 20))} MiB, then ${figure(last / (1 << 20))} MiB`);
for (const [what, isMet, value] of goals)
  console.log(`${isMet ? "met   " : "MISSED"} ${what}: ${value}`);
process.exitCode = goals.every(([, isMet]) => isMet) ? 0 : 1;
