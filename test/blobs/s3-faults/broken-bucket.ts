import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from "bun:test";
import type { BlobStream } from "../../../src/blobs/contract.ts";
import type { BucketSettings } from "../../../src/blobs/s3/settings.ts";
import type { BucketStoreOptions } from "../../../src/blobs/s3/store.ts";
import { createLog } from "../../../src/lib/log.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { SteppedClock } from "../../fakes/clock.ts";
import { sampleBytes } from "../../fakes/image.ts";
import { errorDocument, type Fault, S3Faults, type SeenRequest } from "../../fakes/s3-faults.ts";
import { hasS3, isOurs, openBucketStore, S3Server, s3Test } from "../../fakes/s3-server.ts";
import { until } from "../../fakes/until.ts";
import { contentOf } from "../../suites/blobs.ts";

export const MiB = 1 << 20;
export const all = { range: undefined, as: "bytes" } as const;

/** Where the server itself is broken. */
export const testBroken = test.skipIf(!isOurs);

type Opened = Awaited<ReturnType<typeof openBucketStore>>;
export let server: S3Server;
export let faults: S3Faults;
export let clock: SteppedClock;
export let opened: Opened;
export let blobs: Opened["blobs"];
export let prefix: string;
export let lines: string[];
// Two parts of five MiB and a rest.
export const bytes = sampleBytes(12 * MiB, 3);
export const digest = digestOf(bytes);
export const small = sampleBytes(1000, 4);
export const smallDigest = digestOf(small);
export const parts = /partNumber=/;
export const completing = /\?uploadId=/;

export async function open(
  settings: Partial<BucketSettings> = {},
  options: Partial<BucketStoreOptions> = {},
): Promise<Opened> {
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  const all = { ...server.settings(prefix, faults.endpoint), ...settings };
  return openBucketStore(all, { clock, log, partBytes: 5 * MiB, ...options });
}

/** Tests of what a bucket does to its store: they share one server, which they break, each below a prefix of its own. */
export function aBucketThat(tests: () => void): void {
  if (!hasS3) s3Test("faults of a bucket", () => {});
  describe.skipIf(!hasS3)("a bucket that", () => {
    beforeAll(async () => {
      server = await S3Server.start();
    });
    beforeEach(async () => {
      faults = await S3Faults.start(server.endpoint);
      clock = new SteppedClock(Date.now());
      prefix = crypto.randomUUID();
      lines = [];
      opened = await open();
      blobs = opened.blobs;
    });
    afterEach(async () => {
      faults.fault = undefined;
      await server.heal();
      await opened.close();
      await faults.stop();
    });
    afterAll(() => server?.stop());
    tests();
  });
}

export async function spooled(content: Uint8Array) {
  const spool = await blobs.spool(digestOf(content), content.length);
  for (let at = 0; at < content.length; at += MiB) {
    await spool.append(content.subarray(at, at + MiB));
  }
  return spool;
}

export async function store(content: Uint8Array): Promise<void> {
  const spool = await spooled(content);
  try {
    await spool.commit(digestOf(content), true);
  } finally {
    await spool.discard();
    await spool.close();
  }
}

/** The outcome of something that waits, the clock going on meanwhile. */
export async function stepping<T>(work: Promise<T>, ms = 1000): Promise<T> {
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  over.catch(() => undefined); // it is awaited below
  await until(() => {
    if (!isOver) clock.step(ms);
    return isOver;
  });
  return over;
}

/** A request for the rest of a large blob, by a connection of its own; and how they are refused, for what comes then. */
export const isTail = ({ headers }: SeenRequest) => headers.get("connection") === "close";
export const withoutTails =
  (fault: Fault): Fault =>
  (request, pass) =>
    isTail(request) ? Promise.resolve(errorDocument(503, "SlowDown")) : fault(request, pass);

export const read = async () => contentOf(await blobs.open(digest, bytes.length, all));
export const uploads = async () =>
  (await server.bucket(prefix).multipart.list(`${prefix}/`)).uploads;
export const deny = () => Promise.resolve(errorDocument(403, "AccessDenied"));
export const objects = () => server.bucket(prefix).list(`${prefix}/`, undefined, 10);

/** What it failed with. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

export function streamOf(opened: { kind: string } | undefined): BlobStream {
  if (opened?.kind !== "stream") throw new Error("no stream");
  return (opened as unknown as { stream: BlobStream }).stream;
}

/** What the server answers, of which so many bytes come before it is cut. */
export async function cutAfter(
  pass: () => Promise<Response>,
  count: number,
  wait: Promise<unknown> = Bun.sleep(50),
): Promise<Response> {
  const answer = await pass();
  const bytes = await answer.bytes();
  let isSent = false;
  const body = new ReadableStream({
    async pull(controller) {
      if (!isSent) {
        isSent = true;
        return controller.enqueue(bytes.subarray(0, count));
      }
      await wait;
      controller.error(new Error("cut"));
    },
  });
  return new Response(body, {
    status: answer.status,
    headers: answer.headers,
  });
}
