// What pulls cost with blobs in a bucket, beside the same in a folder:
// node bin/bun.mjs bench/bucket.ts [--only first|load] [--mib 1024] [--clients 32] [--turns 1] [--kinds folder,bucket]
// Needs curl and the S3 server of the tests (scripts/build-go.sh s3-server). Prints, and keeps nothing.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { environment, freePort, Service, tellJanitor } from "../test/e2e/lab/processes.ts";
import { buildImage, sampleBytes } from "../test/fakes/image.ts";
import { S3Server } from "../test/fakes/s3-server.ts";
import { FakeUpstream } from "../test/fakes/upstream.ts";
import { now } from "./clock.ts";
import { download } from "./download.ts";
import { blobLoad } from "./load.ts";
import { cpuSeconds, peakBytes, resetPeaks, tree } from "./procfs.ts";
import { ends, figure, median } from "./stats.ts";

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    only: { type: "string", default: "first,load" },
    kinds: { type: "string", default: "folder,bucket" },
    mib: { type: "string", default: "1024" },
    clients: { type: "string", default: "32" },
    turns: { type: "string", default: "1" },
  },
});
const [mebibytes, clients, turns] = [values.mib, values.clients, values.turns].map(Number) as [
  number,
  number,
  number,
];
const MiB = 1 << 20;
const admin = "an-administrator-token-for-the-bench-alone";
const name = "library/app";
const prefix = "virtual_registries/container/1";
/** Blobs whose first byte is waited for, and their size. */
const firsts = { count: 20, bytes: 8 * MiB };
const restMs = 1000;
/** What a busy machine may take for one pull. */
const longestSeconds = 3600;

process.env["NO_PROXY"] = "127.0.0.1";
const folder = mkdtempSync(path.join(tmpdir(), "weir-bucket-"));
tellJanitor("folder", folder);
const say = (text: string) => console.log(text);

/** Weir as its users start it. */
class Server {
  readonly #home: string;
  readonly #port = freePort();
  readonly #settings: Record<string, string>;
  #service: Service | undefined;
  #headers: Record<string, string> = {};

