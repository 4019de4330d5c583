import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "../src/lib/clock.ts";
import type { Metadata } from "../src/metadata/contract.ts";
import { environment, freePort, Service, tellJanitor } from "../test/e2e/lab/processes.ts";
import { sqliteMetadata } from "../test/fakes/metadata-sqlite.ts";
import { FakeUpstream } from "../test/fakes/upstream.ts";
import { figure, median } from "./stats.ts";

process.env["NO_PROXY"] = "127.0.0.1";
const pullers = 4;
const restMs = 5;
const admin = "an-administrator-token-for-the-bench-alone";
const name = "virtual_registries/container/1/library/app";

/** A server with a cached image, which is pulled while something else goes on. */
export class Beside {
  readonly #home: string;
  readonly #port = freePort();
  readonly #base = `http://127.0.0.1:${this.#port}`;
  #service: Service | undefined;

  private constructor(
    readonly what: string,
    readonly upstream: FakeUpstream,
    /** Of PostgreSQL; undefined: SQLite. */
    readonly databaseUrl: string | undefined,
  ) {
    this.#home = mkdtempSync(path.join(tmpdir(), `weir-${what}-`));
    tellJanitor("folder", this.#home);
    mkdirSync(this.#dataDir);
  }

  static async start(what: string, databaseUrl?: string): Promise<Beside> {
    const upstream = await FakeUpstream.start();
    upstream.image("library/app", "latest");
    const beside = new Beside(what, upstream, databaseUrl);
    await beside.run();
    await fetch(`${beside.#base}/v2/${name}/manifests/latest`, { headers: await beside.#login() });
    return beside;
  }

  get #dataDir(): string {
    return path.join(this.#home, "data");
  }

  async run(): Promise<void> {
    const env = environment(this.#home, {
      WEIR_LISTEN: `127.0.0.1:${this.#port}`,
      WEIR_DATA_DIR: this.#dataDir,
      WEIR_ADMIN_TOKEN: admin,
      WEIR_FIRST_UPSTREAM_URL: this.upstream.url,
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
      ...(this.databaseUrl && { WEIR_DATABASE_URL: this.databaseUrl }),
    });
    const bin = path.join(import.meta.dir, "../bin/weir.mjs");
    this.#service = Service.start("weir", this.#home, ["node", bin, "serve"], env);
    await this.#service.ready(() =>
      fetch(`${this.#base}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  /** The server alone: `run` starts it again. */
  async halt(): Promise<void> {
    await this.#service?.stop();
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.upstream.stop();
  }

  /** While the server does not run, of SQLite. */
  inDatabase(work: (database: Database) => void): void {
    const database = new Database(path.join(this.#dataDir, "weir.db"));
    work(database);
    database.close(true);
  }

  /** The same, as the server works with it. */
  async inMetadata(work: (metadata: Metadata) => Promise<void>): Promise<void> {
    const metadata = await sqliteMetadata(path.join(this.#dataDir, "weir.db"), systemClock);
    await work(metadata);
    await metadata.close();
  }

  async #login(): Promise<Record<string, string>> {
    const query = `service=localhost:${this.#port}&scope=repository:${name}:pull`;
    const headers = { Authorization: `Basic ${btoa(`bench:${admin}`)}` };
    const answer = await fetch(`${this.#base}/jwt/auth?${query}`, { headers });
    const { token } = (await answer.json()) as { token: string };
    return { Authorization: `Bearer ${token}` };
  }

  async api<T>(method: string, where: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.#base}/api/v4${where}`, {
      method,
      headers: { "PRIVATE-TOKEN": admin, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** The longest delay of the server's event loop of the last while, in milliseconds. */
  async delay(): Promise<string> {
    const text = await (await fetch(`${this.#base}/metrics`)).text();
    const found = /^weir_event_loop_delay_seconds\{[^}]*max[^}]*\} (\S+)$/m.exec(text);
    return found ? figure(Number(found[1]) * 1000) : "–";
  }

  /** Whether this work waits for its time again. */
  async isOver(work: string): Promise<boolean> {
    const all = await this.api<{ name: string; status: string }[]>("GET", "/work");
    return all.find((one) => one.name === work)?.status === "scheduled";
  }

  /** Pulls of the cached tag, one after another by each puller, until told to stop, which says how long they took. */
  async pulling(): Promise<(label: string) => Promise<void>> {
    const headers = await this.#login();
    const times: number[] = [];
    const over = new AbortController();
    const puller = async () => {
      while (!over.signal.aborted) {
        const begin = performance.now();
        const answer = await fetch(`${this.#base}/v2/${name}/manifests/latest`, { headers });
        await answer.arrayBuffer();
        times.push(performance.now() - begin);
        if (answer.status !== 200) throw new Error(`a pull was answered ${answer.status}`);
        await Bun.sleep(restMs);
      }
    };
    const all = Promise.all(Array.from({ length: pullers }, puller));
    return async (label) => {
      over.abort();
      await all;
      say(label, times);
    };
  }
}

function say(label: string, times: number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  const [middle, p99, p999, most] = [median(times), at(0.99), at(0.999), at(1)].map(figure);
  console.log(
    `${label}: ${times.length} pulls, ms: median ${middle}, p99 ${p99}, p99.9 ${p999}, most ${most}`,
  );
}
