// What a purge costs pulls: `node bin/bun.mjs bench/purge.ts [entries]`. Prints, and keeps nothing.
import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { environment, freePort, Service, tellJanitor } from "../test/e2e/lab/processes.ts";
import { FakeUpstream } from "../test/fakes/upstream.ts";
import { figure, median } from "./stats.ts";

process.env["NO_PROXY"] = "127.0.0.1";
const entries = Number(Bun.argv[2] ?? 100_000);
const perRepository = 20;
const pullers = 4;
const restMs = 5;
const baselineMs = 5000;
const admin = "an-administrator-token-for-the-bench-alone";
const name = "virtual_registries/container/1/library/app";

const home = mkdtempSync(path.join(tmpdir(), "weir-purge-"));
tellJanitor("folder", home);
const upstream = await FakeUpstream.start();
upstream.image("library/app", "latest");
const port = freePort();
const base = `http://127.0.0.1:${port}`;
const dataDir = path.join(home, "data");
mkdirSync(dataDir);

async function start(): Promise<Service> {
  const env = environment(home, {
    WEIR_LISTEN: `127.0.0.1:${port}`,
    WEIR_DATA_DIR: dataDir,
    WEIR_ADMIN_TOKEN: admin,
    WEIR_FIRST_UPSTREAM_URL: upstream.url,
    WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
  });
  const bin = path.join(import.meta.dir, "../bin/weir.mjs");
  const service = Service.start("weir", home, ["node", bin, "serve"], env);
  await service.ready(() =>
    fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return service;
}

async function authorization(): Promise<Record<string, string>> {
  const query = `service=localhost:${port}&scope=repository:${name}:pull`;
  const headers = { Authorization: `Basic ${btoa(`bench:${admin}`)}` };
  const answer = await fetch(`${base}/jwt/auth?${query}`, { headers });
  const { token } = (await answer.json()) as { token: string };
  return { Authorization: `Bearer ${token}` };
}

async function api<T>(method: string, where: string): Promise<T> {
  const answer = await fetch(`${base}/api/v4${where}`, {
    method,
    headers: { "PRIVATE-TOKEN": admin },
  });
  if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status}`);
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Entries of repositories below `bulk`, as if they had been pulled: twenty each. */
function fill(): void {
  const db = new Database(path.join(dataDir, "weir.db"));
  const insert = db.prepare(
    `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type,
       size, upstream_checked_at, downloaded_at, created_at, updated_at)
     select group_id, id, ?1, ?2, ?3, ?3, 'shown', 'application/octet-stream', 1000, 1, 1, 1, 1
     from upstreams where id = 1`,
  );
  db.transaction(() => {
    for (let i = 0; i < entries; i++) {
      const digest = `sha256:${new Bun.CryptoHasher("sha256").update(`bulk ${i}`).digest("hex")}`;
      const repository = `bulk/r${Math.floor(i / perRepository)}`;
      insert.run(repository, i % 5 === 0 ? "manifest" : "blob", digest);
    }
  }).immediate();
  db.close(true);
}

/** Pulls of a cached tag, one after another by each puller, until told to stop: milliseconds of each. */
function pulling(headers: Record<string, string>): () => Promise<number[]> {
  const times: number[] = [];
  const over = new AbortController();
  const puller = async () => {
    while (!over.signal.aborted) {
      const begin = performance.now();
      const answer = await fetch(`${base}/v2/${name}/manifests/latest`, { headers });
      await answer.arrayBuffer();
      times.push(performance.now() - begin);
      if (answer.status !== 200) throw new Error(`a pull was answered ${answer.status}`);
      await Bun.sleep(restMs);
    }
  };
  const all = Promise.all(Array.from({ length: pullers }, puller));
  return async () => {
    over.abort();
    await all;
    return times;
  };
}

function say(what: string, times: number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  const [middle, p99, p999, most] = [median(times), at(0.99), at(0.999), at(1)].map(figure);
  console.log(
    `${what}: ${times.length} pulls, ms: median ${middle}, p99 ${p99}, p99.9 ${p999}, most ${most}`,
  );
}

let service = await start();
await fetch(`${base}/v2/${name}/manifests/latest`, { headers: await authorization() });
await service.stop();
fill();
service = await start();
const headers = await authorization();
const cache = "/virtual_registries/container/upstreams/1/cache?pattern=bulk/**";

const before = pulling(headers);
await Bun.sleep(baselineMs);
say("no purge", await before());

let begin = performance.now();
const preview = await api<{ entries: number }>("GET", cache);
console.log(`preview of ${preview.entries} entries: ${figure(performance.now() - begin)} ms`);

const during = pulling(headers);
begin = performance.now();
await api("DELETE", cache);
const answered = performance.now() - begin;
for (;;) {
  const work = await api<{ name: string; status: string }[]>("GET", "/work");
  const purges = work.find((one) => one.name === "purges");
  if (purges?.status === "scheduled") break;
  await Bun.sleep(200);
}
const whole = performance.now() - begin;
say("beside the purge", await during());
console.log(`purge: answered after ${figure(answered)} ms, over after ${figure(whole)} ms`);
const left = await api<{ entries: number }>("GET", cache);
if (left.entries !== 0) throw new Error(`${left.entries} entries are left`);
await service.stop();
await upstream.stop();
