import { expect, test } from "bun:test";
import fc from "fast-check";
import { existsSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import type { KilledServer } from "../fakes/killed-server.ts";
import { settle } from "../fakes/settle.ts";
import { openStores, runWork, type WorkName, workNames } from "../fakes/space-works.ts";
import { type StoreFacts, storeOfWeir } from "../fakes/store-facts.ts";
import { until } from "../fakes/until.ts";
import { buildImage, buildIndex, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";
import { placeOf } from "../fakes/test-blobs.ts";

const minute = 60_000;
const names = ["a/one", "a/two", "b/three", "b/index"] as const;
/** Of one repository, whose images share a layer. */
const tags = ["v1", "v2", "v3"] as const;
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
  for (const [n, tag] of tags.entries()) {
    upstream.image("c/app", tag, image(tag, [1, 7 + n]));
  }
}

interface Manifest {
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string }[];
}

const stray = digestOf(new TextEncoder().encode("left behind"));

/** The servers: two where database and blobs are elsewhere, as `WEIR_TEST_DATABASE` and `WEIR_TEST_BLOBS` say. */
class World {
  /** What has come to its place without a record, or may have. */
  readonly #strays = new Set<string>([stray]);

  /** Pulls that were to be killed. */
  #killed = 0;

  private constructor(
    readonly upstream: FakeUpstream,
    readonly weirs: readonly TestWeir[],
  ) {}

