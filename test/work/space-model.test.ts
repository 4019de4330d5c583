import { expect, test } from "bun:test";
import fc from "fast-check";
import { existsSync, renameSync, utimesSync } from "node:fs";
import path from "node:path";
import { FsBlobStore } from "../../src/blobs/fs/store.ts";
import { Holds } from "../../src/lib/holds.ts";
import { createLog } from "../../src/lib/log.ts";
import { openSqliteMetadata } from "../../src/metadata/sqlite/index.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { Work } from "../../src/work/runner/contract.ts";
import { noSpaceCounts } from "../../src/work/space/contract.ts";
import { Eviction } from "../../src/work/space/eviction.ts";
import { straysWork, sweepingWork } from "../../src/work/space/sweeping.ts";
import { proxySettings } from "../fakes/metadata-samples.ts";
import { testSealer } from "../fakes/metadata-sqlite.ts";
import { settle } from "../fakes/settle.ts";
import { storeOf } from "../fakes/store-facts.ts";
import { buildImage, buildIndex, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

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

class World {
  /** Files that a kill has left without a record, and records without a file. */
  private constructor(
    readonly upstream: FakeUpstream,
    readonly weir: TestWeir,
  ) {}

  static async open(): Promise<World> {
    const upstream = await FakeUpstream.start();
    images(upstream);
    const weir = await TestWeir.start({
      upstreams: [{ fake: upstream }],
      others: [{ fake: upstream }],
      env: { WEIR_CACHE_MAX_BYTES: "30000" },
    });
    return new World(upstream, weir);
  }

  async close(): Promise<void> {
    await this.weir.stop();
    await this.upstream.stop();
  }

  #get(group: Group, name: Name, kind: "manifests" | "blobs", reference: string) {
    return group === "default"
      ? this.weir.pull(name, kind, reference)
      : this.weir.other(name, kind, reference);
  }

  /** Whole or in part; every answer is right. */
  async pull(group: Group, name: Name, isWhole: boolean, reference = "latest"): Promise<void> {
    const answer = await this.#get(group, name, "manifests", reference);
    expect(answer.status).toBe(200);
    const { config, layers = [], manifests = [] } = (await answer.json()) as Manifest;
    if (!isWhole) return;
    const [member] = manifests;
    if (member) await this.pull(group, name, true, member.digest);
    for (const { digest } of [...(config ? [config] : []), ...layers]) {
      const blob = await this.#get(group, name, "blobs", digest);
      expect(blob.status).toBe(200);
      expect<string>(digestOf(await blob.bytes())).toBe(digest);
    }
  }

  async #upstreamOf(group: Group): Promise<number> {
    const where = `/groups/${group}/-/virtual_registries/container/upstreams`;
    return ((await this.weir.api("GET", where)) as { id: number }[])[0]?.id ?? 0;
  }

  async limit(group: Group, scope: "upstream" | "group", bytes: number | null): Promise<void> {
    const fields = { cache_max_bytes: bytes };
    if (scope === "group") {
      await this.weir.api("PUT", `/groups/${group}/-/virtual_registries/space`, fields);
    } else {
      const id = await this.#upstreamOf(group);
      await this.weir.api("PATCH", `/virtual_registries/container/upstreams/${id}`, fields);
    }
  }

  async purge(group: Group, pattern: string): Promise<void> {
    const id = await this.#upstreamOf(group);
    const where = `/virtual_registries/container/upstreams/${id}/cache`;
    await this.weir.api(
      "DELETE",
      `${where}?pattern=${encodeURIComponent(pattern)}`,
      undefined,
      204,
    );
  }

  /** Another login: all that was shown has to be shown again. */
  async rotate(group: Group, password: string): Promise<void> {
    const id = await this.#upstreamOf(group);
    const login = { username: "u", password };
    await this.weir.api("PATCH", `/virtual_registries/container/upstreams/${id}`, login);
  }

  async pin(group: Group, isPinned: boolean, index: number): Promise<void> {
    const id = await this.#upstreamOf(group);
    const list = `/virtual_registries/container/upstreams/${id}/cache_entries`;
    const entries = (await this.weir.api("GET", list)) as { id: number }[];
    const entry = entries[index % Math.max(1, entries.length)];
    if (!entry) return;
    const where = `/virtual_registries/container/cache_entries/${entry.id}/pin`;
    await this.weir.api(isPinned ? "POST" : "DELETE", where, undefined, isPinned ? 200 : 204);
  }

  async restart(): Promise<void> {
    await this.weir.halt();
    await this.weir.run();
  }

  /** All of this work, killed at its `at`th call of the store or the database; half of the kills come after the call. */
  async kill(name: "eviction" | "sweep" | "stray_blobs", at: number): Promise<void> {
    await this.weir.halt();
    const { clock, dataDir } = this.weir;
    const log = createLog(clock, "debug", { write() {}, async flush() {} });
    const metadata = await openSqliteMetadata({
      file: path.join(dataDir, "weir.db"),
      clock,
      sealer: testSealer,
      log,
      limits: { registriesPerGroup: 5, upstreamsPerRegistry: 5 },
      proxyUpstream: proxySettings(),
    });
    const store = await FsBlobStore.open({ root: dataDir, minFreeBytes: 0, log });
    const killer = new Killer(at);
    const [space, sweep] = [killer.around(metadata.space), killer.around(metadata.sweep)];
    const blobs = killer.around(store);
    const counts = noSpaceCounts();
    const common = { blobs, clock, log, counts };
    const sweeping = { ...common, sweep, holds: new Holds() };
    const works: Record<string, Work> = {
      eviction: new Eviction({ ...common, space, cacheMaxBytes: 20_000, minFreeBytes: 0 }),
      sweep: sweepingWork(sweeping),
      stray_blobs: straysWork(sweeping),
    };
    try {
      await runAll(works[name]!);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      await metadata.close();
    }
    await this.weir.run();
  }

  /** As a kill between the two leaves it: the file has come to its place, and nothing knows of it. */
  async leaveStray(): Promise<void> {
    const file = this.#strayFile();
    if (existsSync(file)) return;
    await Bun.write(`${file}.new`, "left behind");
    // Old already, by the clock of the test.
    utimesSync(`${file}.new`, 0, 0);
    renameSync(`${file}.new`, file);
  }

  #strayFile(): string {
    const hex = digestOf(new TextEncoder().encode("left behind")).slice(7);
    return path.join(this.weir.folder("blobs"), "sha256", hex.slice(0, 2), hex);
  }

  /** Whatever was done. */
  async check(): Promise<void> {
    // What a fill under way has brought is there before its record.
    await this.weir.filled();
    expect(this.#unknown()).toEqual([]);
    expect(storeOf(this.weir.dataDir).wrong).toEqual([]);
  }

  /** Files without a record, but for what was left, and those whose deletion was interrupted. */
  #unknown(): string[] {
    const { files, rows, removing } = storeOf(this.weir.dataDir);
    const stray = path.basename(this.#strayFile());
    return [...files.keys()].filter(
      (digest) => !rows.has(digest) && !removing.has(digest) && !digest.endsWith(stray),
    );
  }

  /** When everything that is to go has gone, what is counted is what is there, and within the limit. */
  async checkAtRest(): Promise<void> {
    for (const group of groups) await this.purge(group, "**:none");
    // Strays are looked for some minutes after a start, and swept some minutes later.
    await settle(this.weir, 20 * minute);
    const { files, rows, stored, manifests, removing } = storeOf(this.weir.dataDir);
    const stray = path.basename(this.#strayFile());
    const kept = [...files].filter(([digest]) => !digest.endsWith(stray));
    expect(removing.size).toBe(0);
    expect(new Map(kept)).toEqual(rows);
    expect(stored).toBe(manifests + kept.reduce((sum, [, size]) => sum + size, 0));
  }
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

const group = fc.constantFrom(...groups);
const name = fc.constantFrom(...names);
const bytes = fc.oneof(fc.constant(null), fc.integer({ min: 1000, max: 40_000 }));
const pattern = fc.constantFrom("a/**", "**:latest", "b/index", "**", "a/one@**");
type Act = (world: World) => Promise<void>;

const act: fc.Arbitrary<readonly [string, Act]> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(group, name, fc.boolean())
      .map(
        ([g, n, whole]) => [`pull ${g} ${n} ${whole}`, (w: World) => w.pull(g, n, whole)] as const,
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(1, 2, 7, 65)
      .map((n) => [`pass ${n}`, (w: World) => settle(w.weir, n * minute)] as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(group, fc.constantFrom("upstream", "group"), bytes)
      .map(([g, s, b]) => [`limit ${g} ${s} ${b}`, (w: World) => w.limit(g, s, b)] as const),
  },
  fc
    .tuple(group, pattern)
    .map(([g, p]) => [`purge ${g} ${p}`, (w: World) => w.purge(g, p)] as const),
  fc
    .tuple(group, fc.boolean(), fc.nat(20))
    .map(([g, p, i]) => [`pin ${g} ${p} ${i}`, (w: World) => w.pin(g, p, i)] as const),
  fc
    .tuple(group, fc.constantFrom("p", "q"))
    .map(([g, p]) => [`rotate ${g} ${p}`, (w: World) => w.rotate(g, p)] as const),
  fc.constant(["restart", (w: World) => w.restart()] as const),
  fc.constant(["stray", (w: World) => w.leaveStray()] as const),
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("eviction", "sweep", "stray_blobs"), fc.integer({ min: 1, max: 14 }))
      .map(([n, at]) => [`kill ${n} ${at}`, (w: World) => w.kill(n, at)] as const),
  },
);

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
  await fc.assert(property, { numRuns: Number(process.env["WEIR_MODEL_RUNS"] ?? 12) });
}, 300_000);
