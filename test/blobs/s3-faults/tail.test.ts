import { expect, test } from "bun:test";
import { type BlobStream, StoreUnavailableError } from "../../../src/blobs/contract.ts";
import { digestOf, hexOf } from "../../../src/oci/digest.ts";
import { testCertificate } from "../../fakes/certificate.ts";
import { sampleBytes } from "../../fakes/image.ts";
import { S3Faults, type Fault } from "../../fakes/s3-faults.ts";
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
  MiB,
  open,
  opened,
  prefix,
  read,
  server,
  stepping,
  store,
  streamOf,
  testBroken,
} from "./broken-bucket.ts";

const gets = () => faults.seen.filter((one) => one.method === "GET" && one.headers.has("range"));
const rangesOf = () => gets().map(({ headers }) => headers.get("range"));
const first = (256 << 10) - 1;
const rest = `bytes=${first + 1}-${bytes.length - 1}`;
const given = () => lines.find((line) => line.includes("bucket's connection ended early"));
const onTails =
  (fault: Fault): Fault =>
  (request, pass) =>
    isTail(request) ? fault(request, pass) : undefined;

/** What is left of a stream, from here on. */
async function restOf(stream: BlobStream): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let piece = await stream.next(); piece; piece = await stream.next()) {
    pieces.push(piece.slice());
  }
  return Buffer.concat(pieces);
}

/** So many bytes of it at least. */
async function begun(stream: BlobStream, count: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let size = 0; size < count; size += pieces.at(-1)!.length) {
    pieces.push((await stream.next())!.slice());
  }
  return Buffer.concat(pieces);
}

const opens = async () => streamOf(await blobs.open(digest, bytes.length, all));
const hashOf = (content: Uint8Array) =>
  new Bun.CryptoHasher("sha256").update(content).digest("hex");
const isWhole = (...pieces: Buffer[]) => hashOf(Buffer.concat(pieces)) === hexOf(digest);

