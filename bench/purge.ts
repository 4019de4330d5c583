// What a purge costs pulls: `node bin/bun.mjs bench/purge.ts [entries]`. Prints, and keeps nothing.
import { Beside } from "./beside.ts";
import { figure } from "./stats.ts";

const entries = Number(Bun.argv[2] ?? 100_000);
const perRepository = 20;
const baselineMs = 5000;
const cache = "/virtual_registries/container/upstreams/1/cache?pattern=bulk/**";

const beside = await Beside.start("purge");
await beside.halt();
// Entries of repositories below `bulk`, as if they had been pulled: twenty each.
beside.inDatabase((db) => {
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
});
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
