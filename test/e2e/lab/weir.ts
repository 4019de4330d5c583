import { Database } from "bun:sqlite";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { queriesAt } from "../../fakes/postgres.ts";
import { filesOf } from "../../fakes/store-facts.ts";
import type { Image } from "./images.ts";
import { environment, freePort, type Outcome, run, Service, waitFor } from "./processes.ts";

/** As its users do from a clone. */
export const clone: readonly string[] = [
  "node",
  path.join(import.meta.dir, "../../../bin/weir.mjs"),
];

/** The database and the blobs in the data folder, whatever the others of this run have. */
export const embedded = { database: undefined, blobs: undefined } as const;

/** A single-file executable, which a run of tests may start instead of the clone: it is up in half the time. */
const executable = process.env["WEIR_E2E_EXECUTABLE"];
const usual = executable ? [executable] : clone;

export interface WeirOptions {
  /** Where the first upstream is; undefined where a configuration file says it. */
  upstream?: string;
  /** Of PostgreSQL; undefined: a file in the folder. */
  database?: string | undefined;
  /** Settings of a bucket, and the folder in which its server keeps the blobs; undefined: the data folder. */
  blobs?: { env: Record<string, string>; folder: string } | undefined;
  env?: Record<string, string>;
  /** What is `weir`; default the executable that `WEIR_E2E_EXECUTABLE` names, where it names none the clone. */
  program?: readonly string[];
  /** What starts the server; default the program itself. */
  command?: readonly string[];
  /** Default a free one. */
  port?: number;
}

/** The server, started as its users start it, with an empty data folder. */
export class Weir {
  readonly port: number;
  readonly host: string;
  readonly url: string;
  readonly data: string;
  /** Where blobs rest, below the names of their algorithms. */
  readonly blobsFolder: string;
  /** The settings of a database and blobs outside of the data folder. */
  readonly stores: Record<string, string>;
  /** What clients use; differs from `url` where a proxy stands in front. */
  readonly externalUrl: string;
  /** The administrator's token, as the first start printed it. */
  token = "";
  readonly #folder: string;
  readonly #database: string | undefined;
  readonly #env: Record<string, string>;
  readonly #program: readonly string[];
  readonly #command: readonly string[];
  #service: Service | undefined;