aBucketThat(() => {
  test("has a large blob: all but its beginning comes in one answer, of the same object", async () => {
    await store(bytes);
    expect(await read()).toEqual(bytes);
    expect(rangesOf()).toEqual([`bytes=0-${first}`, rest]);
    expect(gets()[1]?.headers.get("if-match")).toBeTruthy();
    expect(given()).toBeUndefined();
    await until(() => faults.connections(isTail) === 0);
  });

  test("has a large blob of which a part is wanted: no more of it is asked for", async () => {
    await store(bytes);
    const range = { first: 1000, last: 8 * MiB };
    const part = await contentOf(await blobs.open(digest, bytes.length, { range, as: "bytes" }));
    expect(part).toEqual(bytes.slice(1000, 8 * MiB + 1));
    expect(rangesOf()).toEqual([`bytes=1000-${1000 + first}`, `bytes=${1001 + first}-${8 * MiB}`]);
  });

  const wrong: [string, (answer: Response) => Response | Promise<Response>][] = [
    ["without knowing of parts", async (answer) => new Response(await answer.bytes())],
    ["in chunks", (answer) => new Response(answer.body, { status: 206, headers: chunked(answer) })],
    ["with another ETag", (answer) => changed(answer, { etag: '"another"' })],
    ["with another part", (answer) => changed(answer, { "content-range": "bytes 0-9/10" })],
    ["not at all", () => Promise.reject(new Error("no"))],
    ["that it is busy", () => new Response("", { status: 503 })],
    ["that we may not", () => new Response("", { status: 403 })],
  ];
  for (const [name, make] of wrong) {
    test(`answers a connection of its own ${name}: the blob comes in windows`, async () => {
      await store(bytes);
      faults.fault = onTails((_, pass) => pass().then(make));
      expect(await read()).toEqual(bytes);
      expect(gets().filter(isTail)).toHaveLength(1);
      expect(gets().length).toBeGreaterThan(3);
      expect(given()).toBeDefined();
      // It counts for nothing.
      expect(lines.some((line) => line.includes("bucket did not do"))).toBe(false);
    });
  }

  test("cuts it in the middle: what has come is not asked for again", async () => {
    await store(bytes);
    faults.fault = onTails((_, pass) => cutAfter(pass, 3 * MiB));
    expect(await read()).toEqual(bytes);
    const windows = gets().filter((one) => !isTail(one));
    const [, next] = windows.map(({ headers }) =>
      Number(/=(\d+)/.exec(headers.get("range")!)?.[1]),
    );
    expect(next).toBeGreaterThan(first + 1);
    expect(next).toBeLessThanOrEqual(first + 1 + 3 * MiB);
    expect(given()).toContain('"code":"cut"');
  });

  test("stalls in the middle of it: windows are asked for after half a minute", async () => {
    await store(bytes);
    const stalled = Promise.withResolvers<void>();
    faults.fault = onTails((_, pass) => cutAfter(pass, MiB, stalled.promise));
    const stream = await opens();
    const before = await begun(stream, 512 << 10);
    const reading = restOf(stream);
    await until(() => clock.isDue(30_000));
    clock.step(30_000);
    expect(isWhole(before, await reading)).toBe(true);
    expect(given()).toContain('"code":"stalled"');
    stalled.resolve();
  });

  test("gets another object in the middle of it: the reader is given the first one, or is cut", async () => {
    await store(bytes);
    const key = `${prefix}/blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}`;
    const other = sampleBytes(bytes.length, 77);
    const sha256 = new Bun.CryptoHasher("sha256").update(other).digest();
    const stream = await opens();
    const before = await begun(stream, MiB);
    await server.bucket(prefix).put(key, { bytes: other, sha256 }, { isNew: false });
    const after = await restOf(stream).catch((error: { code?: string }) => error);
    if (Buffer.isBuffer(after)) expect(isWhole(before, after)).toBe(true);
    else expect(after.code).toBe("replaced");
    expect(await read()).toEqual(other);
  });

  test("gets another object, and cuts what was under way: the reader is cut", async () => {
    await store(bytes);
    const key = `${prefix}/blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}`;
    const other = sampleBytes(bytes.length, 77);
    const sha256 = new Bun.CryptoHasher("sha256").update(other).digest();
    const cutting = Promise.withResolvers<void>();
    faults.fault = onTails((_, pass) => cutAfter(pass, 2 * MiB, cutting.promise));
    const stream = await opens();
    await begun(stream, MiB);
    await server.bucket(prefix).put(key, { bytes: other, sha256 }, { isNew: false });
    cutting.resolve();
    expect(await failureOf(restOf(stream))).toMatchObject({ code: "replaced" });
  });

  testBroken("is killed in the middle of it, and comes back: the reader gets all", async () => {
    await store(bytes);
    const own = await open({ endpoint: server.endpoint });
    const stream = streamOf(await own.blobs.open(digest, bytes.length, all));
    const before = await begun(stream, MiB);
    await server.restart();
    expect(isWhole(before, await restOf(stream))).toBe(true);
    expect(given()).toBeDefined();
    await own.close();
  });

  testBroken("is killed in the middle of it, and stays so: the reader is cut", async () => {
    await store(bytes);
    const own = await open({ endpoint: server.endpoint });
    const stream = streamOf(await own.blobs.open(digest, bytes.length, all));
    await begun(stream, MiB);
    await server.kill();
    const failure = await failureOf(stepping(restOf(stream)));
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(given()).toBeDefined();
    await server.heal();
    await own.close();
  });

  testBroken("hangs in the middle of it: the reader is cut, and not before a minute", async () => {
    const large = sampleBytes(64 * MiB, 8);
    await store(large);
    const own = await open({ endpoint: server.endpoint });
    const stream = streamOf(await own.blobs.open(digestOf(large), large.length, all));
    await begun(stream, MiB);
    server.hang();
    const began = clock.elapsed();
    expect(await failureOf(stepping(restOf(stream)))).toMatchObject({ trouble: "timeout" });
    expect(clock.elapsed() - began).toBeGreaterThanOrEqual(60_000);
    expect(clock.elapsed() - began).toBeLessThanOrEqual(90_000);
    await server.heal();
    await own.close();
  });

  test("has a reader that rests for an hour and goes on: it gets all, by the same connection", async () => {
    await store(bytes);
    const stream = await opens();
    const before = await begun(stream, MiB);
    clock.step(3_600_000);
    expect(isWhole(before, await restOf(stream))).toBe(true);
    expect(gets()).toHaveLength(2);
  });

  test("has a reader that leaves: its connection is closed, and nothing is asked for any more", async () => {
    await store(bytes);
    const stream = await opens();
    await begun(stream, MiB);
    const pending = clock.pending;
    await stream.cancel();
    await until(() => faults.connections(isTail) === 0);
    expect(clock.pending).toBeLessThanOrEqual(pending);
    expect(await failureOf(restOf(stream))).toMatchObject({ name: "AbortError" });
    expect(gets()).toHaveLength(2);
  });

  test("has a reader whose server ends: cut at once, and its connection is closed", async () => {
    await store(bytes);
    const stream = await opens();
    await begun(stream, MiB);
    const closing = opened.blobs.close();
    expect(await failureOf(stepping(restOf(stream)))).toMatchObject({ trouble: "ending" });
    await closing;
    await until(() => faults.connections(isTail) === 0);
  });

  test("has more readers than connections: the others read in windows", async () => {
    const content = sampleBytes(5 * MiB, 9);
    await store(content);
    const some = async () => streamOf(await blobs.open(digestOf(content), content.length, all));
    const streams = await Promise.all(Array.from({ length: 66 }, some));
    await Promise.all(streams.map((stream) => stream.next()));
    await until(() => gets().filter(isTail).length === 64);
    const rests = await Promise.all(streams.map(restOf));
    for (const got of rests) expect(got.equals(content.subarray(first + 1))).toBe(true);
    expect(gets().filter(isTail)).toHaveLength(64);
    // And those that have ended make room.
    expect((await restOf(await some())).equals(content)).toBe(true);
    expect(gets().filter(isTail)).toHaveLength(65);
  });

  test("has been failing: no connection is tried while it rests", async () => {
    await store(bytes);
    const stream = await opens();
    const answers = faults.fault;
    faults.fault = () => Promise.resolve(new Response("", { status: 500 }));
    for (let i = 0; i < 3; i++) await failureOf(stepping(blobs.find(digest, bytes.length)));
    faults.fault = answers;
    await stream.next();
    expect(gets().some(isTail)).toBe(false);
    await until(() => clock.isDue(500));
    clock.step(60_000);
    expect((await restOf(stream)).equals(bytes.subarray(first + 1))).toBe(true);
    expect(gets().some(isTail)).toBe(false);
  });

  test("is seen to work by what a connection is answered", async () => {
    await store(bytes);
    const fail = () => Promise.resolve(new Response("", { status: 500 }));
    for (let i = 0; i < 4; i++) {
      faults.fault = undefined;
      const stream = await opens();
      faults.fault = ({ method }) => (method === "HEAD" ? fail() : undefined);
      for (let k = 0; k < 2; k++) await failureOf(stepping(blobs.find(digest, bytes.length)));
      await restOf(stream);
    }
    expect(lines.some((line) => line.includes("left alone"))).toBe(false);
  });

  test("has a certificate of its own authority: the connection is made with it", async () => {
    const secure = await S3Faults.start(server.endpoint, testCertificate);
    const own = await open({ endpoint: secure.endpoint, ca: testCertificate.cert });
    await store(bytes);
    expect(await contentOf(await own.blobs.open(digest, bytes.length, all))).toEqual(bytes);
    expect(secure.seen.filter(({ method }) => method === "GET").map(isTail)).toEqual([false, true]);
    await own.close();
    await secure.stop();
  });
});

function chunked(answer: Response): Headers {
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return headers;
}

function changed(answer: Response, fields: Record<string, string>): Response {
  const headers = { ...Object.fromEntries(answer.headers), ...fields };
  return new Response(answer.body, { status: answer.status, headers });
}
