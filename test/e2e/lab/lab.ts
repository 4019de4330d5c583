import { test } from "bun:test";
import { globSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Client, ClientKind } from "./clients/contract.ts";
import { databaseToStartOn, emptyDatabase, lackOfPostgres } from "../../fakes/postgres.ts";
import { hasS3, S3Server } from "../../fakes/s3-server.ts";
import { makeFolder, removeTree } from "./folders.ts";
import type { Images } from "./images.ts";
import type { Issuer } from "./issuer.ts";
import { NginxFront } from "./nginx.ts";
import { OciServer } from "./oci-server.ts";
import { tellJanitor } from "./processes.ts";
import { CountingProxy } from "./proxy.ts";
import { dockerRegistry, seededStorage, type TokenAuth, UpstreamRegistry } from "./registry.ts";
import { TokenServer, type TokenServerOptions } from "./token-server.ts";
import { everythingRequired, lacking, type Need } from "./tools.ts";
import { clone, Weir, type WeirOptions } from "./weir.ts";

// fetch would obey a proxy of the environment even for loopback addresses.
process.env["NO_PROXY"] = "127.0.0.1";

const pair = process.env["WEIR_E2E_PAIR"] ?? "embedded";
if (!["embedded", "postgres-s3"].includes(pair)) {
  throw new Error(`WEIR_E2E_PAIR: ${pair} is not embedded or postgres-s3`);
}
/** Whether servers have their database and blobs outside of the data folder; another run, at the same time, may not. */
export const isElsewhere = pair === "postgres-s3";

/** For what is tried as users of a clone have it; those who have the other pair have the executable. */
export const fromClone: Pick<WeirOptions, "program"> = isElsewhere ? {} : { program: clone };

let bucket: Promise<S3Server> | undefined;

/** One for all tests of this process, ended by the janitor. */
function bucketServer(): Promise<S3Server> {
  bucket ??= S3Server.start();
  return bucket;
}

/** What one test works with. All of it is stopped and removed when the test ends, however it ends. */
export class Lab {
  readonly #folder = makeFolder();
  readonly #stops: (() => Promise<unknown>)[] = [];
  #folders = 0;

