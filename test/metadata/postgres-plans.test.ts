import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Metadata, Upstream } from "../../src/metadata/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { postgresOpener } from "../fakes/metadata-postgres.ts";
import {
  blobChild,
  digestOfText,
  fetched,
  manifestChild,
  noon,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import { lackOfPostgres, PostgresServer, queriesAt } from "../fakes/postgres.ts";
import { until } from "../fakes/until.ts";

const lack = lackOfPostgres();
const repository = "library/alpine";
const all = Number.MAX_SAFE_INTEGER;

/** Tells the plan of every statement, those of triggers as well, and how many rows each of its steps had in its hands. */
const settings = {
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_analyze": "on",
  "auto_explain.log_timing": "off",
  "auto_explain.log_nested_statements": "on",
  "auto_explain.log_format": "json",
  // Statistics are there when the test says so.
  autovacuum: "off",
};
/** In one repository. */
const images = 10_000;
/** More than any of these steps is about, with what it leads to, and less than there is of anything. */
const maxRows = 600;

interface Node {
  "Node Type": string;
  "Actual Rows"?: number;
  "Actual Loops"?: number;
  "Relation Name"?: string;
  "Index Name"?: string;
  Plans?: Node[];
}

/** Rows that a step gave or threw away. */
function rowsOf(node: Node): number {
  const removed = Object.entries(node).filter(([name]) => name.startsWith("Rows Removed by"));
  const each = removed.reduce((sum, [, count]) => sum + Number(count), node["Actual Rows"] ?? 0);
  return each * (node["Actual Loops"] ?? 0);
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

describe.skipIf(lack !== undefined)(`PostgreSQL's plans${lack ? `: ${lack}` : ""}`, () => {
  let server: PostgresServer;
  let metadata: Metadata;
  let upstream: Upstream;
  const clock = new SteppedClock();

  beforeAll(async () => {
    server = await PostgresServer.start(settings);
    await server.query("postgres", "create database weir");
    // One connection, which prepares each statement and knows it from then on.
    metadata = await postgresOpener(server.url("weir"), clock).open({ connections: 1 });
    ({ upstream } = await sampleRegistry(metadata));
  });
  afterAll(async () => {
    await metadata.close();
    await server.remove();
  });

  /** Steps that had too many rows in their hands, each once. */
  async function excessive(work: () => Promise<void>): Promise<string[]> {
    const log = path.join(server.socketFolder, "log");
    const from = readFileSync(log, "utf8").length;
    await work();
    const told = readFileSync(log, "utf8").slice(from);
    const plans = [...told.matchAll(/ plan:\n((?:\t.*\n)+)/g)].map(
      ([, text = ""]) => JSON.parse(text) as { "Query Text": string; Plan: Node },
    );
    expect(plans.length).toBeGreaterThan(100);
    const found = plans.flatMap(({ "Query Text": text, Plan }) =>
      nodesOf(Plan).flatMap((node) => {
        const place = node["Index Name"] ?? node["Relation Name"] ?? "";
        return rowsOf(node) > maxRows ? `${node["Node Type"]} ${place}: ${text.trim()}` : [];
      }),
    );
    return [...new Set(found)];
  }

  /** An index with one image; others have the same base. */
  async function pull(name: string, now: number): Promise<void> {
    const { cache } = metadata;
    const layer = digestOfText(`layer of ${name}`);
    const image = fetched(upstream, `image of ${name}`, {
      tag: undefined,
      children: [blobChild("base"), blobChild(`layer of ${name}`)],
      now,
    });
    const children = [manifestChild(`image of ${name}`)];
    await cache.storeManifest(fetched(upstream, `index of ${name}`, { tag: name, children, now }));
    await cache.storeManifest(image);
    for (const text of ["base", `layer of ${name}`])
      await cache.storeBlob(shownBlob(upstream, text, { now }));
    const place = { upstreamId: upstream.id, repository, count: 1, lastAt: now + 1 };
    await cache.countDownloads([
      { ...place, kind: "manifest", reference: name },
      { ...place, kind: "manifest", reference: image.digest },
      { ...place, kind: "blob", reference: layer },
    ]);
    expect(await cache.manifests([upstream.id], repository, name)).toHaveLength(1);
    expect(await cache.entries([upstream.id], repository, "blob", layer)).toHaveLength(1);
    expect(await cache.hasSeen(upstream.groupId, layer)).toBe(true);
  }

  /** What was pulled first goes, so that which `pull` has stored, and then what nobody needs any more. */
  async function evict(): Promise<void> {
    const { space, sweep, holdings } = metadata;
    for (const cacheId of await space.cachesOf({ scope: "upstream", id: upstream.id })) {
      const wish = { cacheId, after: undefined, before: all, bytes: all, isDry: false };
      await space.evict({ ...wish, isDry: true });
      for (let n = 0; n < 3; n++) await space.evict(wish);
    }
    await space.bounded();
    await space.usage();
    await sweep.note(await sweep.now(), 100);
    for (const { digest, kind } of await sweep.due(all, 5)) {
      if (kind === "manifest") await sweep.removeManifest(digest);
      else if (await sweep.beginRemoval(digest, all)) await sweep.endRemoval(digest, all);
    }
    await holdings.holders("blob", digestOfText("base"), 5);
  }

  /** What is cached comes under other credentials, some of it because it is pulled. */
  async function renew(round: number): Promise<void> {
    const settings = upstreamSettings({ password: `password ${round}` });
    upstream = await metadata.directory.saveUpstream(upstream.groupId, settings);
    await pull(`again-${round}`, noon + round);
    await metadata.management.sweep();
  }

  async function manage(): Promise<void> {
    const { management, purges, lists } = metadata;
    const options = { words: [], page: 1, perPage: 20 };
    const { items } = await management.entries.list(upstream.id, options);
    await management.entries.repositories(upstream.id, options);
    const [first] = items;
    if (first) await management.entries.pin(first.id);
    if (first) await management.entries.unpin(first.id, { unmodifiedSince: undefined });
    const list = { key: { kind: "tags" }, repository, content: "[]", now: noon } as const;
    const { groupId, id: upstreamId, version: upstreamVersion } = upstream;
    await lists.store({ groupId, upstreamId, upstreamVersion, ...list });
    await lists.find([upstreamId], repository, list.key);
    const selection = { pattern: `${repository}:again-*`, includePinned: false };
    await management.upstreams.purge(upstream.id, { unmodifiedSince: undefined }, selection);
    await purges.step();
  }

  async function everything(round: number): Promise<void> {
    for (const name of ["a", "b", "c"]) await pull(`${name}-${round}`, round);
    await evict();
    await renew(round);
    await manage();
  }

  /** As many images again, younger than all that is pulled here. */
  async function fill(): Promise<void> {
    const caches = await metadata.space.cachesOf({ scope: "upstream", id: upstream.id });
    const cacheId = Math.max(...caches);
    const hash = (what: string) => `'sha256:' || md5(${what}) || md5(${what} || '+')`;
    const from = `from generate_series(1, ${images}) n`;
    const [image, layer] = [hash("'i' || n"), hash("'l' || n")];
    const child = "parent_digest, child_digest, kind, media_type, size";
    const entry =
      "group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size";
    const entries = (kind: string, reference: string, digest: string) => [
      `cache_entries (${entry}, upstream_checked_at, downloaded_at)`,
      `${upstream.groupId}, ${cacheId}, '${repository}', '${kind}', ${reference}, ${digest}, 'shown', 't', 1, 1, ${noon} + n`,
    ];
    const payload = "convert_to(repeat('x', 500), 'UTF8')";
    const rows = [
      ["manifests (digest, media_type, payload)", `${image}, 't', ${payload}`],
      ["blobs (digest, size, stored_at, verified_at)", `${layer}, 1, 1, 1`],
      [`manifest_children (${child})`, `${image}, ${layer}, 'blob', 't', 1`],
      entries("manifest", "'t' || n", image),
      entries("manifest", image, image),
      entries("blob", layer, layer),
    ];
    await queriesAt(server.url("weir"), [
      // What triggers would count of them is not asked for.
      "set session_replication_role = replica",
      ...rows.map(([into, values]) => `insert into ${into} select ${values} ${from}`),
    ]);
  }

  /** Whether the tables have grown, as far as a view of the database knows. */
  async function haveRows(column: string, view: string): Promise<boolean> {
    const tables = "('blobs', 'cache_entries', 'manifest_children', 'manifests')";
    const known = `select min(${column}) as rows from ${view} where relname in ${tables}`;
    const [row] = await server.query("weir", known);
    return Number(row?.["rows"]) >= images;
  }

  test("no statement goes through a repository, soon after it has grown and when it is known well", async () => {
    // So often that each statement has its plan for good.
    for (let round = 1; round <= 6; round++) await everything(round);
    await fill();
    // Who has filled them tells of it when it has gone.
    await until(() => haveRows("n_live_tup", "pg_stat_user_tables"));
    clock.step(5000);
    await until(() => haveRows("reltuples", "pg_class"));
    expect(await excessive(() => everything(10))).toEqual([]);
    await server.query("weir", "analyze");
    expect(await excessive(() => everything(11))).toEqual([]);
  });
});