  static async open(maxBytes: string): Promise<World> {
    const upstream = await FakeUpstream.start();
    images(upstream);
    const options = {
      upstreams: [{ fake: upstream }],
      others: [{ fake: upstream }],
      env: { WEIR_CACHE_MAX_BYTES: maxBytes },
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
    name: string,
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

  /** So much has to go for a limit, while nobody pulls: what a cached manifest was cached with stays as long as it does. */
  async squeeze(group: Group, scope: "upstream" | "group", bytes: number): Promise<void> {
    const before = await this.#whole();
    await this.limit(group, scope, bytes);
    await this.pass(2 * minute);
    const [after, left] = [await this.#whole(), await this.#manifests()];
    const torn = [...before].filter(([edge, manifest]) => !after.has(edge) && left.has(manifest));
    expect(torn).toEqual([]);
    await this.limit(group, scope, null);
  }

  async #manifests(): Promise<Set<string>> {
    const [rows = []] = await this.weir().queries([
      `select ${manifestName} as manifest from cache_entries as m where m.kind = 'manifest' and ${held("m")}`,
    ]);
    return new Set((rows as { manifest: string }[]).map(({ manifest }) => manifest));
  }

  /** What cached manifests lead to and is cached too, with these. */
  async #whole(): Promise<Map<string, string>> {
    const [rows = []] = await this.weir().queries([
      `select ${manifestName} as manifest, ${manifestName} || ' ' || c.child_digest as edge
        from cache_entries as m join manifest_children as c on c.parent_digest = m.digest
        join cache_entries as e on e.upstream_id = m.upstream_id and e.repository = m.repository
          and e.kind = c.kind and e.reference = c.child_digest
        where m.kind = 'manifest' and ${held("m")} and ${held("e")}`,
    ]);
    const all = rows as { edge: string; manifest: string }[];
    return new Map(all.map(({ edge, manifest }) => [edge, manifest]));
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
    const { metadata, blobs } = await openStores({ ...placesOf(weir), clock });
    const killer = new Killer(at);
    const [space, sweep] = [killer.around(metadata.space), killer.around(metadata.sweep)];
    try {
      await runWork(name, { space, sweep, blobs: killer.around(blobs) }, clock);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      await blobs.close();
      await metadata.close();
    }
    await weir.run();
  }

  /** Pulls what nobody has pulled, killed there, while `beside` goes on; without it another server pulls the same. */
  async killPull(group: Group, at: number, beside: Act | undefined): Promise<void> {
    const n = ++this.#killed;
    const name = `new/image-${n}`;
    const layers = [sampleBytes(4500, 1), sampleBytes(4000, 100 + n)];
    this.upstream.image(name, "latest", buildImage({ label: name, layers }));
    const same = () => this.pull(0, group, name, true);
    await Promise.all([this.killServer({ group, name }, at), beside ? beside[1](this) : same()]);
    await this.#mayHaveLeft();
  }

  /** Another server pulls this, or does this work, until it is killed by the system at its `at`th question to database or bucket. */
  async killServer(does: WorkName | KilledPull, at: number): Promise<void> {
    const weir = this.weir();
    const root = mkdtempSync(path.join(tmpdir(), "weir-killed-"));
    const server: KilledServer = {
      ...placesOf(weir),
      root,
      now: weir.clock.now(),
      env: { ...weir.environment, WEIR_DATA_DIR: root },
      does: typeof does === "string" ? { work: does } : await pullOf(weir, does),
      at,
    };
    const command = [process.execPath, killedServer, JSON.stringify(server)];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "inherit", stderr: "inherit" });
    await child.exited;
    rmSync(root, { recursive: true });
    expect(child.signalCode).toBe("SIGKILL");
  }

  /** As a kill between the two leaves it: the file has come to its place, and nothing knows of it. */
  async leaveStray(): Promise<void> {
    if (existsSync(this.#fileOf(stray))) return;
    await this.weir().spoil(stray, "left behind");
    this.#age(stray);
  }

  #fileOf(digest: string): string {
    const { bucket } = this.weir();
    const blobs = bucket ? bucket.server.folder(bucket.prefix) : this.weir().folder("blobs");
    return path.join(blobs, placeOf(digest));
  }

  /** It is old already, by the clock of the test. */
  #age(digest: string): void {
    utimesSync(this.#fileOf(digest), 0, 0);
  }

  /** A server that was killed may have brought a file to its place of which nobody knows. */
  async #mayHaveLeft(): Promise<void> {
    await this.filled();
    for (const digest of unknownOf(await storeOfWeir(this.weir()))) {
      this.#strays.add(digest);
      this.#age(digest);
    }
  }

  /** Whatever was done. */
  async check(): Promise<void> {
    // What a fill under way has brought is there before its record.
    await this.filled();
    const facts = await storeOfWeir(this.weir());
    expect(unknownOf(facts).filter((digest) => !this.#strays.has(digest))).toEqual([]);
    expect(facts.wrong).toEqual([]);
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
    const kept = [...files].filter(([digest]) => rows.has(digest) || !this.#strays.has(digest));
    expect(removing.size).toBe(0);
    expect(new Map(kept)).toEqual(rows);
    expect(stored).toBe(manifests + kept.reduce((sum, [, size]) => sum + size, 0));
  }
}

const held = (row: string) => `(${row}.proof = 'shown' or ${row}.upstream_etag is not null)`;
const manifestName = "m.upstream_id || ' ' || m.repository || ' ' || m.digest";

const unknownOf = ({ files, rows, removing }: StoreFacts) =>
  [...files.keys()].filter((digest) => !rows.has(digest) && !removing.has(digest));

const killedServer = path.join(import.meta.dir, "../fakes/killed-server.ts");

function placesOf({ dataDir: root, database, bucket }: TestWeir) {
  return { root, database, bucket: bucket?.server.settings(bucket.prefix) };
}

/** As a server is told to pull it that has the key of this one. */
interface KilledPull {
  group: Group;
  name: string;
}

async function pullOf(weir: TestWeir, { group, name }: KilledPull): Promise<KilledServer["does"]> {
  const image = `virtual_registries/container/${groups.indexOf(group) + 1}/${name}`;
  return { path: `/v2/${image}`, token: await weir.tokenFor(image) };
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

/** From 1 on, each as likely as the others. */
const upTo = (most: number) => fc.noBias(fc.integer({ min: 1, max: most }));
/** A server is killed in the middle of a pull or of some work, beside what another one does. */
const killedServers: fc.Arbitrary<Act> = fc.oneof(
  fc
    .tuple(group, upTo(90), fc.option(fc.oneof(pull, purge), { nil: undefined }))
    .map(([g, at, other]): Act => {
      const told = `(${other?.[0] ?? "the same"} & kill -9 at ${at}: pull ${g})`;
      return [told, (w) => w.killPull(g, at, other)];
    }),
  fc
    .tuple(fc.constantFrom(...workNames), upTo(40), fc.oneof(pull, purge))
    .map(([work, at, [told, run]]): Act => [
      `(${told} & kill -9 at ${at}: ${work})`,
      async (w) => void (await Promise.all([w.killServer(work, at), run(w)])),
    ]),
);

/** A server that can be killed beside another one. */
const hasTwo =
  process.env["WEIR_TEST_DATABASE"] === "postgres" && process.env["WEIR_TEST_BLOBS"] === "s3";

const limit: fc.Arbitrary<Act> = fc
  .tuple(group, fc.constantFrom("upstream", "group"), bytes)
  .map(([g, s, b]) => [`limit ${g} ${s} ${b}`, (w) => w.limit(g, s, b)]);
const pin: fc.Arbitrary<Act> = fc
  .tuple(group, fc.boolean(), fc.nat(20))
  .map(([g, p, i]) => [`pin ${g} ${p} ${i}`, (w) => w.pin(g, p, i)]);

const act: fc.Arbitrary<Act> = fc.oneof(
  ...(hasTwo ? [{ weight: 2, arbitrary: killedServers }] : []),
  { weight: 8, arbitrary: pull },
  { weight: 4, arbitrary: pass },
  { weight: 3, arbitrary: beside },
  { weight: 2, arbitrary: limit },
  purge,
  pin,
  fc
    .tuple(group, fc.constantFrom("p", "q"))
    .map(([g, p]): Act => [`rotate ${g} ${p}`, (w) => w.rotate(g, p)]),
  which.map((at): Act => [`restart ${at}`, (w) => w.restart(at)]),
  fc.constant<Act>(["stray", (w) => w.leaveStray()]),
  {
    weight: 3,
    arbitrary: fc
      .tuple(which, fc.constantFrom(...workNames), fc.integer({ min: 1, max: 14 }))
      .map(([w, n, at]): Act => [`kill ${w} ${n} ${at}`, (world) => world.kill(w, n, at)]),
  },
);

/** The other pair takes longer for each. */
const runs = process.env["WEIR_MODEL_RUNS"] ?? (process.env["WEIR_TEST_BLOBS"] ? 3 : 12);

/** So many worlds in which this is done, one after another, and looked at after each. */
async function inWorlds(
  acts: fc.Arbitrary<Act>,
  numRuns: number,
  maxBytes = "30000",
): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(acts, { minLength: 5, maxLength: 30 }),
    async (some) => {
      const world = await World.open(maxBytes);
      const done: string[] = [];
      try {
        for (const [told, run] of some) {
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
  // Before the test's own time is over: a failure is told, though it could have been told in fewer words.
  await fc.assert(property, { numRuns, interruptAfterTimeLimit: 240_000 });
}

test(
  "whatever is pulled, evicted, purged, pinned and killed: nothing that is cached is gone, and bytes are counted right",
  () => inWorlds(act, Number(runs)),
  300_000,
);

test("wherever an eviction stops, a manifest that is cached has lost nothing that it was cached with", async () => {
  const wholes: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(which, group, fc.constantFrom(...tags))
        .map(([at, g, tag]): Act => [`pull ${g} ${tag}`, (w) => w.pull(at, g, "c/app", true, tag)]),
    },
    { weight: 2, arbitrary: pull },
    {
      weight: 4,
      arbitrary: fc
        .tuple(group, fc.constantFrom("upstream", "group"), fc.integer({ min: 1000, max: 30_000 }))
        .map(([g, scope, most]): Act => [
          `squeeze ${g} ${scope} ${most}`,
          (w) => w.squeeze(g, scope, most),
        ]),
    },
    pin,
  );
  await inWorlds(wholes, Math.ceil(Number(runs) / 2), "1GB");
}, 300_000);
