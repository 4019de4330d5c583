import { expect, test } from "bun:test";
import fc from "fast-check";
import { existsSync, utimesSync } from "node:fs";
import path from "node:path";
import type { BlobStore } from "../../src/blobs/contract.ts";
import { FsBlobStore } from "../../src/blobs/fs/store.ts";
import { BucketBlobStore } from "../../src/blobs/s3/store.ts";
import { Holds } from "../../src/lib/holds.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { openSqliteMetadata } from "../../src/metadata/sqlite/index.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { Work } from "../../src/work/runner/contract.ts";
import { noSpaceCounts } from "../../src/work/space/contract.ts";
import { Eviction } from "../../src/work/space/eviction.ts";
import { straysWork, sweepingWork } from "../../src/work/space/sweeping.ts";
import { postgresOpener } from "../fakes/metadata-postgres.ts";
import { proxySettings } from "../fakes/metadata-samples.ts";
import { testSealer } from "../fakes/metadata-sqlite.ts";
import { settle } from "../fakes/settle.ts";
import { storeOfWeir } from "../fakes/store-facts.ts";
import { until } from "../fakes/until.ts";
import { buildImage, buildIndex, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { placeOf, TestWeir } from "../fakes/weir.ts";

const minute = 60_000;
const names = ["a/one", "a/two", "b/three", "b/index"] as const;
type Name = (typeof names)[number];
const groups = ["default", "other"] as const;
type Group = (typeof groups)[number];

/** Images that share layers, one of them an index. */
function images(upstream: FakeUpstream): void {
  const layer = (seed: number) => sampleBytes(4000 + seed * 500, seed);
  const image = (label: string, seeds: number[]) =>
    buildImage({ label, layers: seeds.map((seed) => layer(seed)) });
  upstream.image("a/one", "latest", image("one", [1, 2]));
  upstream.image("a/two", "latest", image("two", [1, 3]));
  upstream.image("b/three", "latest", image("three", [2, 4, 5]));
  const members = {
    amd64: image("amd64", [1, 6]),
    arm64: buildImage({ label: "arm", architecture: "arm64" }),
  };
  upstream.image("b/index", "latest", buildIndex(members));
}

interface Manifest {
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string }[];
}

const stray = digestOf(new TextEncoder().encode("left behind"));

/** The servers: two where database and blobs are elsewhere, as `WEIR_TEST_DATABASE` and `WEIR_TEST_BLOBS` say. */
class World {
  private constructor(
    readonly upstream: FakeUpstream,
    readonly weirs: readonly TestWeir[],
  ) {}

  static async open(): Promise<World> {
    const upstream = await FakeUpstream.start();
    images(upstream);
    const options = {
      upstreams: [{ fake: upstream }],
      others: [{ fake: upstream }],
      env: { WEIR_CACHE_MAX_BYTES: "30000" },
    };
    const first = await TestWeir.start(options);
    if (!first.database || !first.bucket) return new World(upstream, [first]);
    return new World(upstream, [first, await TestWeir.start({ ...options, beside: first })]);
  }

  async close(): Promise<void> {
    for (const weir of this.weirs.toReversed()) await weir.stop();
    await this.upstream.stop();
  }

  /** The one of this number, where there are so many. */
  weir(which = 0): TestWeir {
    const weir = this.weirs[which % this.weirs.length];
    if (!weir) throw new Error("there is no server");
    return weir;
  }

  /** Whole or in part; every answer is right. */
  async pull(
    which: number,
    group: Group,
    name: Name,
    isWhole: boolean,
    reference = "latest",
  ): Promise<void> {
    const weir = this.weir(which);
    const get = (kind: "manifests" | "blobs", wanted: string) =>
      group === "default" ? weir.pull(name, kind, wanted) : weir.other(name, kind, wanted);
    const answer = await get("manifests", reference);
    expect(answer.status).toBe(200);
    const { config, layers = [], manifests = [] } = (await answer.json()) as Manifest;
    if (!isWhole) return;
    const [member] = manifests;
    if (member) await this.pull(which, group, name, true, member.digest);
    for (const { digest } of [...(config ? [config] : []), ...layers]) {
      const blob = await get("blobs", digest);
      expect(blob.status).toBe(200);
      expect<string>(digestOf(await blob.bytes())).toBe(digest);
    }
  }

