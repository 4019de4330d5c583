import { test } from "bun:test";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { Bucket } from "../../src/blobs/s3/bucket.ts";
import { Requests } from "../../src/blobs/s3/requests.ts";
import { BucketBlobStore, type BucketStoreOptions } from "../../src/blobs/s3/store.ts";
import type { BucketSettings } from "../../src/blobs/s3/settings.ts";
import { emptyHash, signHeaders, unsignedPayload } from "../../src/blobs/s3/signing.ts";
import { BucketTransport } from "../../src/blobs/s3/transport.ts";
import { stopped } from "./stopped.ts";
import { until } from "./until.ts";
import { accepts, freePort, Service, tellJanitor } from "../e2e/lab/processes.ts";

/** Where `scripts/build-go.sh` puts it. */
const built = path.join(import.meta.dir, "../../.cache/s3-server");

/** Versity's S3 gateway over a folder: a real server that is up at once. Undefined where it has not been built. */
export const s3Program = Bun.which("versitygw", {
  PATH: `${built}:${process.env["PATH"] ?? ""}`,
});

/** Another server to be tested with, such as Ceph's: its address, and the login that is given as for the server itself. */
const other = process.env["WEIR_TEST_S3_ENDPOINT"];
const credentials = {
  accessKeyId: (other && process.env["AWS_ACCESS_KEY_ID"]) || "testkey",
  secretAccessKey: (other && process.env["AWS_SECRET_ACCESS_KEY"]) || "testsecret",
  sessionToken: undefined,
};
/** Whether there is a server to be tested with. */
export const hasS3 = Boolean(other || s3Program);
/** Whether it can be killed, stopped and started otherwise. */
export const isOurs = !other;
export const bucketName = "weir-test";
const hidden = "taken-away";