  constructor(
    folder: string,
    { upstream, database, blobs, env = {}, program = usual, command, port }: WeirOptions,
  ) {
    this.#program = program;
    this.#command = command ?? [...program, "serve"];
    this.port = port ?? freePort();
    this.host = `127.0.0.1:${this.port}`;
    this.#folder = folder;
    this.url = `${env["WEIR_TLS_CERT"] ? "https" : "http"}://${this.host}`;
    this.externalUrl = env["WEIR_EXTERNAL_URL"] ?? this.url;
    this.data = path.join(folder, "data");
    this.#database = database;
    this.blobsFolder = blobs?.folder ?? path.join(this.data, "blobs");
    this.stores = {
      ...(database && { WEIR_DATABASE_URL: database, WEIR_SECRET_KEY: `of-${database}` }),
      ...blobs?.env,
    };
    this.#env = environment(folder, {
      WEIR_DATA_DIR: this.data,
      WEIR_LISTEN: this.host,
      WEIR_EXTERNAL_URL: this.externalUrl,
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
      ...(upstream && { WEIR_FIRST_UPSTREAM_URL: upstream }),
      // As the image and the unit have it; a clone's launcher does it by itself.
      ...(program !== clone && { BUN_CONFIG_MAX_HTTP_REQUESTS: "2048" }),
      ...this.stores,
      ...env,
    });
  }

  /** Starts it, also again on the same data, and waits until it says it is ready. */
  async start(): Promise<void> {
    this.#service = Service.start("weir", this.#folder, [...this.#command], this.#env);
    await this.#service.ready(async () => {
      const answer = await fetch(`${this.url}/readyz`, {
        tls: { rejectUnauthorized: false },
      }).catch(() => undefined);
      return answer?.ok === true;
    });
    this.token ||= this.#env["WEIR_ADMIN_TOKEN"] ?? (await this.#printedToken());
  }

  /** SIGTERM, as an operator or service manager sends it; the exit code. */
  async stop(): Promise<number> {
    const code = await this.#service?.stop();
    this.#service = undefined;
    return code ?? 0;
  }

  /** kill -9 of the server itself, in whatever it is doing. */
  async kill(): Promise<void> {
    const service = this.#service;
    if (!service) throw new Error("the server does not run");
    const [server] = this.#command[0] === "node" ? childrenOf(service.pid) : [service.pid];
    if (server === undefined) throw new Error("the launcher has no child");
    process.kill(server, "SIGKILL");
    await service.ended;
    this.#service = undefined;
  }

  /** A command line of `weir` with this server's settings, and as its administrator. */
  command(
    words: readonly string[],
    more: Record<string, string> = {},
    /** What runs it: `timeout`. */
    before: readonly string[] = [],
  ): Promise<Outcome> {
    const own = { WEIR_URL: this.url, ...(this.token && { WEIR_TOKEN: this.token }), ...more };
    return run([...before, ...this.#program, ...words], { ...this.#env, ...own });
  }

  /** The same, begun and not waited for. */
  begin(words: readonly string[], more: Record<string, string> = {}): Service {
    const command = [...this.#program, ...words];
    return Service.start(words[0] ?? "", this.#folder, command, { ...this.#env, ...more });
  }

  log(): string {
    return readFileSync(path.join(this.#folder, "weir.log"), "utf8");
  }

  /** Waits for a line: the log is written behind. */
  async logged(what: string | RegExp): Promise<void> {
    const isThere =
      typeof what === "string" ? (log: string) => log.includes(what) : what.test.bind(what);
    await waitFor(`${what} in the log`, () => isThere(this.log()));
  }

  /** Asks the database behind the server's back. */
  async query<Row>(text: string): Promise<Row[]> {
    const [rows] = await this.queries([text]);
    return rows as Row[];
  }

  async queries(texts: readonly string[]): Promise<unknown[][]> {
    if (this.#database !== undefined) return queriesAt(this.#database, texts);
    using database = new Database(path.join(this.data, "weir.db"), { readonly: true });
    return texts.map((text) => database.query(text).all());
  }

  /** Changes the database of a server that does not run. */
  async change(texts: readonly string[]): Promise<void> {
    if (this.#database !== undefined) return void (await queriesAt(this.#database, texts));
    using database = new Database(path.join(this.data, "weir.db"));
    for (const text of texts) database.run(text);
  }

  async storedSizes(): Promise<Map<string, number>> {
    return filesOf(this.blobsFolder);
  }

  /** How clients name an image of registry 1, by tag and by digest. */
  names({ repository, tag, digest }: Image): { byTag: string; byDigest: string } {
    const name = `${this.host}/virtual_registries/container/1/${repository}`;
    return { byTag: `${name}:${tag}`, byDigest: `${name}@${digest}` };
  }

  /** Where clients find the manifests and blobs of a repository. */
  apiUrl({ repository }: Pick<Image, "repository">): string {
    return `${this.externalUrl}/v2/virtual_registries/container/1/${repository}`;
  }

  /** A token for pulling from a repository, got as clients get it: where the challenge sends them. */
  async bearer({ repository }: Pick<Image, "repository">): Promise<string> {
    const ping = await fetch(`${this.url}/v2/`);
    const challenge = ping.headers.get("www-authenticate") ?? "";
    const [, realm = "", service = ""] =
      /realm="([^"]+)",\s*service="([^"]+)"/.exec(challenge) ?? [];
    const scope = `repository:virtual_registries/container/1/${repository}:pull`;
    const answer = await fetch(`${realm}?${new URLSearchParams({ service, scope })}`, {
      headers: { authorization: `Basic ${btoa(`admin:${this.token}`)}` },
    });
    const { token } = (await answer.json()) as { token?: string };
    if (token === undefined) throw new Error(`no token: ${challenge}; ${answer.status}`);
    return token;
  }

  /** Asks for a manifest by its tag, without any client between. */
  async manifest(image: Image): Promise<Response> {
    const authorization = `Bearer ${await this.bearer(image)}`;
    return fetch(`${this.apiUrl(image)}/manifests/${image.tag}`, { headers: { authorization } });
  }

  /** Files below a folder of the data folder, or those of blobs, as paths relative to it; none where it is not there. */
  files(folder: "blobs" | "spool"): string[] {
    const base = folder === "blobs" ? this.blobsFolder : path.join(this.data, folder);
    try {
      const entries = readdirSync(base, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(base, path.join(entry.parentPath, entry.name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  /** Waits until a fill has brought at least so many bytes into the spool. */
  async filling(bytes: number): Promise<void> {
    const spool = path.join(this.data, "spool");
    await waitFor("a fill", () =>
      this.files("spool").some((file) => Bun.file(path.join(spool, file)).size >= bytes),
    );
  }

  /** An engine between hands the log on when it comes to it. */
  #printedToken(): Promise<string> {
    return waitFor("a printed token", () => /\bweir_pat_\w+/.exec(this.log())?.[0]);
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    // "pid (command) state parent …"; the command may hold anything, so from its last parenthesis on.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