  async #upstreamOf(group: Group): Promise<number> {
    const where = `/groups/${group}/-/virtual_registries/container/upstreams`;
    return ((await this.weir().api("GET", where)) as { id: number }[])[0]?.id ?? 0;
  }

  async limit(group: Group, scope: "upstream" | "group", bytes: number | null): Promise<void> {
    const fields = { cache_max_bytes: bytes };
    if (scope === "group") {
      await this.weir().api("PUT", `/groups/${group}/-/virtual_registries/space`, fields);
    } else {
      const id = await this.#upstreamOf(group);
      await this.weir().api("PATCH", `/virtual_registries/container/upstreams/${id}`, fields);
    }
  }

  async purge(which: number, group: Group, pattern: string): Promise<void> {
    const id = await this.#upstreamOf(group);
    const where = `/virtual_registries/container/upstreams/${id}/cache`;
    const query = `pattern=${encodeURIComponent(pattern)}`;
    await this.weir(which).api("DELETE", `${where}?${query}`, undefined, 204);
  }

  /** Another login: all that was shown has to be shown again. */
  async rotate(group: Group, password: string): Promise<void> {
    const id = await this.#upstreamOf(group);
    const login = { username: "u", password };
    await this.weir().api("PATCH", `/virtual_registries/container/upstreams/${id}`, login);
  }

  async pin(group: Group, isPinned: boolean, index: number): Promise<void> {
    const id = await this.#upstreamOf(group);
    const list = `/virtual_registries/container/upstreams/${id}/cache_entries`;
    const entries = (await this.weir().api("GET", list)) as { id: number }[];
    const entry = entries[index % Math.max(1, entries.length)];
    if (!entry) return;
    const where = `/virtual_registries/container/cache_entries/${entry.id}/pin`;
    await this.weir().api(isPinned ? "POST" : "DELETE", where, undefined, isPinned ? 200 : 204);
  }

  /** Lets time pass at all of them. */
  async pass(ms: number): Promise<void> {
    await settle(this.weir(), ms, Math.min(5 * minute, ms));
  }

  async restart(which: number): Promise<void> {
    const weir = this.weir(which);
    await weir.halt();
    await weir.run();
  }

  /** All of this work, killed at its `at`th call of the store or the database; half of the kills come after the call. */
  async kill(which: number, name: WorkName, at: number): Promise<void> {
    const weir = this.weir(which);
    await weir.halt();
    const { clock } = weir;
    const log = createLog(clock, "debug", { write() {}, async flush() {} });
    const { metadata, store } = await openStoresOf(weir, log);
    const killer = new Killer(at);
    const [space, sweep] = [killer.around(metadata.space), killer.around(metadata.sweep)];
    const blobs = killer.around<BlobStore>(store);
    const counts = noSpaceCounts();
    const common = { blobs, clock, log, counts };
    const sweeping = { ...common, sweep, holds: new Holds() };
    const works: Record<WorkName, () => Work> = {
      eviction: () => new Eviction({ ...common, space, cacheMaxBytes: 20_000, minFreeBytes: 0 }),
      sweep: () => sweepingWork(sweeping),
      stray_blobs: () => straysWork(sweeping),
    };
    try {
      await runAll(works[name]());
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      await store.close();
      await metadata.close();
    }
    await weir.run();
  }

  /** As a kill between the two leaves it: the file has come to its place, and nothing knows of it. */
  async leaveStray(): Promise<void> {
    const { bucket } = this.weir();
    const blobs = bucket ? bucket.server.folder(bucket.prefix) : this.weir().folder("blobs");
    const file = path.join(blobs, placeOf(stray));
    if (existsSync(file)) return;
    await this.weir().spoil(stray, "left behind");
    // Old already, by the clock of the test, before anybody can see it.
    utimesSync(file, 0, 0);
  }

  /** Whatever was done. */
  async check(): Promise<void> {
    // What a fill under way has brought is there before its record.
    await this.filled();
    const { files, rows, removing, wrong } = await storeOfWeir(this.weir());
    const unknown = [...files.keys()].filter(
      (digest) => !rows.has(digest) && !removing.has(digest) && digest !== stray,
    );
    expect(unknown).toEqual([]);
    expect(wrong).toEqual([]);
  }

  /** Until no fill is under way. One may wait for a deletion that nobody goes on with, for a minute. */
  async filled(): Promise<void> {
    const { clock } = this.weir();
    for (const weir of this.weirs) {
      let isOver = false;
      const over = weir.filled().finally(() => (isOver = true));
      await until(() => {
        if (!isOver && clock.next <= 100) clock.step(clock.next);
        return isOver;
      });
      await over;
    }
  }

  /** When everything that is to go has gone, what is counted is what is there, and within the limit. */
  async checkAtRest(): Promise<void> {
    for (const group of groups) await this.purge(0, group, "**:none");
    // Strays are looked for some minutes after a start, and swept some minutes later.
    await this.pass(20 * minute);
    const { files, rows, stored, manifests, removing } = await storeOfWeir(this.weir());
    const kept = [...files].filter(([digest]) => digest !== stray);
    expect(removing.size).toBe(0);
    expect(new Map(kept)).toEqual(rows);
    expect(stored).toBe(manifests + kept.reduce((sum, [, size]) => sum + size, 0));
  }
}

type WorkName = "eviction" | "sweep" | "stray_blobs";