/** A server with one empty bucket, which lives as long as the test process or until it is stopped. */
export class S3Server {
  readonly endpoint: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "weir-s3-"));
  readonly #port = freePort();
  #service: Service | undefined;
  #isBroken = false;

  private constructor() {
    this.endpoint = other ?? `http://127.0.0.1:${this.#port}`;
    if (other) return;
    tellJanitor("folder", this.#folder);
    this.#service = this.#run([]);
  }

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    const isUp = async () => (await server.#makeBucket()) === 200;
    await (server.#service?.ready(isUp) ?? isUp());
    return server;
  }

  #run(more: readonly string[]): Service {
    if (!s3Program) throw new Error("versitygw is not built: see scripts/build-go.sh");
    const { accessKeyId, secretAccessKey } = credentials;
    const login = ["--access", accessKeyId, "--secret", secretAccessKey];
    const address = ["--port", `127.0.0.1:${this.#port}`, "--quiet", "--keep-alive"];
    const command = [s3Program, ...address, ...login, ...more, "posix", this.#folder];
    return Service.start("versitygw", tmpdir(), command, {});
  }

  /** Ours to be broken. */
  #own(): Service {
    if (!this.#service) throw new Error("only versitygw is broken: unset WEIR_TEST_S3_ENDPOINT");
    this.#isBroken = true;
    return this.#service;
  }

  /** kill -9, until `restart` or `heal`. */
  kill(): Promise<void> {
    return this.#own().kill();
  }

  /** With the same objects and address; `more`: arguments, such as `--readonly`. */
  async restart(...more: string[]): Promise<void> {
    await this.kill();
    this.#service = this.#run(more);
    await this.#service.ready(() => accepts(this.#port));
  }

  /** It stops in the middle of what it does; connections are made all the same. */
  hang(): void {
    stopped([this.#own().pid]);
  }

  /** Has a request under way until what is returned is called; with `--max-requests 1` it takes no other. */
  async occupy(): Promise<() => void> {
    this.#own();
    const signed = this.#signed("PUT", `/${bucketName}/occupied`, unsignedPayload);
    const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`);
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: this.#port,
      socket: { data() {} },
    });
    const { host, pathname } = signed.url;
    const head = [
      `PUT ${pathname} HTTP/1.1`,
      `host: ${host}`,
      `content-length: ${1 << 20}`,
      ...lines,
    ];
    // Short bodies it would wait for before it begins.
    socket.write(`${head.join("\r\n")}\r\n\r\n${"x".repeat(64 << 10)}`);
    await until(async () => !(await this.isIdle()));
    return () => socket.terminate();
  }

  /** Whether it takes requests. */
  async isIdle(): Promise<boolean> {
    return (await fetch(this.endpoint)).status !== 503;
  }

  /** Takes the bucket away, with all that is in it. */
  hideBucket(): void {
    this.#own();
    renameSync(path.join(this.#folder, bucketName), path.join(this.#folder, hidden));
  }

  /** It is as it was, whatever was done to it. */
  async heal(): Promise<void> {
    if (!this.#isBroken) return;
    const aside = path.join(this.#folder, hidden);
    if (existsSync(aside)) renameSync(aside, path.join(this.#folder, bucketName));
    await this.restart();
    this.#isBroken = false;
  }

  /** Of the bucket, with a prefix of its own. */
  settings(prefix: string, endpoint = this.endpoint): BucketSettings {
    return {
      endpoint,
      region: "us-east-1",
      bucket: bucketName,
      prefix,
      addressing: "path",
      encryption: undefined,
      checksums: true,
      credentials: { kind: "given", ...credentials },
      ca: undefined,
    };
  }

  /** The same as the server is told it. */
  environment(prefix: string, endpoint = this.endpoint): Record<string, string> {
    return {
      WEIR_BLOBS_URL: `s3://${bucketName}/${prefix}?endpoint=${encodeURIComponent(endpoint)}`,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
  }

  /** Where the server keeps the objects of the prefix whose names begin with `blobs/`. */
  folder(prefix: string): string {
    if (other) throw new Error("only versitygw's objects are files: unset WEIR_TEST_S3_ENDPOINT");
    return path.join(this.#folder, bucketName, prefix, "blobs");
  }

  /** The bucket itself, past whatever stands in between. */
  bucket(prefix: string): Bucket {
    return bucketOf(this.settings(prefix));
  }

  async #makeBucket(): Promise<number> {
    const { url, headers } = this.#signed("PUT", `/${bucketName}`, emptyHash);
    const answer = await fetch(url, { method: "PUT", headers }).catch(() => undefined);
    return answer?.status ?? 0;
  }

  #signed(method: string, path: string, payloadHash: string) {
    const url = new URL(path, this.endpoint);
    const signing = { credentials, region: "us-east-1", service: "s3", now: Date.now() };
    const headers = { "x-amz-content-sha256": payloadHash };
    return { url, headers: signHeaders({ method, url, headers, payloadHash }, signing) };
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function bucketOf(settings: BucketSettings): Bucket {
  const clock = systemClock;
  const log = createLog(clock, "error", { write() {}, async flush() {} });
  const transport = new BucketTransport(clock, settings.ca);
  return new Bucket(new Requests({ settings, transport, clock, log, random: () => 0 }), settings);
}

/** A test that needs a real server: where there is none it is skipped, with the reason in its name; in CI it fails. */
export function s3Test(name: string, body: () => void | Promise<void>, ms?: number): void {
  const isRequired = ["true", "1"].includes(process.env["CI"] ?? "");
  const title = hasS3 ? name : `${name} (not run: versitygw is not built, see docs/testing.md)`;
  const run = hasS3
    ? body
    : () => {
        throw new Error("versitygw is not built: see scripts/build-go.sh");
      };
  test.skipIf(!hasS3 && !isRequired)(title, run, ms);
}

/** A store in a bucket, its spool in a folder of its own. */
export async function openBucketStore(
  settings: BucketSettings,
  options: Partial<BucketStoreOptions> = {},
) {
  const root = mkdtempSync(path.join(tmpdir(), "weir-blobs-"));
  const log = createLog(systemClock, "error", { write() {}, async flush() {} });
  const around = { clock: systemClock, log, random: () => 0, redirect: false, minFreeBytes: 0 };
  const blobs = await BucketBlobStore.open({ settings, root, ...around, ...options });
  return {
    blobs,
    spool: path.join(root, "spool"),
    async close() {
      await blobs.close();
      rmSync(root, { recursive: true });
    },
  };
}
