import { accessSync, constants, readFileSync, statfsSync, statSync } from "node:fs";
import path from "node:path";
import type { BucketTrouble } from "./blobs/contract.ts";
import { examineBucket } from "./blobs/s3/examine.ts";
import type { Config } from "./config.ts";
import type { Clock } from "./lib/clock.ts";
import { deriveKey } from "./lib/keys.ts";
import { createLog, failureCode, type Log } from "./lib/log.ts";
import { createSealer, type Sealer } from "./lib/seal.ts";
import type { Upstream } from "./metadata/contract.ts";
import type { ExaminedDatabase } from "./metadata/examined.ts";
import { examinePostgres } from "./metadata/postgres/examine.ts";
import { examineSqlite } from "./metadata/sqlite/examine.ts";
import { createUpstreamClient } from "./upstream/client.ts";
import { type UnsureReason, UpstreamError } from "./upstream/contract.ts";
import { createWebClient } from "./upstream/web/client.ts";

/** What a server with this configuration would work with, looked at and left as it is. */
export interface Examination {
  folder: ExaminedFolder;
  /** Undefined: blobs are in the folder. */
  bucket: ExaminedBucket | undefined;
  /** Undefined: there is none yet, as before a first start. */
  database: Omit<ExaminedDatabase, "upstreams"> | undefined;
  /** Undefined where the database does not tell them. */
  upstreams: ExaminedUpstream[] | undefined;
}

export interface ExaminedFolder {
  path: string;
  state: "absent" | "usable" | "unusable";
  /** Why it is not usable. */
  problem: string | undefined;
  freeBytes: number | undefined;
  key: "given" | "there" | "absent" | "readable_by_others";
}

export interface ExaminedBucket {
  name: string;
  endpoint: string;
  /** Undefined: it can be read. `code`: its service's own word, or the system's. */
  failure: { trouble: BucketTrouble; code: string; message: string } | undefined;
}

export interface ExaminedUpstream {
  name: string;
  /** Names of others with the same URL and user name, for which this one was asked. */
  others: string[];
  url: string;
  /** Undefined: it answers as a registry. */
  failure: { reason: UnsureReason; message: string } | undefined;
  /** Milliseconds by which its clock is ahead of this machine's; undefined where it does not tell. */
  ahead: number | undefined;
}

export type Examine = (
  config: Config,
  around: { clock: Clock; version: string },
  /** Called before each upstream that is asked. */
  asking: (done: number, total: number, name: string) => void,
) => Promise<Examination>;

export const examine: Examine = async (config, around, asking) => {
  const { folder, secret } = examineFolder(config);
  const log = createLog(around.clock, "error", { write() {}, async flush() {} });
  const sealer = secret === undefined ? undefined : sealerOf(config, secret);
  const bucket = await askBucket(config, { clock: around.clock, log });
  const examined = await examineDatabase(config, { sealer, log });
  if (!examined) return { folder, bucket, database: undefined, upstreams: undefined };
  const { upstreams, ...database } = examined;
  const asked =
    upstreams && (await askUpstreams(config, alike(upstreams), { ...around, log }, asking));
  return { folder, bucket, database, upstreams: asked };
};

async function askBucket(
  { bucket }: Config,
  around: { clock: Clock; log: Log },
): Promise<ExaminedBucket | undefined> {
  if (!bucket) return undefined;
  const found = await examineBucket(bucket, around);
  const failure = found && { trouble: found.trouble, code: found.code, message: found.message };
  return { name: bucket.bucket, endpoint: bucket.endpoint, failure };
}

async function examineDatabase(
  { database, dataDir }: Config,
  around: { sealer: Sealer | undefined; log: Log },
): Promise<ExaminedDatabase | undefined> {
  if (database) return examinePostgres(database, around);
  const file = path.join(dataDir, "weir.db");
  const problem = problemOf(file);
  if (problem === undefined) return examineSqlite(file, around);
  if (problem === "ENOENT") return undefined;
  return {
    schema: undefined,
    damage: [],
    problem,
    upstreams: undefined,
    registries: undefined,
    sealed: [],
  };
}