/** What a server that is halted has open when it runs. */
async function openStoresOf({ clock, dataDir: root, database, bucket }: TestWeir, log: Log) {
  const limits = { registriesPerGroup: 5, upstreamsPerRegistry: 5 };
  const proxyUpstream = proxySettings();
  const file = path.join(root, "weir.db");
  const metadata = database
    ? await postgresOpener(database.url, clock).open()
    : await openSqliteMetadata({ file, clock, sealer: testSealer, log, limits, proxyUpstream });
  const folder = { root, minFreeBytes: 0, log, clock };
  if (!bucket) return { metadata, store: await FsBlobStore.open(folder) };
  const settings = bucket.server.settings(bucket.prefix);
  const options = { ...folder, settings, redirect: false, random: () => 0 };
  return { metadata, store: await BucketBlobStore.open(options) };
}

class Killed extends Error {}

class Killer {
  #calls = 0;

  constructor(readonly at: number) {}

  /** The same, until it is killed. */
  around<T extends object>(target: T): T {
    const kill = () => {
      if (++this.#calls >= this.at) throw new Killed();
    };
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          kill();
          const result: unknown = await Reflect.apply(value, target, given);
          kill();
          return result;
        };
      },
    });
  }
}

async function runAll(work: Work): Promise<void> {
  const { signal } = new AbortController();
  let at = await work.step({ state: undefined, done: 0, signal });
  while (!at.isOver) at = await work.step({ state: at.state, done: at.done, signal });
}

const which = fc.nat(1);
const group = fc.constantFrom(...groups);
const name = fc.constantFrom(...names);
const bytes = fc.oneof(fc.constant(null), fc.integer({ min: 1000, max: 40_000 }));
const pattern = fc.constantFrom("a/**", "**:latest", "b/index", "**", "a/one@**");
type Act = readonly [told: string, run: (world: World) => Promise<void>];

const pull: fc.Arbitrary<Act> = fc
  .tuple(which, group, name, fc.boolean())
  .map(([at, g, n, whole]) => [`pull ${at} ${g} ${n} ${whole}`, (w) => w.pull(at, g, n, whole)]);
const pass: fc.Arbitrary<Act> = fc
  .constantFrom(1, 2, 7, 65)
  .map((n) => [`pass ${n}`, (w) => w.pass(n * minute)]);
const purge: fc.Arbitrary<Act> = fc
  .tuple(which, group, pattern)
  .map(([at, g, p]) => [`purge ${at} ${g} ${p}`, (w) => w.purge(at, g, p)]);
/** What begins while a pull is under way. */
const beside: fc.Arbitrary<Act> = fc
  .tuple(pull, fc.oneof(pull, purge))
  .map(([[a, one], [b, other]]) => [
    `(${a} & ${b})`,
    async (w) => void (await Promise.all([one(w), other(w)])),
  ]);

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: pull },
  { weight: 4, arbitrary: pass },
  { weight: 3, arbitrary: beside },
  {
    weight: 2,
    arbitrary: fc
      .tuple(group, fc.constantFrom("upstream", "group"), bytes)
      .map(([g, s, b]): Act => [`limit ${g} ${s} ${b}`, (w) => w.limit(g, s, b)]),
  },
  purge,
  fc
    .tuple(group, fc.boolean(), fc.nat(20))
    .map(([g, p, i]): Act => [`pin ${g} ${p} ${i}`, (w) => w.pin(g, p, i)]),
  fc
    .tuple(group, fc.constantFrom("p", "q"))
    .map(([g, p]): Act => [`rotate ${g} ${p}`, (w) => w.rotate(g, p)]),
  which.map((at): Act => [`restart ${at}`, (w) => w.restart(at)]),
  fc.constant<Act>(["stray", (w) => w.leaveStray()]),
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        which,
        fc.constantFrom<WorkName>("eviction", "sweep", "stray_blobs"),
        fc.integer({ min: 1, max: 14 }),
      )
      .map(([w, n, at]): Act => [`kill ${w} ${n} ${at}`, (world) => world.kill(w, n, at)]),
  },
);

/** The other pair takes longer for each. */
const runs = process.env["WEIR_MODEL_RUNS"] ?? (process.env["WEIR_TEST_BLOBS"] ? 3 : 12);

test("whatever is pulled, evicted, purged, pinned and killed: nothing that is cached is gone, and bytes are counted right", async () => {
  const property = fc.asyncProperty(
    fc.array(act, { minLength: 5, maxLength: 30 }),
    async (acts) => {
      const world = await World.open();
      const done: string[] = [];
      try {
        for (const [told, run] of acts) {
          done.push(told);
          await run(world);
          await world.check();
        }
        await world.checkAtRest();
      } catch (error) {
        throw new Error(done.join("; "), { cause: error });
      } finally {
        await world.close();
      }
    },
  );
  await fc.assert(property, { numRuns: Number(runs) });
}, 300_000);
