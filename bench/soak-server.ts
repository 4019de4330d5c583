import { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { digestOf } from "../src/oci/digest.ts";
import { environment, freePort, Service } from "../test/e2e/lab/processes.ts";
import { queriesAt } from "../test/fakes/postgres.ts";
import { filesOf, type Insight } from "../test/fakes/store-facts.ts";
import { cpuSeconds, tree } from "./procfs.ts";

const admin = "an-administrator-token-for-the-bench-alone";
const prefix = "virtual_registries/container/1";
const tokenMs = 300_000;
const secretKey = randomBytes(32).toString("hex");
const bin = path.join(import.meta.dir, "../bin/weir.mjs");

interface Manifest {
  config: { digest: string };
  layers: { digest: string }[];
}

/** A server as its users start it, and what it is asked. */
export class SoakServer implements Insight {
  readonly #dataDir: string;
  readonly #address: string;
  readonly #service: Service;
  readonly #tokens = new Map<string, { text: Promise<string>; at: number }>();
  /** Answers that were none, or not the bytes that were asked for. */
  broken = 0;
  /** Pulls of tags that were not cached, and that were. */
  readonly seen = { miss: 0, hit: 0 };

  private constructor(
    home: string,
    name: string,
    upstream: string,
    readonly database: string | undefined,
    bound: Record<string, string>,
  ) {
    const port = freePort();
    this.#address = `http://127.0.0.1:${port}`;
    this.#dataDir = path.join(home, name);
    mkdirSync(this.#dataDir);
    const env = environment(home, {
      WEIR_LISTEN: `127.0.0.1:${port}`,
      WEIR_EXTERNAL_URL: this.#address,
      WEIR_DATA_DIR: this.#dataDir,
      ...(database && { WEIR_DATABASE_URL: database, WEIR_SECRET_KEY: secretKey }),
      WEIR_ADMIN_TOKEN: admin,
      WEIR_FIRST_UPSTREAM_URL: upstream,
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
      WEIR_PULL_RATE_LIMIT: "0",
      WEIR_LOG_LEVEL: "error",
      ...bound,
    });
    this.#service = Service.start(name, home, ["node", bin, "serve"], env);
  }

  /** With a database in its folder, or at a URL. */
  static async start(
    home: string,
    name: string,
    upstream: string,
    database: string | undefined,
    bound: Record<string, string>,
  ): Promise<SoakServer> {
    const server = new SoakServer(home, name, upstream, database, bound);
    const isReady = () => fetch(`${server.#address}/readyz`).then(({ ok }) => ok);
    await server.#service.ready(() => isReady().catch(() => false));
    return server;
  }

  async #authorization(repository: string): Promise<Record<string, string>> {
    let token = this.#tokens.get(repository);
    if (!token || performance.now() - token.at > tokenMs) {
      const service = new URL(this.#address).host;
      const query = `service=${service}&scope=repository:${prefix}/${repository}:pull`;
      const headers = { Authorization: `Basic ${btoa(`bench:${admin}`)}` };
      const asked = fetch(`${this.#address}/jwt/auth?${query}`, { headers });
      const text = asked.then(async (answer) => ((await answer.json()) as { token: string }).token);
      token = { text, at: performance.now() };
      this.#tokens.set(repository, token);
    }
    return { Authorization: `Bearer ${await token.text}` };
  }

  async #get(repository: string, what: string): Promise<{ answer: Response; bytes: Uint8Array }> {
    const headers = await this.#authorization(repository);
    const answer = await fetch(`${this.#address}/v2/${prefix}/${repository}/${what}`, { headers });
    return { answer, bytes: await answer.bytes() };
  }

  /** A whole image, each byte of it looked at. */
  async pull(repository: string, tag: string): Promise<void> {
    try {
      const { answer, bytes } = await this.#get(repository, `manifests/${tag}`);
      if (answer.status !== 200) return void this.broken++;
      const isHit = answer.headers.get("x-weir-cache")?.startsWith("hit");
      this.seen[isHit ? "hit" : "miss"]++;
      const { config, layers } = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
      for (const { digest } of [config, ...layers]) {
        const blob = await this.#get(repository, `blobs/${digest}`);
        if (blob.answer.status !== 200 || digestOf(blob.bytes) !== digest) this.broken++;
      }
    } catch {
      this.broken++;
    }
  }

  /** Milliseconds that a manifest or a blob took that is cached. */
  async time(repository: string, what: string): Promise<number> {
    const began = performance.now();
    const { answer } = await this.#get(repository, what);
    if (answer.status !== 200) this.broken++;
    return performance.now() - began;
  }

  async api(method: string, where: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.#address}/api/v4${where}`, {
      method,
      headers: { "PRIVATE-TOKEN": admin, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status}`);
    const text = await answer.text();
    return text && JSON.parse(text);
  }

  /** What is stored and needed. */
  async cachedBytes(): Promise<number> {
    const { stored_bytes: stored, leaving_bytes: leaving } = (await this.api("GET", "/space")) as {
      stored_bytes: number;
      leaving_bytes: number;
    };
    return stored - leaving;
  }

  /** Until no more than this is cached, for half a minute; false where that does not come. */
  async evicted(limit: number): Promise<boolean> {
    await this.api("POST", "/space/evictions");
    for (let n = 0; n < 100; n++) {
      if ((await this.cachedBytes()) <= limit) return true;
      await Bun.sleep(300);
    }
    return false;
  }

  /** How many objects are stored wrongly or not at all, all of them being hashed. */
  async findings(): Promise<number> {
    let count = 0;
    for (let after: string | null | undefined; after !== null;) {
      const step = (await this.api("POST", "/verify", { ...(after && { after }) })) as {
        next: string | null;
        findings: unknown[];
      };
      count += step.findings.length;
      after = step.next;
    }
    return count;
  }

  /** Its database in its folder, to be changed beside it. */
  open(): Database {
    return new Database(path.join(this.#dataDir, "weir.db"));
  }

  async queries(texts: readonly string[]): Promise<unknown[][]> {
    if (this.database !== undefined) return queriesAt(this.database, texts);
    using database = new Database(path.join(this.#dataDir, "weir.db"), { readonly: true });
    return texts.map((text) => database.query(text).all());
  }

  async storedSizes(): Promise<Map<string, number>> {
    return filesOf(path.join(this.#dataDir, "blobs"));
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#address}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  }

  /** The process that serves, among those that start it: the largest. */
  get #pid(): number {
    const sizes = tree(this.#service.pid).map((pid) => [residentOf(pid), pid] as const);
    return sizes.sort(([a], [b]) => b - a)[0]?.[1] ?? this.#service.pid;
  }

  get cpuSeconds(): number {
    return cpuSeconds([this.#pid]);
  }

  get residentBytes(): number {
    return residentOf(this.#pid);
  }

  /** What is open: connections, and everything else. */
  handles(): { connections: number; others: number } {
    const folder = `/proc/${this.#pid}/fd`;
    const targets = readdirSync(folder).map((name) => linkOf(path.join(folder, name)));
    const connections = targets.filter((target) => target.startsWith("socket:")).length;
    return { connections, others: targets.length - connections };
  }

  /** What it has logged as an error. */
  get errors(): string[] {
    return this.#service
      .log()
      .split("\n")
      .filter((line) => line.includes('"level":"error"'));
  }

  async stop(): Promise<void> {
    await this.#service.stop();
  }
}

function residentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** Empty where it was closed meanwhile. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
