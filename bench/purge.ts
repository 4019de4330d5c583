/**
 * What a purge costs pulls: `node bin/bun.mjs bench/purge.ts [entries]`. Prints, and keeps nothing. First the steps by themselves,
 * in CPU time of their thread, which says the same on a busy machine: as long as one takes nobody is answered.
 */
import type { Database } from "bun:sqlite";
import { yieldTurn } from "../src/lib/clock.ts";
import type { Metadata } from "../src/metadata/contract.ts";
import { Beside } from "./beside.ts";
import { figure, median } from "./stats.ts";

const entries = Number(Bun.argv[2] ?? 100_000);
const perRepository = 20;
const baselineMs = 5000;
const pattern = "bulk/**";
const cache = `/virtual_registries/container/upstreams/1/cache?pattern=${pattern}`;

/** Entries of repositories below `bulk`, as if they had been pulled: twenty each. */
function fill(db: Database): void {
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
}

async function steps(metadata: Metadata): Promise<void> {
  const { management, purges } = metadata;
  const used: number[] = [];
  let removed: number | undefined;
  await management.upstreams.purge(
    1,
    { unmodifiedSince: undefined },
    { pattern, includePinned: false },
  );
  do {
    const { user, system } = process.threadCpuUsage();
    removed = await purges.step();
    const after = process.threadCpuUsage();
    used.push((after.user - user + after.system - system) / 1000);
    await yieldTurn();
    while (metadata.isWritingBack()) await Bun.sleep(1);
  } while (removed !== undefined);
  const sorted = used.toSorted((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  const sum = used.reduce((a, b) => a + b, 0) / 1000;
  console.log(
    `${used.length} steps, ms of CPU of one: median ${figure(median(used))}, p99 ${figure(p99)}, ` +
      `most ${figure(sorted.at(-1) ?? 0)}; ${figure(sum)} s in all`,
  );
}

const beside = await Beside.start("purge");
await beside.halt();
beside.inDatabase(fill);
await beside.inMetadata(steps);
beside.inDatabase(fill);
await beside.run();

const before = await beside.pulling();
await Bun.sleep(baselineMs);
await before("no purge");

let begin = performance.now();
const preview = await beside.api<{ entries: number }>("GET", cache);
console.log(`preview of ${preview.entries} entries: ${figure(performance.now() - begin)} ms`);

const during = await beside.pulling();
begin = performance.now();
await beside.api("DELETE", cache);
const answered = performance.now() - begin;
while (!(await beside.isOver("purges"))) await Bun.sleep(200);
const whole = performance.now() - begin;
await during("beside the purge");
console.log(`purge: answered after ${figure(answered)} ms, over after ${figure(whole)} ms`);
const left = await beside.api<{ entries: number }>("GET", cache);
if (left.entries !== 0) throw new Error(`${left.entries} entries are left`);
await beside.stop();