  constructor(
    readonly kind: string,
    settings: Record<string, string>,
  ) {
    this.#home = path.join(folder, kind);
    mkdirSync(this.#home);
    this.#settings = settings;
  }

  async start(): Promise<void> {
    const base = `http://127.0.0.1:${this.#port}`;
    const env = environment(this.#home, {
      WEIR_LISTEN: `127.0.0.1:${this.#port}`,
      WEIR_DATA_DIR: path.join(this.#home, "data"),
      WEIR_ADMIN_TOKEN: admin,
      WEIR_FIRST_UPSTREAM_URL: upstream.url,
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
      ...this.#settings,
    });
    const bin = path.join(import.meta.dir, "../bin/weir.mjs");
    this.#service = Service.start(this.kind, this.#home, ["node", bin, "serve"], env);
    await this.#service.ready(() =>
      fetch(`${base}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    const query = `service=localhost:${this.#port}&scope=repository:${prefix}/${name}:pull`;
    const login = { Authorization: `Basic ${btoa(`bench:${admin}`)}` };
    const answer = await fetch(`${base}/jwt/auth?${query}`, { headers: login });
    const { token } = (await answer.json()) as { token: string };
    this.#headers = { Host: `localhost:${this.#port}`, Authorization: `Bearer ${token}` };
  }

  get #pids(): number[] {
    // Node, which starts it, does nothing after that, and what bundles the console is soon gone.
    return tree(this.#service?.pid ?? 0).slice(1, 2);
  }

  #url(digest: string): string {
    return `http://127.0.0.1:${this.#port}/v2/${prefix}/${name}/blobs/${digest}`;
  }

  /** Milliseconds to the first byte. */
  async first(digest: string): Promise<number> {
    const begin = now();
    const { status, firstByte } = await download(this.#url(digest), this.#headers);
    if (status !== 200) throw new Error(`${this.kind}: a blob was answered ${status}`);
    return firstByte - begin;
  }

  /** Until it is answered from the store. */
  async stored(digest: string): Promise<void> {
    for (;;) {
      const answer = await fetch(this.#url(digest), { method: "HEAD", headers: this.#headers });
      if (answer.headers.get("x-weir-cache")?.startsWith("hit")) return;
      await Bun.sleep(100);
    }
  }

  async load(digest: string, size: number): Promise<void> {
    const pids = this.#pids;
    resetPeaks(pids);
    const atRest = peakBytes(pids);
    const before = cpuSeconds(pids);
    const begin = now();
    const bad = await blobLoad(this.#url(digest), this.#headers, clients, 1, size, longestSeconds);
    const seconds = (now() - begin) / 1000;
    const cpu = cpuSeconds(pids) - before;
    const gibibytes = (clients * size) / 2 ** 30;
    say(
      `${this.kind}: ${clients} pulls of ${size / MiB} MiB: peak ${figure(peakBytes(pids) / 1e6)} MB (${figure(atRest / 1e6)} MB at rest), ` +
        `${figure(cpu / gibibytes)} CPU s/GiB, ${figure(gibibytes / seconds)} GiB/s, ${bad} not whole`,
    );
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}

const bucket = await S3Server.start();
const upstream = await FakeUpstream.start();
const kinds: Record<string, Record<string, string>> = {
  folder: {},
  bucket: bucket.environment("bench"),
};
const servers = Object.entries(kinds)
  .filter(([kind]) => values.kinds.includes(kind))
  .map(([kind, settings]) => new Server(kind, settings));
const told = (values: number[]) => `${figure(median(values))}${ends(values)} ms`;

/** Milliseconds that the bucket itself takes. */
async function asked(digests: readonly string[]): Promise<number[]> {
  const direct = bucket.bucket("");
  const taken: number[] = [];
  for (const digest of digests) {
    const hex = digest.replace("sha256:", "");
    const begin = now();
    const range = { first: 0, last: (256 << 10) - 1 };
    await direct.get(`bench/blobs/sha256/${hex.slice(0, 2)}/${hex}`, { range });
    taken.push(now() - begin);
  }
  return taken;
}

/** Blobs that nobody has pulled, then the same ones as hits: in each turn by both servers. */
async function firstBytes(): Promise<void> {
  const layers = Array.from({ length: firsts.count }, (_, i) => sampleBytes(firsts.bytes, i + 1));
  const { layers: digests } = upstream.image(name, "firsts", buildImage({ layers }));
  for (const what of ["miss", "hit"]) {
    const found = new Map<Server, number[]>(servers.map((server) => [server, []]));
    for (const [turn, digest] of digests.entries()) {
      for (const server of turn % 2 === 0 ? servers : servers.toReversed()) {
        if (what === "hit") await server.stored(digest);
        found.get(server)?.push(await server.first(digest));
      }
    }
    const [near = [], far = []] = [...found.values()];
    if (what === "hit")
      say(`first 256 KiB of them from the bucket itself: ${told(await asked(digests))}`);
    const later = far.map((value, i) => value - (near[i] ?? Number.NaN));
    say(
      `first byte of ${firsts.count} blobs, ${what}: folder ${told(near)}, bucket ${told(far)}, ` +
        `later by ${told(later)} (goal: at most 10 ms)`,
    );
  }
}

/** Many clients at a time, in each turn of a server that has just started: what a fill takes is another matter. */
async function load(): Promise<void> {
  const layer = sampleBytes(mebibytes * MiB, 99);
  const { layers } = upstream.image(name, "large", buildImage({ layers: [layer] }));
  const digest = layers[0] ?? "";
  for (const server of servers) {
    await server.first(digest);
    await server.stored(digest);
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const server of servers) {
      await server.stop();
      await server.start();
      await Bun.sleep(restMs);
      await server.load(digest, layer.length);
    }
  }
  say("goal with a bucket: 32 pulls of 1 GiB below 150 MB");
}

try {
  for (const server of servers) await server.start();
  if (values.only.includes("first")) await firstBytes();
  if (values.only.includes("load")) await load();
} finally {
  for (const server of servers) await server.stop();
  await upstream.stop();
  await bucket.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
