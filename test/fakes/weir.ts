import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type RunningWeir, startWeir } from "../../src/app.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/lib/log.ts";
import type { RegistrySettings, UpstreamSettings } from "../../src/metadata/contract.ts";
import type { DeclaredUser, OidcIssuer } from "../../src/work/contract.ts";
import { declareRegistry } from "./declared-registry.ts";
import { quickCost } from "./hashing.ts";
import { SteppedClock } from "./clock.ts";
import { putMigrated } from "./migrated.ts";
import { newDatabase } from "./new-database.ts";
import { queriesAt, type TestDatabase, wholeText } from "./postgres.ts";
import { bucketForTests, type TestBucket, TestBlobs } from "./test-blobs.ts";
import { until } from "./until.ts";
import type { FakeUpstream } from "./upstream.ts";

export const adminToken = "an-administrator-token-for-tests-only";
/** Of a user who is in no group. */
export const strangerToken = "a-stranger-with-a-token-of-some-length";
export const externalUrl = "http://weir.test:5000";
const prefix = "virtual_registries/container/1";

/** By the folder of the server that has it: whoever starts on that folder again has it again. */
const databases = new Map<string, TestDatabase>();

export interface WeirOptions {
  /** In order of position, as upstreams of registry 1. */
  upstreams: { fake: FakeUpstream; settings?: Partial<UpstreamSettings> }[];
  registry?: Partial<RegistrySettings>;
  /** Upstreams of registry 2, which belongs to another group. */
  others?: WeirOptions["upstreams"];
  /** Paths of groups beside `default` and `other`, and users beside the stranger. */
  groups?: string[];
  users?: DeclaredUser[];
  oidcIssuers?: OidcIssuer[];
  /** Environment variables beside those set here. */
  env?: Record<string, string>;
  /** What files hold that the environment names; default none is read. */
  files?: Record<string, string>;
  /** A folder that is there already; default a new one. Removed at the end either way. */
  dataDir?: string;
  /**
   * A database that other servers use too, left as it is at the end; `file`: in the folder, whatever the engine that is
   * tested; default one of its own, as `WEIR_TEST_DATABASE` says.
   */
  database?: { url: string } | "file";
  /** A server whose database, bucket and clock are its own too; it must have both elsewhere than in its folder. */
  beside?: TestWeir;
}

type Kind = "manifests" | "blobs" | "tags" | "referrers";

interface Request_ {
  method?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The whole server in this process, on a real port and a temporary folder, with a clock that the test steps. */
export class TestWeir {
  readonly clock: SteppedClock;
  readonly logLines: Record<string, unknown>[] = [];
  readonly #options: WeirOptions;
  readonly dataDir: string;
  readonly #blobs: TestBlobs;
  #running: RunningWeir | undefined;
  #questions = 0;
  #tokens = new Map<string, { at: number; token: Promise<string> }>();

  private constructor(
    options: WeirOptions,
    dataDir: string,
    /** Where blobs rest, where that is not the data folder. */
    readonly bucket: TestBucket | undefined,
  ) {
    this.#options = options;
    this.dataDir = dataDir;
    this.#blobs = new TestBlobs(this.folder("blobs"), bucket);
    this.clock = options.beside?.clock ?? new SteppedClock();
  }

  static async start(options: WeirOptions): Promise<TestWeir> {
    const dataDir = options.dataDir ?? mkdtempSync(path.join(tmpdir(), "weir-test-"));
    const bucket = options.beside?.bucket ?? (await bucketForTests(path.basename(dataDir)));
    const weir = new TestWeir(options, dataDir, bucket);
    await weir.run();
    return weir;
  }

