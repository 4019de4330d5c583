import { expect, test } from "bun:test";
import { StoreUnavailableError } from "../../../src/blobs/contract.ts";
import { examineBucket } from "../../../src/blobs/s3/examine.ts";
import { createLog } from "../../../src/lib/log.ts";
import { digestOf, hexOf } from "../../../src/oci/digest.ts";
import { testCertificate } from "../../fakes/certificate.ts";
import { sampleBytes } from "../../fakes/image.ts";
import { S3Faults } from "../../fakes/s3-faults.ts";
import { until } from "../../fakes/until.ts";
import { contentOf } from "../../suites/blobs.ts";
import {
  aBucketThat,
  all,
  blobs,
  bytes,
  clock,
  cutAfter,
  digest,
  failureOf,
  faults,
  isTail,
  lines,
  objects,
  open,
  prefix,
  read,
  server,
  small,
  smallDigest,
  stepping,
  store,
  streamOf,
  testBroken,
  withoutTails,
} from "./broken-bucket.ts";

aBucketThat(() => {
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

  testBroken("is gone, though its service answers: nothing is taken for absent", async () => {
    await store(small);
    server.hideBucket();
    const asks = [
      () => blobs.find(smallDigest, small.length),
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
    expect(await blobs.find(smallDigest, small.length)).toBeDefined();
  });

  test("answers with pages of something else: not taken for absent either", async () => {
    faults.fault = () => Promise.resolve(new Response("<html>not here</html>", { status: 404 }));
    expect(blobs.open(digest, 1, all)).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  testBroken(
    "does not answer: nobody waits for long, then not at all, until it does again",
    async () => {
      await store(small);
      const find = () => blobs.find(smallDigest, small.length);
      server.hang();
      for (let i = 0; i < 3; i++) {
        const began = clock.elapsed();
        expect(await failureOf(stepping(find()))).toBeInstanceOf(StoreUnavailableError);
        expect(clock.elapsed() - began).toBeLessThanOrEqual(13_000);
      }
      const asked = faults.seen.length;
      expect(find()).rejects.toThrow("is not asked now");
      expect(faults.seen).toHaveLength(asked);
      await server.heal();
      clock.step(60_000);
      expect(await find()).toBeDefined();
      expect(await find()).toBeDefined();
    },
  );

  test("cannot be reached at all: the same, and ready says why", async () => {
    await faults.stop();
    expect(await failureOf(blobs.find(digest, 1))).toBeInstanceOf(StoreUnavailableError);
    expect(await blobs.ready()).toEqual({
      ready: true,
      reason: "the bucket's endpoint cannot be reached",
    });
  });

  test("cuts a body: the same is asked for once more, of the same object", async () => {
    await store(bytes);
    let cuts = 0;
    faults.fault = withoutTails(({ method, headers }, pass) =>
      method === "GET" && headers.get("if-match") && cuts++ === 0
        ? cutAfter(pass, 100_000)
        : undefined,
    );
    expect(await read()).toEqual(bytes);
    expect(cuts).toBeGreaterThan(1);
    const windows = faults.seen.filter((one) => one.method === "GET" && !isTail(one));
    const ranges = windows.map(rangeOf);
    expect(ranges[0]).toBe("bytes=0-262143");
    // One of them twice, and each byte once otherwise.
    expect(ranges).toHaveLength(new Set(ranges).size + 1);
  });

  test("stalls in the middle of a body: the same is asked for once more, after half a minute", async () => {
    await store(bytes);
    const stalled = Promise.withResolvers<void>();
    let stalls = 0;
    faults.fault = withoutTails(({ method, headers }, pass) =>
      method === "GET" && headers.get("if-match") && stalls++ === 0
        ? cutAfter(pass, 100_000, stalled.promise)
        : undefined,
    );
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

  test("has another clock: its time is used", async () => {
    clock.step(-30 * 86_400_000);
    await store(small);
    expect(await blobs.find(smallDigest, small.length)).toBeDefined();
    expect(faults.count("PUT")).toBe(2);
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
