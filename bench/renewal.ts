// What other credentials and another URL of an upstream cost pulls through its registry:
// node bin/bun.mjs bench/renewal.ts [entries] [sqlite|postgres]. Prints, and keeps nothing.
import { fillEntries } from "../test/fakes/many-entries.ts";
import { PostgresServer, queryAt } from "../test/fakes/postgres.ts";
import { Beside } from "./beside.ts";
import { figure } from "./stats.ts";

const entries = Number(Bun.argv[2] ?? 200_000);
const baselineMs = 5000;
const workMs = 70_000;

const server = Bun.argv[3] === "postgres" ? await PostgresServer.start() : undefined;
await server?.query("postgres", "create database weir");
const databaseUrl = server?.url("weir");
const beside = await Beside.start("renewal", databaseUrl);
const upstreams = "/virtual_registries/container/upstreams";
const { id, group_id: groupId } = await beside.api<{ id: number; group_id: number }>(
  "POST",
  "/virtual_registries/container/registries/1/upstreams",
  { name: "much", url: `${beside.upstream.url}/much` },
);
if (databaseUrl) {
  await queryAt(
    databaseUrl,
    `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, upstream_etag,
       content_type, size, upstream_checked_at, downloaded_at, created_at, updated_at)
     select ${groupId}, ${id}, 'r' || n / 20, 'blob', d, d, 'shown', d, 'application/octet-stream', 1000, 1, 1, 1, 1
     from (select n, 'sha256:' || md5(n::text) || md5((n + 1)::text) as d from generate_series(1, ${entries}) n) made`,
  );
} else {
  await beside.halt();
  beside.inDatabase((db) => fillEntries(db, { groupId, upstreamId: id }, entries));
  await beside.run();
}

const before = await beside.pulling();
await Bun.sleep(baselineMs);
await before("no change");

const changes = [
  ["other credentials", { username: "another", password: "another" }],
  ["another URL", { url: `${beside.upstream.url}/elsewhere` }],
] as const;
for (const [what, body] of changes) {
  const during = await beside.pulling();
  const begin = performance.now();
  await beside.api("PATCH", `${upstreams}/${id}`, body);
  const answered = performance.now() - begin;
  const left = await beside.api<unknown[]>("GET", `${upstreams}/${id}/cache_entries?per_page=1`);
  if (left.length > 0) throw new Error("entries are to be seen still");
  await Bun.sleep(baselineMs);
  await during(`right after ${what}`);
  console.log(`${what}: answered after ${figure(answered)} ms`);
  // The work begins within a minute.
  const behind = await beside.pulling();
  await Bun.sleep(workMs);
  while (!(await beside.isOver("leftovers"))) await Bun.sleep(500);
  await behind(`beside what clears up after ${what}`);
  console.log(`over after ${figure(performance.now() - begin)} ms`);
  console.log(`longest delay of the event loop: ${await beside.delay()} ms`);
}
await beside.stop();
await server?.stop();