  /** Starts on the same folder, after `halt`. */
  async run(): Promise<void> {
    const isOnPostgres = process.env["WEIR_TEST_DATABASE"] === "postgres";
    if (isOnPostgres && !this.#options.database && !this.database) {
      databases.set(this.dataDir, await newDatabase());
    }
    if (!isOnPostgres && !this.database) await putMigrated(path.join(this.dataDir, "weir.db"));
    const write = (line: string) => this.logLines.push(JSON.parse(line) as Record<string, unknown>);
    const log = createLog(this.clock, "debug", {
      write: (line) => void write(line),
      async flush() {},
    });
    this.#running = await startWeir(this.#config(), {
      clock: this.clock,
      log,
      version: "test",
      random: () => 0,
      hashingCost: quickCost,
    });
  }

  /** What the server is started with. */
  get environment(): Record<string, string> {
    return {
      WEIR_DATA_DIR: this.dataDir,
      WEIR_EXTERNAL_URL: externalUrl,
      WEIR_ADMIN_TOKEN: adminToken,
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
      WEIR_MIN_FREE_BYTES: "0",
      ...this.bucket?.env,
      ...this.#databaseSettings(),
      ...this.#options.env,
    };
  }

  #config(): Config {
    const config = loadConfig(this.environment, (file) => {
      const text = this.#options.files?.[file];
      if (text === undefined) throw new Error(`the file ${file} is not there`);
      return text;
    });
    const own = declareRegistry("default", 1, this.#options.upstreams, this.#options.registry);
    const other = declareRegistry("other", 2, this.#options.others ?? []);
    const stranger = {
      username: "stranger",
      admin: false,
      memberships: [],
      tokens: [{ name: "t", secret: strangerToken, scopes: ["api"], expiresAt: undefined }],
    };
    const paths = ["default", "other", ...(this.#options.groups ?? [])];
    const groups = paths.map((path) => ({ path, name: path }));
    const upstreams = [...own.upstreams, ...other.upstreams];
    const registries = [own.registry, ...(this.#options.others ? [other.registry] : [])];
    const users = [stranger, ...(this.#options.users ?? [])];
    const oidcIssuers = this.#options.oidcIssuers ?? [];
    const automation = { webhooks: [], prefetches: [] };
    const declared = { groups, upstreams, registries, users, oidcIssuers, ...automation };
    return {
      ...config,
      declared,
      listen: { hostname: "127.0.0.1", port: 0 },
    };
  }

  /** Undefined: a file in the folder. */
  get database(): { url: string } | undefined {
    const given = this.#options.database;
    if (given === "file") return undefined;
    return given ?? this.#options.beside?.database ?? databases.get(this.dataDir);
  }

  /** Asks the database, or changes it, behind the server's back. */
  async query<Row>(text: string): Promise<Row[]> {
    const [rows] = await this.queries([text]);
    return rows as Row[];
  }

  /** The same with several, one after the other. */
  async queries(texts: readonly string[]): Promise<unknown[][]> {
    if (this.database) return queriesAt(this.database.url, texts);
    const database = new Database(path.join(this.dataDir, "weir.db"));
    try {
      return texts.map((text) => database.query(text).all());
    } finally {
      database.close(true);
    }
  }

  /** Everything that the database holds, as text. */
  async known(): Promise<string> {
    if (this.database) return wholeText(this.database.url);
    const files = ["weir.db", "weir.db-wal"].map((name) => Bun.file(`${this.dataDir}/${name}`));
    const texts = files.map(async (file) => ((await file.exists()) ? file.text() : ""));
    return (await Promise.all(texts)).join("");
  }

  #databaseSettings(): Record<string, string> {
    const { url } = this.database ?? {};
    if (url === undefined) return {};
    // Of servers that share a database the same, of others another.
    const { database, beside } = this.#options;
    const whose = database ? "shared" : path.basename((beside ?? this).dataDir);
    const secret = `a-master-secret-for-tests-${whose}`;
    return { WEIR_DATABASE_URL: url, WEIR_SECRET_KEY: secret };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#running?.port}`;
  }

  /** Where clients come that show a certificate. */
  get mirrorUrl(): string {
    return `https://127.0.0.1:${this.#running?.mirrorPort}`;
  }

  /** The path of an object of registry 1. */
  path(repository: string, kind: Kind, reference: string): string {
    return `/v2/${prefix}/${repository}/${kind}/${reference}`;
  }

  /** A pull token for a repository of registry 1; the same one while it is young. */
  token(repository: string, secret = adminToken): Promise<string> {
    const key = `${repository} ${secret}`;
    const known = this.#tokens.get(key);
    const at = this.clock.now();
    if (known && at - known.at < 600_000) return known.token;
    const token = this.tokenFor(`${prefix}/${repository}`, secret);
    this.#tokens.set(key, { at, token });
    return token;
  }

  /** A new pull token for any name, with our prefix. */
  async tokenFor(name: string, secret = adminToken): Promise<string> {
    const service = new URL(externalUrl).host;
    const query = new URLSearchParams({ service, scope: `repository:${name}:pull` });
    const answer = await fetch(`${this.url}/jwt/auth?${query}`, {
      headers: { Authorization: `Basic ${btoa(`anyone:${secret}`)}` },
    });
    const { token } = (await answer.json()) as { token: string };
    return token;
  }

  /** An authorized request for an object of registry 1. */
  async pull(
    repository: string,
    kind: Kind,
    reference: string,
    { method = "GET", headers = {}, signal }: Request_ = {},
  ): Promise<Response> {
    const authorization = `Bearer ${await this.token(repository)}`;
    return fetch(this.url + this.path(repository, kind, reference), {
      method,
      headers: { Authorization: authorization, ...headers },
      ...(signal && { signal }),
    });
  }

  /** The same for registry 2. */
  async other(
    repository: string,
    kind: Kind,
    reference: string,
    { headers = {}, signal }: Request_ = {},
  ): Promise<Response> {
    const name = `virtual_registries/container/2/${repository}`;
    const token = await this.tokenFor(name);
    return fetch(`${this.url}/v2/${name}/${kind}/${reference}`, {
      headers: { Authorization: `Bearer ${token}`, ...headers },
      ...(signal && { signal }),
    });
  }

  /** An authorized request for an object of a group's Dependency Proxy: `group/dependency_proxy/containers/image`. */
  async proxied(
    name: string,
    kind: "manifests" | "blobs",
    reference: string,
    { secret = adminToken, method = "GET" }: { secret?: string; method?: string } = {},
  ): Promise<Response> {
    const headers = { Authorization: `Bearer ${await this.tokenFor(name, secret)}` };
    return fetch(`${this.url}/v2/${name}/${kind}/${reference}`, { method, headers });
  }

  /** A call of the management API, as the administrator; its answer's body, of the expected status. */
  async api(method: string, path: string, body?: object, status = 200): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v4${path}`, {
      method,
      headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status)
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? (JSON.parse(text) as unknown) : undefined;
  }

  manifest(repository: string, reference: string, init?: Request_): Promise<Response> {
    return this.pull(repository, "manifests", reference, init);
  }

  /** `query` with its question mark. */
  tags(repository: string, query = "", init?: Request_): Promise<Response> {
    return this.pull(repository, "tags", `list${query}`, init);
  }

  referrers(repository: string, digest: string, query = "", init?: Request_): Promise<Response> {
    return this.pull(repository, "referrers", `${digest}${query}`, init);
  }

  blob(repository: string, digest: string, init?: Request_): Promise<Response> {
    return this.pull(repository, "blobs", digest, init);
  }

  /** How many requests have been begun so far, but for those of this question itself: their ids are counted. */
  async begun(): Promise<number> {
    const { headers } = await fetch(`${this.url}/healthz`);
    const count = Number.parseInt(headers.get("x-request-id")?.split("-")[1] ?? "", 36);
    return count - ++this.#questions;
  }

  /** Until `requests` more have been begun than `before`, and the database has answered what they have asked. */
  async waiting(before: number, requests: number): Promise<void> {
    await until(async () => (await this.begun()) >= before + requests);
    if (!this.database) return;
    const busy =
      "select 1 from pg_stat_activity where datname = current_database() and application_name = 'weir' and state <> 'idle'";
    // Between two questions of a request there is none for a moment.
    for (let quiet = 0; quiet < 5; quiet++) {
      if ((await this.query(busy)).length > 0) quiet = -1;
    }
  }

  /** Until the blob rests in the store: after its last byte has been read that takes a moment. */
  settled(repository: string, digest: string): Promise<void> {
    return until(async () => {
      const head = await this.blob(repository, digest, { method: "HEAD" });
      return head.headers.get("x-weir-cache")?.startsWith("hit") ?? false;
    });
  }

  /** Until no fill is under way: what they have brought is on record, or given up. */
  filled(): Promise<void> {
    return until(async () => {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      return /^weir_fills 0$/m.test(text);
    });
  }

  /** The folders of blobs and spools. */
  folder(name: "blobs" | "spool"): string {
    return path.join(this.dataDir, name);
  }

  /** The paths of what is stored, below the folder of blobs. */
  stored(): Promise<string[]> {
    return this.#blobs.paths();
  }

  /** By digest, the size of what is stored. */
  storedSizes(): Promise<Map<string, number>> {
    return this.#blobs.sizes();
  }

  /** Puts something else in the place of a stored blob, as a disk does that errs. Nobody may be reading it. */
  spoil(digest: string, content: string | Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#blobs.spoil(digest, content);
  }

  async halt(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async stop(): Promise<void> {
    await this.halt();
    await databases.get(this.dataDir)?.remove();
    databases.delete(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