/** Why something cannot even be looked at; `ENOENT`: it is not there. */
function problemOf(file: string): string | undefined {
  try {
    statSync(file);
    return undefined;
  } catch (error) {
    return failureCode(error);
  }
}

function examineFolder({ dataDir, secretKey }: Config): {
  folder: ExaminedFolder;
  secret: string | undefined;
} {
  const absent = {
    path: dataDir,
    state: "absent",
    problem: undefined,
    freeBytes: undefined,
  } as const;
  if (problemOf(dataDir) === "ENOENT") {
    const key = secretKey === undefined ? "absent" : "given";
    return { folder: { ...absent, key }, secret: secretKey };
  }
  const { key, secret } = readKey(dataDir, secretKey);
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(dataDir);
    return { folder: { ...absent, state: "usable", freeBytes: bavail * bsize, key }, secret };
  } catch (error) {
    return { folder: { ...absent, state: "unusable", problem: failureCode(error), key }, secret };
  }
}

function readKey(dataDir: string, given: string | undefined) {
  if (given !== undefined) return { key: "given", secret: given } as const;
  const file = path.join(dataDir, "secret.key");
  try {
    const secret = readFileSync(file, "utf8").trim();
    const isOpen = (statSync(file).mode & 0o077) !== 0;
    return { key: isOpen ? "readable_by_others" : "there", secret } as const;
  } catch {
    return { key: "absent", secret: undefined } as const; // or not for us to read, which is the same to us
  }
}

function sealerOf({ previousSecretKey }: Config, secret: string): Sealer {
  const purpose = "upstream passwords";
  const former = previousSecretKey === undefined ? [] : [deriveKey(previousSecretKey, purpose)];
  return createSealer(deriveKey(secret, purpose), ...former);
}

/** Those to ask, with the other names of each: the Dependency Proxies of all groups mostly have one and the same. */
function alike(upstreams: readonly Upstream[]): Map<Upstream, string[]> {
  const same = Map.groupBy(upstreams, ({ url, username }) => `${url} ${username ?? ""}`);
  return new Map(
    [...same.values()].flatMap(([first, ...rest]) => {
      if (!first) return [];
      const names = new Set(rest.map(({ name }) => name));
      names.delete(first.name);
      return [[first, [...names]] as const];
    }),
  );
}

const deadline = 10_000;

/** As a server would ask them: by its client, through the same guard. One after the other, so that nobody is rushed. */
async function askUpstreams(
  { allowedUpstreamAddresses: allowedAddresses }: Config,
  others: ReadonlyMap<Upstream, string[]>,
  { clock, version, log }: { clock: Clock; version: string; log: Log },
  asking: Parameters<Examine>[2],
): Promise<ExaminedUpstream[]> {
  const upstreams = [...others.keys()];
  const instanceId = crypto.randomUUID();
  const around = { clock, log, version, instanceId, allowedAddresses };
  // What is known of outages is the server's; here everybody is asked once.
  const states = { all: async () => [], save: async () => {} };
  const client = createUpstreamClient({ ...around, states, told: () => {} });
  const web = createWebClient(around);
  const asked: ExaminedUpstream[] = [];
  try {
    for (const [index, upstream] of upstreams.entries()) {
      const { id, name, url, ca } = upstream;
      asking(index, upstreams.length, name);
      const failure = await failureOf(() =>
        client.checkManifest(upstream, "library/alpine", { kind: "tag", tag: "latest" }, deadline),
      );
      let ahead: number | undefined;
      await failureOf(async () => {
        const request = {
          method: "GET",
          url: new URL(`${url}/v2/`),
          headers: {},
          body: undefined,
        } as const;
        const { headers } = await web.ask({ id, name, ca }, request);
        const date = Date.parse(headers.get("date") ?? "");
        if (!Number.isNaN(date)) ahead = date - clock.now();
      });
      asked.push({ name, others: others.get(upstream) ?? [], url, failure, ahead });
    }
    asking(upstreams.length, upstreams.length, "");
    return asked;
  } finally {
    web.close();
    await client.close();
  }
}

async function failureOf(ask: () => Promise<unknown>): Promise<ExaminedUpstream["failure"]> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { reason: error.reason, message: error.message };
  }
}
