import { SQL, type Subprocess } from "bun";
import { chmodSync, chownSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { freePort } from "./port.ts";
import { stopped } from "./stopped.ts";
import { until } from "./until.ts";

/** Where Debian has what is not on the path, the newest version last. */
const folders = globSync("/usr/lib/postgresql/*/bin").toSorted();

function program(name: string): string | undefined {
  const found = Bun.which(name) ?? undefined;
  return (
    found ??
    folders.map((folder) => Bun.which(path.join(folder, name))).findLast(Boolean) ??
    undefined
  );
}

/** Why there is no PostgreSQL to test with; undefined where there is one, or has to be. */
export function lackOfPostgres(): string | undefined {
  const isRequired = process.env["CI"] === "true" || process.env["WEIR_E2E_REQUIRE"] === "1";
  if (isRequired || process.env[shared] || (program("postgres") && program("initdb")))
    return undefined;
  return "skipped: postgres is not installed";
}

/** A server that a whole run of tests shares (`serve-postgres.ts`). */
const shared = "WEIR_TEST_POSTGRES_URL";
/** A database there, as the newest schema makes it. */
export const templateName = "weir_migrated";

/** PostgreSQL refuses to run as root. */
const isRoot = userInfo().uid === 0;

/** Runs as somebody who may, and ends when this process does, however that ends. */
function unprivileged(command: string[]): string[] {
  const user = isRoot ? ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];
  return ["setpriv", ...user, "--pdeathsig=INT", ...command];
}

/** What a machine that loses its power would need. */
const quick = { fsync: "off", full_page_writes: "off" };

