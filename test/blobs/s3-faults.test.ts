import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import {
  type BlobStream,
  StoreFullError,
  StoreUnavailableError,
} from "../../src/blobs/contract.ts";
import { examineBucket } from "../../src/blobs/s3/examine.ts";
import { Orphans } from "../../src/blobs/s3/orphans.ts";
import type { BucketStoreOptions } from "../../src/blobs/s3/store.ts";
import type { BucketSettings } from "../../src/blobs/s3/settings.ts";
import { createLog } from "../../src/lib/log.ts";
import { digestOf, hexOf } from "../../src/oci/digest.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/image.ts";
import { errorDocument, type Fault, S3Faults } from "../fakes/s3-faults.ts";
import { bucketOf, hasS3, isOurs, openBucketStore, S3Server, s3Test } from "../fakes/s3-server.ts";
import { until } from "../fakes/until.ts";
import { contentOf } from "../suites/blobs.ts";

const MiB = 1 << 20;
const all = { range: undefined, as: "bytes" } as const;

if (!hasS3) s3Test("faults of a bucket", () => {});

/** Where the server itself is broken. */
const testBroken = test.skipIf(!isOurs);

describe.skipIf(!hasS3)("a bucket that", () => {
  type Opened = Awaited<ReturnType<typeof openBucketStore>>;
  let server: S3Server;
  let faults: S3Faults;
  let clock: SteppedClock;
  let opened: Opened;
  let blobs: Opened["blobs"];
  let prefix: string;
  let lines: string[];
  // Two parts of five MiB and a rest.
  const bytes = sampleBytes(12 * MiB, 3);
  const digest = digestOf(bytes);
  const small = sampleBytes(1000, 4);
  const smallDigest = digestOf(small);
  const parts = /partNumber=/;
  const completing = /\?uploadId=/;

  async function open(
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

  beforeEach(async () => {
    server ??= await S3Server.start();
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

  async function spooled(content: Uint8Array) {
    const spool = await blobs.spool(digestOf(content), content.length);
    for (let at = 0; at < content.length; at += MiB) {
      await spool.append(content.subarray(at, at + MiB));
    }
    return spool;
  }

  async function store(content: Uint8Array): Promise<void> {
    const spool = await spooled(content);
    try {
      await spool.commit(digestOf(content), true);
    } finally {
      await spool.discard();
      await spool.close();
    }
  }

  /** The outcome of something that waits, the clock going on meanwhile. */
  async function stepping<T>(work: Promise<T>, ms = 1000): Promise<T> {
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    over.catch(() => undefined); // it is awaited below
    await until(() => {
      if (!isOver) clock.step(ms);
      return isOver;
    });
    return over;
  }

  const read = async () => contentOf(await blobs.open(digest, bytes.length, all));
  const uploads = async () => (await server.bucket(prefix).uploads(`${prefix}/`)).uploads;
  const deny = () => Promise.resolve(errorDocument(403, "AccessDenied"));
  const objects = () => server.bucket(prefix).list(`${prefix}/`, undefined, 10);

  test("works: parts go up while the fill runs, signed and summed; nothing is there before the end", async () => {
    const spool = await spooled(bytes);
    await until(() => faults.count("PUT", parts) === 2);
    expect(await objects()).toEqual([]);
    expect(await blobs.has(digest, bytes.length)).toBe(false);
    await spool.commit(digest, true);
    await spool.discard();
    await spool.close();
    expect(await read()).toEqual(bytes);
    expect(await uploads()).toEqual([]);
    expect(readdirSync(opened.spool)).toEqual([]);
    const [first] = faults.seen.filter(({ method, path }) => method === "PUT" && parts.test(path));
    const sum = new Bun.CryptoHasher("sha256").update(bytes.subarray(0, 5 * MiB)).digest();
    expect(first?.headers.get("x-amz-content-sha256")).toBe(sum.toString("hex"));
    expect(first?.headers.get("x-amz-checksum-sha256")).toBe(sum.toString("base64"));
    expect([faults.count("PUT"), faults.count("POST")]).toEqual([3, 2]);
  });

  test("works: a small blob is one request, and a hit is one request", async () => {
    await store(small);
    expect(faults.seen.map(({ method }) => method)).toEqual(["PUT"]);
    expect(await contentOf(await blobs.open(smallDigest, small.length, all))).toEqual(small);
    expect(faults.seen.map(({ method }) => method)).toEqual(["PUT", "GET"]);
  });

  test("works: what has been read is not kept in memory", async () => {
    await store(bytes);
    const stream = streamOf(await blobs.open(digest, bytes.length, all));
    const windows = new Map<ArrayBufferLike, number>();
    let read = 0;
    for (let piece = await stream.next(); piece; piece = await stream.next()) {
      read += piece.length;
      windows.set(piece.buffer, (windows.get(piece.buffer) ?? 0) + piece.length);
      // All that was given out before is gone; only what this piece is of is there.
      const kept = [...windows.keys()].filter((buffer) => buffer.byteLength > 0);
      expect(kept).toEqual([piece.buffer]);
    }
    expect(read).toBe(bytes.length);
    expect(windows.size).toBeGreaterThan(2);
    expect(windows.keys().reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(0);
  });

  test("works: what is given up leaves no upload", async () => {
    const spool = await spooled(bytes);
    await until(() => faults.count("PUT", parts) === 2);
    await spool.discard();
    await spool.close();
    await until(() => faults.count("DELETE", completing) === 1);
    await until(async () => (await uploads()).length === 0);
    expect(await objects()).toEqual([]);
  });

  test("loses a part's connection: the part goes again", async () => {
    let cuts = 0;
    faults.fault = ({ path }) => {
      if (!/partNumber=2/.test(path) || cuts++ > 0) return undefined;
      return Promise.reject(new Error("cut"));
    };
    await store(bytes);
    expect(faults.count("PUT", /partNumber=2/)).toBe(2);
    expect(faults.count("PUT", /partNumber=1/)).toBe(1);
    expect(await read()).toEqual(bytes);
  });

  test("asks to slow down: it is waited for as long as it says", async () => {
    let asked = 0;
    faults.fault = ({ method }) =>
      method === "PUT" && asked++ === 0
        ? Promise.resolve(errorDocument(503, "SlowDown", { "retry-after": "3" }))
        : undefined;
    const stored = store(small);
    await until(() => lines.some((line) => line.includes('"code":"SlowDown"')));
    clock.step(2_900);
    await Bun.sleep(20);
    expect(faults.count("PUT")).toBe(1);
    clock.step(200);
    await stored;
    expect(faults.count("PUT")).toBe(2);
  });

  testBroken(
    "takes no more requests for the moment: what it has turned away is asked again later",
    async () => {
      await server.restart("--max-requests", "1");
      const leave = await server.occupy();
      const waiting = await open({}, { random: () => 1 });
      const spool = await waiting.blobs.spool(smallDigest, small.length);
      await spool.append(small);
      const stored = spool.commit(smallDigest, true);
      await until(() => clock.isDue(500));
      expect(lines.at(-1)).toContain('"code":"SlowDown"');
      leave();
      await until(() => server.isIdle());
      clock.step(500);
      await stored;
      await spool.close();
      await waiting.close();
      expect(await contentOf(await blobs.open(smallDigest, small.length, all))).toEqual(small);
    },
  );

  testBroken(
    "is killed in the middle of an upload, and started again: it is gone on with",
    async () => {
      const waiting = await open({}, { random: () => 1 });
      const begun = Promise.withResolvers<void>();
      const killed = Promise.withResolvers<void>();
      faults.fault = ({ path }, pass) => {
        if (!/partNumber=2/.test(path)) return undefined;
        begun.resolve();
        return killed.promise.then(pass);
      };
      const spool = await waiting.blobs.spool(digest, bytes.length);
      await spool.append(bytes);
      await begun.promise;
      await server.kill();
      faults.fault = undefined;
      killed.resolve();
      const committed = spool.commit(digest, true);
      await until(() => clock.isDue(500));
      expect(lines.at(-1)).toContain("bucket is asked again");
      await server.heal();
      let isOver = false;
      void committed.finally(() => (isOver = true)).catch(() => undefined);
      // Part after part may have to be sent again, each after half a second.
      await until(() => {
        if (clock.isDue(500)) clock.step(500);
        return isOver;
      });
      await committed;
      await spool.discard();
      await spool.close();
      await waiting.close();
      expect(await read()).toEqual(bytes);
      expect(await uploads()).toEqual([]);
    },
  );

  test("has lost an upload half way: nothing is stored, and the next fill is", async () => {
    const spool = await spooled(bytes);
    await until(() => faults.count("PUT", parts) === 2);
    const [upload] = await uploads();
    await server.bucket(prefix).abortUpload(upload?.key ?? "", upload?.uploadId ?? "");
    expect(await failureOf(spool.commit(digest, true))).toBeInstanceOf(StoreFullError);
    await spool.discard();
    await spool.close();
    expect(await objects()).toEqual([]);
    await store(bytes);
    expect(await read()).toEqual(bytes);
    await until(async () => (await uploads()).length === 0);
  });

  test("fails to complete, or says so in a 200: it is asked again", async () => {
    const answers = [
      () => errorDocument(500, "InternalError"),
      () => errorDocument(200, "InternalError"),
    ];
    faults.fault = ({ method, path }) => {
      const next = method === "POST" && completing.test(path) ? answers.shift() : undefined;
      return next && Promise.resolve(next());
    };
    await store(bytes);
    expect(faults.count("POST", completing)).toBe(3);
    expect(await read()).toEqual(bytes);
  });

  test("never completes: nothing is stored, and no upload stays", async () => {
    faults.fault = ({ method, path }) =>
      method === "POST" && completing.test(path)
        ? Promise.resolve(errorDocument(200, "InternalError"))
        : undefined;
    expect(await failureOf(store(bytes))).toBeInstanceOf(StoreFullError);
    expect(faults.count("POST", completing)).toBe(5);
    await until(async () => (await uploads()).length === 0);
    expect(await objects()).toEqual([]);
  });

  test("has completed though its answer was lost: that is seen", async () => {
    let lost = 0;
    faults.fault = ({ method, path }, pass) => {
      if (method !== "POST" || !completing.test(path) || lost++ > 0) return undefined;
      return pass().then(() => errorDocument(500, "InternalError"));
    };
    await store(bytes);
    expect(await read()).toEqual(bytes);
  });

  testBroken(
    "denies writing: fills are not begun for a while, reading goes on, and it is tried again",
    async () => {
      await store(small);
      await server.restart("--readonly");
      for (const seed of [11, 12, 13]) {
        expect(await failureOf(store(sampleBytes(100, seed)))).toBeInstanceOf(StoreFullError);
      }
      const asked = faults.count("PUT");
      expect(blobs.spool(digest, 1)).rejects.toThrow("the bucket denies access");
      expect(faults.count("PUT")).toBe(asked);
      expect(await contentOf(await blobs.open(smallDigest, small.length, all))).toEqual(small);
      expect(await blobs.ready()).toEqual({
        ready: true,
        reason: "the bucket denies access: see the credentials and its policy",
      });
      await server.heal();
      clock.step(60_000);
      await store(bytes);
      expect(await blobs.ready()).toEqual({ ready: true });
      expect(await read()).toEqual(bytes);
    },
  );

  testBroken("is gone, though its service answers: nothing is taken for absent", async () => {
    await store(small);
    server.hideBucket();
    const asks = [
      () => blobs.has(smallDigest, small.length),
      () => blobs.open(smallDigest, small.length, all),
      () => blobs.delete(smallDigest),
      () => blobs.list(undefined, 10),
    ];
    for (const ask of asks) {
      expect(await failureOf(ask())).toMatchObject({
        trouble: "no_bucket",
        message: "there is no such bucket",
      });
    }
    await server.heal();
    clock.step(60_000);
    expect(await blobs.has(smallDigest, small.length)).toBe(true);
  });

  test("answers with pages of something else: not taken for absent either", async () => {
    faults.fault = () => Promise.resolve(new Response("<html>not here</html>", { status: 404 }));
    expect(blobs.open(digest, 1, all)).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  testBroken(
    "does not answer: nobody waits for long, then not at all, until it does again",
    async () => {
      await store(small);
      const has = () => blobs.has(smallDigest, small.length);
      server.hang();
      for (let i = 0; i < 3; i++) {
        const began = clock.elapsed();
        expect(await failureOf(stepping(has()))).toBeInstanceOf(StoreUnavailableError);
        expect(clock.elapsed() - began).toBeLessThanOrEqual(13_000);
      }
      const asked = faults.seen.length;
      expect(has()).rejects.toThrow("is not asked now");
      expect(faults.seen).toHaveLength(asked);
      await server.heal();
      clock.step(60_000);
      expect(await has()).toBe(true);
      expect(await has()).toBe(true);
    },
  );

  test("cannot be reached at all: the same, and ready says why", async () => {
    await faults.stop();
    expect(await failureOf(blobs.has(digest, 1))).toBeInstanceOf(StoreUnavailableError);
    expect(await blobs.ready()).toEqual({
      ready: true,
      reason: "the bucket's endpoint cannot be reached",
    });
  });

  test("cuts a body: the same is asked for once more, of the same object", async () => {
    await store(bytes);
    let cuts = 0;
    faults.fault = ({ method, headers }, pass) =>
      method === "GET" && headers.get("if-match") && cuts++ === 0
        ? cutAfter(pass, 100_000)
        : undefined;
    expect(await read()).toEqual(bytes);
    expect(cuts).toBeGreaterThan(1);
    const ranges = faults.seen.filter(({ method }) => method === "GET").map(rangeOf);
    expect(ranges[0]).toBe("bytes=0-262143");
    // One of them twice, and each byte once otherwise.
    expect(ranges).toHaveLength(new Set(ranges).size + 1);
  });

  test("stalls in the middle of a body: the same is asked for once more, after half a minute", async () => {
    await store(bytes);
    const stalled = Promise.withResolvers<void>();
    let stalls = 0;
    faults.fault = ({ method, headers }, pass) =>
      method === "GET" && headers.get("if-match") && stalls++ === 0
        ? cutAfter(pass, 100_000, stalled.promise)
        : undefined;
    clock.step(1000);
    const reading = read();
    await until(() => stalls === 1 && clock.isDue(30_000));
    clock.step(30_000);
    expect(await reading).toEqual(bytes);
    expect(lines.find((line) => line.includes("is asked again"))).toContain('"code":"stalled"');
    stalled.resolve();
  });

  test("cuts the first body: it is known before anything is said of the blob", async () => {
    await store(bytes);
    faults.fault = ({ method }, pass) => (method === "GET" ? cutAfter(pass, 100_000) : undefined);
    expect(await failureOf(read())).toBeInstanceOf(StoreUnavailableError);
    expect(faults.count("GET")).toBe(2);
  });

  test("has another object in its place in the middle: the reader is cut", async () => {
    await store(bytes);
    const key = `${prefix}/blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}`;
    const other = sampleBytes(bytes.length, 77);
    const sha256 = new Bun.CryptoHasher("sha256").update(other).digest();
    const stream = streamOf(await blobs.open(digest, bytes.length, all));
    await server.bucket(prefix).put(key, { bytes: other, sha256 }, { isNew: false });
    expect(await stream.next()).toEqual(bytes.slice(0, 256 << 10));
    expect(await failureOf(stream.next())).toMatchObject({ code: "replaced" });
  });

  test("has an object of another size: it is removed before anything is said", async () => {
    const key = `${prefix}/blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}`;
    const sha256 = new Bun.CryptoHasher("sha256").update(small).digest();
    const spoil = () => server.bucket(prefix).put(key, { bytes: small, sha256 }, { isNew: false });
    await spoil();
    expect(await blobs.open(digest, bytes.length, all)).toBeUndefined();
    expect(await objects()).toEqual([]);
    await spoil();
    const part = { range: { first: 5000, last: 6000 }, as: "bytes" } as const;
    expect(await blobs.open(digest, bytes.length, part)).toBeUndefined();
    expect(await objects()).toEqual([]);
    await spoil();
    await store(bytes);
    expect(await read()).toEqual(bytes);
  });

  test("is given the same by two servers at once: both are content", async () => {
    const other = await open();
    const spools = [await spooled(bytes), await other.blobs.spool(digest, bytes.length)];
    await spools[1]?.append(bytes);
    await Promise.all(spools.map((spool) => spool.commit(digest, true)));
    for (const spool of spools) {
      await spool.discard();
      await spool.close();
    }
    await other.close();
    expect(await read()).toEqual(bytes);
    expect(await uploads()).toEqual([]);
    const ends = faults.seen.filter(
      ({ path, method }) => method === "POST" && completing.test(path),
    );
    expect(ends.map(({ headers }) => headers.get("if-none-match"))).toEqual(["*", "*"]);
  });

  test("does not know conditions: it is asked without", async () => {
    faults.fault = ({ headers }) =>
      headers.get("if-none-match")
        ? Promise.resolve(errorDocument(501, "NotImplemented"))
        : undefined;
    await store(small);
    await store(bytes);
    expect(faults.seen.filter(({ headers }) => headers.get("if-none-match"))).toHaveLength(1);
    expect(await read()).toEqual(bytes);
  });

  test("has another clock: its time is used", async () => {
    clock.step(-30 * 86_400_000);
    await store(small);
    expect(await blobs.has(smallDigest, small.length)).toBe(true);
    expect(faults.count("PUT")).toBe(2);
  });

  /** Uploads of keys that end in `old` are said to have been begun long ago. */
  const aged: Fault = ({ path }, pass) =>
    /\?.*uploads=/.test(path)
      ? pass().then(async (answer) => {
          const text = (await answer.text()).replace(/<Upload>[^]*?<\/Upload>/g, (upload) =>
            /old\d*<\/Key>/.test(upload)
              ? upload.replace(/<Initiated>[^<]*/, "<Initiated>2026-01-01T00:00:00Z")
              : upload,
          );
          return new Response(text);
        })
      : undefined;

  test("has uploads that were left behind: the old ones below our prefix are aborted, and no others", async () => {
    const bucket = server.bucket(prefix);
    await bucket.beginUpload(`${prefix}/blobs/sha256/aa/old`);
    await bucket.beginUpload(`${prefix}/blobs/sha256/aa/young`);
    await bucket.beginUpload(`${prefix}/else/old`);
    faults.fault = aged;
    clock.step(30_000);
    await until(() => lines.some((line) => line.includes("left behind are aborted")));
    const left = (await uploads()).map(({ key }) => key.slice(prefix.length));
    expect(left.sort()).toEqual(["/blobs/sha256/aa/young", "/else/old"]);
  });

  test("has more of them than a page: all are looked through, each page once, and one that fails holds up no others", async () => {
    const bucket = server.bucket(prefix);
    const names = ["old1", "old2", "old3", "young1", "young2", "young3", "old4", "old4", "old5"];
    // By their keys the young ones stand between the old ones, more than a page of them.
    const keys = names.map((name, i) => `${prefix}/blobs/sha256/aa/${Math.min(i, 7)}-${name}`);
    for (const key of [...keys.slice(0, 7), keys[6]!, keys[8]!]) await bucket.beginUpload(key);
    faults.fault = aged;
    const log = createLog(clock, "info", {
      write: (line) => void lines.push(line),
      async flush() {},
    });
    const asked = bucketOf(server.settings(prefix, faults.endpoint));
    const around = { bucket: asked, prefix: `${prefix}/blobs/`, clock, log, pageUploads: 2 };
    const orphans = new Orphans(around);
    faults.fault = (request, pass) =>
      request.method === "DELETE" && request.path.includes("old3") ? deny() : aged(request, pass);
    const pages = faults.count("GET", /[?&]uploads=/);
    await orphans.run();
    expect(await uploads()).toHaveLength(4);
    expect(lines.at(-2)).toContain('"code":"AccessDenied","uploads":1');
    expect(lines.at(-1)).toContain('"uploads":5');
    // Nine by two, no page twice, and the one that fails makes it no more.
    expect(faults.count("GET", /[?&]uploads=/) - pages).toBe(5);
    faults.fault = aged;
    await orphans.run();
    expect(lines.at(-1)).toContain('"uploads":1');
    expect((await uploads()).map(({ key }) => key.slice(-6)).sort()).toEqual([
      "young1",
      "young2",
      "young3",
    ]);
  });

  test("has a certificate of its own authority: that one is believed where it is named, else none", async () => {
    const secure = await S3Faults.start(server.endpoint, testCertificate);
    const { endpoint } = secure;
    const own = await open({ endpoint, ca: testCertificate.cert });
    const others = await open({ endpoint });
    await store(small);
    expect(await contentOf(await own.blobs.open(smallDigest, small.length, all))).toEqual(small);
    expect(await own.blobs.ready()).toEqual({ ready: true });
    const asked = secure.seen.length;
    expect(await failureOf(others.blobs.open(smallDigest, small.length, all))).toMatchObject({
      trouble: "untrusted",
      message: expect.stringContaining("WEIR_BLOBS_CA"),
    });
    expect(secure.seen).toHaveLength(asked);
    const examined = { ...server.settings(prefix, endpoint), ca: testCertificate.cert };
    const around = { clock, log: createLog(clock, "error", { write() {}, async flush() {} }) };
    expect(await examineBucket(examined, around)).toBeUndefined();
    expect(await examineBucket({ ...examined, bucket: "another" }, around)).toMatchObject({
      trouble: "no_bucket",
    });
    await own.close();
    await others.close();
    await secure.stop();
  });

  test("encrypts: new objects say with what", async () => {
    const encryption = { algorithm: "aws:kms", kmsKey: "a-key" } as const;
    const encrypting = await open({ encryption, checksums: false });
    faults.fault = () => Promise.resolve(new Response(null, { headers: { etag: '"x"' } }));
    const spool = await encrypting.blobs.spool(smallDigest, small.length);
    await spool.append(small);
    await spool.commit(smallDigest, true);
    await spool.discard();
    await spool.close();
    await encrypting.close();
    const { headers } = faults.seen.at(-1)!;
    expect(headers.get("x-amz-server-side-encryption")).toBe("aws:kms");
    expect(headers.get("x-amz-server-side-encryption-aws-kms-key-id")).toBe("a-key");
    expect(headers.get("x-amz-checksum-sha256")).toBeNull();
  });

  test("is to be asked by receivers themselves: a short address, which gives parts as well", async () => {
    const redirecting = await open({}, { redirect: true });
    await store(bytes);
    const address = { range: undefined, as: "address" } as const;
    const sent = await redirecting.blobs.open(digest, bytes.length, address);
    if (sent?.kind !== "address") throw new Error("no address");
    expect(sent.url).toContain("X-Amz-Expires=120");
    expect(digestOf(await (await fetch(sent.url)).bytes())).toBe(digest);
    const part = await fetch(sent.url, { headers: { range: "bytes=1-5" } });
    expect([part.status, await part.bytes()]).toEqual([206, bytes.slice(1, 6)]);
    expect(await redirecting.blobs.open(digestOf(small), 1000, address)).toBeUndefined();
    // Only receivers who ask for one get an address.
    expect((await redirecting.blobs.open(digest, bytes.length, all))?.kind).toBe("stream");
    await redirecting.close();
    expect(lines.some((line) => line.includes("Signature"))).toBe(false);
  });
});

const rangeOf = ({ headers }: { headers: Headers }) => headers.get("range");

/** What it failed with. */
function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function streamOf(opened: { kind: string } | undefined): BlobStream {
  if (opened?.kind !== "stream") throw new Error("no stream");
  return (opened as unknown as { stream: BlobStream }).stream;
}

async function cutAfter(
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