  private constructor(
    readonly images: Images,
    private readonly storage: string,
  ) {
    tellJanitor("folder", this.#folder);
  }

  static async open(): Promise<Lab> {
    const { images, folder } = await seededStorage();
    return new Lab(images, folder);
  }

  /** A new empty folder. */
  folder(): string {
    const folder = path.join(this.#folder, String((this.#folders += 1)));
    mkdirSync(folder);
    return folder;
  }

  /** docker-registry with all images of the catalogue, or with a storage of its own that may be `writable`. */
  async registry(
    options: { auth?: TokenAuth; storage?: string; writable?: boolean } = {},
  ): Promise<UpstreamRegistry> {
    const { storage = this.storage, ...rest } = options;
    const registry = new UpstreamRegistry(this.folder(), storage, rest);
    this.#stops.push(() => registry.stop());
    await registry.start();
    return registry;
  }

  /** The other kind of registry, empty. */
  async ociServer(): Promise<OciServer> {
    const server = new OciServer(this.folder());
    this.#stops.push(() => server.stop());
    await server.start();
    return server;
  }

  async proxy(registry: { port: number }): Promise<CountingProxy> {
    const proxy = await CountingProxy.start(registry.port);
    this.#stops.push(proxy.close);
    return proxy;
  }

  async tokenServer(options: TokenServerOptions): Promise<TokenServer> {
    const server = await TokenServer.start(this.folder(), options);
    this.#stops.push(server.stop);
    return server;
  }

  /** An issuer of id tokens for these audiences. */
  async issuer(audiences: readonly string[]): Promise<Issuer> {
    // Its libraries take longer to load than all the rest, which each file of tests does.
    const made = (await import("./issuer.ts")).Issuer;
    const issuer = await made.start(audiences);
    this.#stops.push(issuer.stop);
    return issuer;
  }

  /** The server, its database and its blobs where `WEIR_E2E_PAIR` says, unless the test says where. */
  async weir(options: WeirOptions): Promise<Weir> {
    const weir = new Weir(this.folder(), { ...(await this.#stores()), ...options });
    this.#stops.push(() => weir.stop());
    await weir.start();
    return weir;
  }

  async #stores(): Promise<Pick<WeirOptions, "database" | "blobs">> {
    return isElsewhere ? this.elsewhere(databaseToStartOn) : {};
  }

  /** An empty database on PostgreSQL, and an empty place in a bucket. */
  async elsewhere(make = emptyDatabase) {
    const [database, server] = await Promise.all([make(), bucketServer()]);
    const prefix = `of-${crypto.randomUUID()}`;
    const blobs = { env: server.environment(prefix), folder: server.folder(prefix) };
    this.#stops.push(async () => {
      removeTree(blobs.folder);
      await database.remove();
    });
    return { database: database.url, blobs };
  }

  /** nginx, not yet started: it has to know its target, which may have to know its URL. */
  nginx(): NginxFront {
    const nginx = new NginxFront(this.folder());
    this.#stops.push(() => nginx.stop());
    return nginx;
  }

  async client<C extends Client>(kind: { start(folder: string): Promise<C> }): Promise<C> {
    const client = await kind.start(this.folder());
    this.#stops.push(() => client.close());
    return client;
  }

  /** Ends something else with the lab. */
  atEnd(stop: () => Promise<unknown>): void {
    this.#stops.push(stop);
  }

  /** The end of everything that was logged, for the report of a failure. */
  logs(): string {
    return globSync("*/*.log", { cwd: this.#folder })
      .map(
        (file) =>
          `--- ${file}\n${readFileSync(path.join(this.#folder, file), "utf8").slice(-4000)}`,
      )
      .join("\n");
  }

  /** Stops what was started, last first, and removes the folder; then throws what has failed in it first. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.#stops.toReversed()) {
      await stop().catch((error: unknown) => failures.push(error));
    }
    removeTree(this.#folder);
    tellJanitor("removed", this.#folder);
    if (failures.length > 0) throw failures[0];
  }
}

/** What `Lab.elsewhere` cannot do without. */
export const postgresAndBucket: readonly Need[] = [
  { name: "postgres", lacking: async () => lackOfPostgres() },
  { name: "versitygw", lacking: async () => (hasS3 ? undefined : "versitygw is not built") },
];
const ofThePair = isElsewhere ? postgresAndBucket : [];

interface Conditions {
  needs: readonly (Need | ClientKind)[];
  /** How long the test may take where it has the machine for itself. */
  seconds?: number;
}

/** How many times as long on a machine that many share. It costs nothing: only what hangs comes to this limit. */
const slack = 4;

/**
 * Defines a test with a lab of its own. Where something that it needs is missing it is skipped, with the reason in
 * its name; where everything is required it fails instead.
 */
export async function e2e(
  name: string,
  { needs, seconds = 90 }: Conditions,
  body: (lab: Lab) => Promise<void>,
): Promise<void> {
  const reasons = await lacking([dockerRegistry, ...ofThePair, ...needs]);
  const most = seconds * slack;
  const title = reasons.length > 0 ? `${name} (not run: ${reasons.join("; ")})` : name;
  const run = async () => {
    if (reasons.length > 0) throw new Error(reasons.join("; "));
    await withLab(most, body);
  };
  // The runner's own limit would leave everything running; it is only there should closing hang.
  const limit = (most + 120) * 1000;
  test.skipIf(reasons.length > 0 && !everythingRequired)(title, run, limit);
}

async function withLab(seconds: number, body: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await Lab.open();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`not done in ${seconds} s`)),
    seconds * 1000,
  );
  try {
    await Promise.race([body(lab), late.promise]);
  } catch (error) {
    process.stderr.write(`${lab.logs()}\n`);
    throw error;
  } finally {
    clearTimeout(timer);
    await lab.close();
  }
}