/** A real server of its own in a temporary folder, on a free port of 127.0.0.1. */
export class PostgresServer {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "weir-postgres-"));
  #process: Subprocess | undefined;
  port = 0;

  /** With `files` in its folder of data, instead of those that are made there. */
  static async start(
    settings: Record<string, string> = {},
    files: Record<string, string> = {},
  ): Promise<PostgresServer> {
    const server = new PostgresServer();
    process.on("exit", () => server.#remove());
    if (isRoot) chownSync(server.#folder, 65534, 65534);
    const initdb = program("initdb");
    if (!initdb) throw new Error("initdb is not installed: bash scripts/ci-install.sh");
    const made = Bun.spawnSync(
      unprivileged([
        initdb,
        "--pgdata",
        server.#data,
        "--username",
        "weir",
        "--auth",
        "trust",
        "--no-sync",
        // Not that of the bytes, which hides where an order depends on it.
        "--encoding",
        "UTF8",
        "--locale-provider",
        "icu",
        "--icu-locale",
        "en-US",
        "--locale",
        "C.UTF-8",
      ]),
    );
    if (made.exitCode !== 0) throw new Error(`initdb: ${made.stderr.toString()}`);
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(server.#data, name);
      writeFileSync(file, text);
      chmodSync(file, 0o600);
      if (isRoot) chownSync(file, 65534, 65534);
    }
    server.port = freePort();
    await server.run(settings);
    return server;
  }

  get #data(): string {
    return path.join(this.#folder, "data");
  }

  /** Starts it, after `stop` or `kill`; takes connections when this resolves. */
  async run(settings: Record<string, string> = {}): Promise<void> {
    const all = {
      listen_addresses: "127.0.0.1",
      port: String(this.port),
      unix_socket_directories: this.#folder,
      max_connections: "200",
      ...quick,
      ...settings,
    };
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const postgres = program("postgres") ?? "postgres";
    const start = () =>
      Bun.spawn(unprivileged([postgres, "-D", this.#data, ...flags]), {
        stdin: "ignore",
        stdout: "ignore",
        stderr: Bun.file(path.join(this.#folder, "log")),
      });
    let running = start();
    this.#process = running;
    await until(() => {
      // A process of one that was killed may be there for another moment, and keeps it out.
      if (running.exitCode !== null) this.#process = running = start();
      return this.query("postgres", "select 1").then(
        () => true,
        () => false,
      );
    });
  }

  url(database: string, more = ""): string {
    return `postgres://weir@127.0.0.1:${this.port}/${database}${more}`;
  }

  /** Of the process that has started the others. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get socketFolder(): string {
    return this.#folder;
  }

  query(database: string, text: string): Promise<Record<string, unknown>[]> {
    return queryAt(this.url(database), text);
  }

  /** All processes of it at once, as when the machine goes. */
  async kill(): Promise<void> {
    for (const pid of this.#pids()) signal(pid, "SIGKILL");
    await this.#process?.exited;
  }

  /** It is there, and does nothing. */
  pause(): void {
    stopped(this.#pids());
    // One more that it has begun meanwhile.
    stopped(this.#pids());
  }

  resume(): void {
    for (const pid of this.#pids()) signal(pid, "SIGCONT");
  }

  async stop(): Promise<void> {
    this.resume();
    this.#process?.kill("SIGINT");
    await this.#process?.exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The server and the processes that it has started. */
  #pids(): number[] {
    const { pid } = this.#process ?? {};
    if (pid === undefined) return [];
    const { stdout } = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", String(pid)]);
    return [pid, ...stdout.toString().split(/\s+/).filter(Boolean).map(Number)];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

type Rows = Record<string, unknown>[];

export async function queryAt(url: string, text: string): Promise<Rows> {
  const [rows = []] = await queriesAt(url, [text]);
  return rows;
}

/** Several, on one connection. */
export async function queriesAt(url: string, texts: readonly string[]): Promise<Rows[]> {
  const client = new SQL(url, { max: 1, connectionTimeout: 5, bigint: true });
  try {
    const answers: Rows[] = [];
    for (const text of texts) answers.push(plain((await client.unsafe(text)) as Rows));
    return answers;
  } finally {
    await client.close();
  }
}

function plain(rows: Rows): Rows {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === "bigint" ? Number(value) : value,
      ]),
    ),
  );
}

/** Every row of every table of ours. */
export async function wholeText(url: string): Promise<string> {
  const tables = await queryAt(url, ownTables);
  const texts = tables.map(async ({ name }) => {
    const rows = await queryAt(url, `select t::text as line from public."${String(name)}" t`);
    return rows.map(({ line }) => String(line)).join("\n");
  });
  return (await Promise.all(texts)).join("\n");
}

/** One for all test files of this process. */
const own = globalThis as { weirTestPostgres?: Promise<string> };

function serverUrl(): Promise<string> {
  const given = process.env[shared];
  if (given) return Promise.resolve(given);
  own.weirTestPostgres ??= PostgresServer.start().then((server) => server.url("postgres"));
  return own.weirTestPostgres;
}

export interface TestDatabase {
  url: string;
  query(text: string): Promise<Record<string, unknown>[]>;
  remove(): Promise<void>;
}

/** A new database with nothing in it. */
export function emptyDatabase(): Promise<TestDatabase> {
  return databaseLike("template0");
}

/** The same, as the newest schema makes it where the server is shared: to copy that takes a fifth of what making it does. */
export function databaseToStartOn(): Promise<TestDatabase> {
  return databaseLike(process.env[shared] ? templateName : "template0");
}

async function databaseLike(template: string): Promise<TestDatabase> {
  const server = await serverUrl();
  const name = `weir_${crypto.randomUUID().replaceAll("-", "")}`;
  await queryAt(server, `create database ${name} template ${template}`);
  return {
    ...databaseAt(atDatabase(server, name)),
    remove: async () => void (await queryAt(server, `drop database ${name} with (force)`)),
  };
}

export function databaseAt(url: string) {
  return { url, query: (text: string) => queryAt(url, text) };
}

function atDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** A query for the names of our tables. */
export const ownTables = `select tablename as name from pg_tables
  where schemaname = 'public' and tablename not like 'kysely%'`;
