import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls, { rootCertificates } from "node:tls";
import fc from "fast-check";
import { Tail } from "../../src/blobs/s3/tail.ts";
import { BucketTransport } from "../../src/blobs/s3/transport.ts";
import { BucketError } from "../../src/blobs/s3/trouble.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/image.ts";
import { until } from "../fakes/until.ts";

const KiB = 1 << 10;
const MiB = 1 << 20;
const etag = '"one"';
/** Taken from the kernel: 128 KiB and what comes at a time, and that once more, since node's `pause` is late (Bun 1.4.5). */
const mostAhead = (128 + 2 * 512) * KiB;
const content = sampleBytes(8 * MiB, 5);

/** What is answered to a tail of these bytes. */
function answer(bytes: Uint8Array): Buffer {
  const [size, last] = [bytes.length + 1, bytes.length];
  const range = `bytes 1-${last}/${size}`;
  const head = `HTTP/1.1 206 x\r\ncontent-range: ${range}\r\ncontent-length: ${bytes.length}\r\netag: ${etag}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

describe("a connection of its own", () => {
  let clock: SteppedClock;
  let listener: net.Server;
  let sockets: net.Socket[];
  let requests: string[];
  let dialled: Duplex[];
  let told: (string | undefined)[];
  let serve: (socket: net.Socket) => unknown;
  const closing = () => new AbortController();

  beforeEach(async () => {
    clock = new SteppedClock();
    [sockets, requests, dialled, told] = [[], [], [], []];
    listener = net.createServer((socket) => take(socket));
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });

  function take(socket: net.Socket): void {
    sockets.push(socket);
    socket.on("error", () => {}); // the other side leaves as it likes
    socket.once("data", (data: Buffer) => {
      requests.push(data.toString());
      void serve(socket);
    });
  }

  function begin(size: number, signal = closing().signal, ca?: string, host = "127.0.0.1"): Tail {
    const { port } = listener.address() as net.AddressInfo;
    const url = new URL(`http${ca === undefined ? "" : "s"}://${host}:${port}/x`);
    const transport = new BucketTransport(systemClock, ca);
    return new Tail({
      clock,
      dial: (connected) => {
        const socket = transport.dial(url, connected);
        dialled.push(socket);
        return socket;
      },
      request: "GET /x HTTP/1.1\r\n\r\n",
      expected: { range: { first: 1, last: size }, size: size + 1, etag },
      signal,
      answered: () => void told.push("answered"),
      over: (code) => void told.push(code ?? "over"),
    });
  }

  async function all(tail: Tail): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await tail.next(); chunk; chunk = await tail.next()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Nothing of it is left: no connection, no timer. */
  async function isGone(): Promise<void> {
    await until(() => sockets.every(({ destroyed }) => destroyed));
    expect(dialled.every(({ destroyed }) => destroyed)).toBe(true);
    expect(clock.pending).toBe(0);
  }

  test("gives all bytes, and is closed when the last has come", async () => {
    serve = (socket) => socket.write(answer(content));
    const tail = begin(content.length);
    expect(digest(await all(tail))).toBe(digest(content));
    expect(told).toEqual(["answered", "over"]);
    expect(requests).toEqual(["GET /x HTTP/1.1\r\n\r\n"]);
    await isGone();
  });

  test("gives them however they are cut on their way, and nothing that comes behind", async () => {
    const bytes = content.subarray(0, 1000);
    const whole = Buffer.concat([answer(bytes), Buffer.from("more than was said")]);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(whole.length)), async (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), whole.length];
        serve = async (socket) => {
          socket.setNoDelay(true);
          let from = 0;
          for (const end of ends) {
            socket.write(whole.subarray(from, end));
            from = end;
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        expect(digest(await all(begin(bytes.length)))).toBe(digest(bytes));
      }),
      { numRuns: 40 },
    );
    await isGone();
  });

  test("gives what came before it was cut, and then no more", async () => {
    serve = (socket) => socket.end(answer(content).subarray(0, 100_000));
    const got = await all(begin(content.length));
    expect(got.equals(content.subarray(0, got.length))).toBe(true);
    expect(told).toEqual(["answered", "cut"]);
    await isGone();
  });

  test.each([
    ["another answer", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"],
    ["no HTTP at all", "x".repeat(20 * KiB)],
    ["a refusal", "HTTP/1.1 403 no\r\ncontent-length: 0\r\n\r\n"],
  ])("gives nothing of %s", async (_, text) => {
    serve = (socket) => socket.write(text);
    expect(await begin(content.length).next()).toBeUndefined();
    expect(told).toEqual(["another part"]);
    await isGone();
  });

  test("is given up where nobody listens", async () => {
    listener.close();
    await once(listener, "close");
    const port = listener.address() ?? { port: 1 };
    listener.address = () => port as net.AddressInfo;
    expect(await begin(100).next()).toBeUndefined();
    expect(told).toEqual(["ECONNREFUSED"]);
    await isGone();
  });

  test("is given up without a head in five seconds, also of one that goes on and on", async () => {
    serve = (socket) => socket.write("HTTP/1.1 206 x\r\n");
    const tail = begin(100);
    const next = tail.next();
    await until(() => requests.length === 1 && clock.isDue(5000));
    clock.step(4999);
    sockets[0]?.write("x: y\r\n");
    await new Promise((resolve) => setImmediate(resolve));
    clock.step(1);
    expect(await next).toBeUndefined();
    expect(told).toEqual(["timeout"]);
    await isGone();
  });

  test("is given up when no byte has come for half a minute of somebody's wait, and not before", async () => {
    serve = (socket) => socket.write(answer(content).subarray(0, 1000));
    const tail = begin(content.length);
    const first = (await tail.next())!;
    clock.step(3_600_000); // nobody waits
    const second = tail.next();
    clock.step(29_999);
    sockets[0]?.write(content.subarray(first.length, first.length + 5));
    expect(await second).toEqual(content.slice(first.length, first.length + 5));
    const third = tail.next();
    clock.step(30_000);
    expect(await third).toBeUndefined();
    expect(told).toEqual(["answered", "stalled"]);
    await isGone();
  });

  test("takes little ahead of readers that rest, however long, and goes on when they do", async () => {
    const bytes = content.subarray(0, 3 * MiB);
    const whole = answer(bytes);
    serve = (socket) => socket.write(whole);
    const tails = Array.from({ length: 32 }, () => begin(bytes.length));
    await until(() => told.length === tails.length);
    await Bun.sleep(200);
    clock.step(3_600_000);
    expect(clock.pending).toBe(0);
    for (const socket of dialled as net.Socket[]) {
      expect(socket.isPaused()).toBe(true);
      expect(socket.bytesRead).toBeLessThanOrEqual(mostAhead);
    }
    for (const tail of tails) expect((await all(tail)).equals(bytes)).toBe(true);
    await isGone();
  });

  test("gives a reader that has rested all bytes of one that has closed behind the last", async () => {
    const bytes = content.subarray(0, 3 * MiB);
    serve = (socket) => socket.end(answer(bytes));
    const tail = begin(bytes.length);
    await until(() => sockets[0]?.writableFinished ?? false);
    await Bun.sleep(200);
    expect(digest(await all(tail))).toBe(digest(bytes));
    expect(told).toEqual(["answered", "over"]);
    await isGone();
  });

  test("gives each chunk memory of its own, which is a view of nothing else", async () => {
    serve = (socket) => socket.write(answer(content));
    const tail = begin(content.length);
    const buffers = new Set<ArrayBufferLike>();
    let chunks = 0;
    for (let chunk = await tail.next(); chunk; chunk = await tail.next()) {
      buffers.add(chunk.buffer);
      chunks++;
      expect(Buffer.isBuffer(chunk)).toBe(false);
      expect(chunk.buffer.byteLength - chunk.length).toBeLessThan(KiB);
    }
    expect(buffers.size).toBe(chunks);
  });

  test("is left: closed at once, and its memory is given back", async () => {
    serve = (socket) => socket.write(answer(content));
    const tail = begin(content.length);
    await until(() => (dialled[0]?.isPaused() ?? false) && told.length === 1);
    tail.cancel();
    expect(await tail.next()).toBeUndefined();
    expect(told).toEqual(["answered", "over"]);
    await isGone();
  });

  test("is left before it is connected, and while its answer is waited for", async () => {
    serve = () => {};
    begin(100).cancel();
    const tail = begin(100);
    const next = tail.next();
    await until(() => requests.length === 1);
    tail.cancel();
    expect(await next).toBeUndefined();
    expect(requests).toHaveLength(1);
    await isGone();
  });

  test("ends with the store, before and after", async () => {
    serve = () => {};
    const controller = closing();
    const next = begin(100, controller.signal).next();
    await until(() => requests.length === 1);
    controller.abort(new BucketError("ending"));
    expect(await next).toBeUndefined();
    expect(await begin(100, controller.signal).next()).toBeUndefined();
    expect(told).toEqual(["ending", "ending"]);
    await isGone();
  });

  describe("with TLS", () => {
    let secure: tls.Server;
    beforeEach(async () => {
      serve = (socket) => socket.write(answer(content));
      listener.close();
      secure = tls.createServer(testCertificate, (socket) => take(socket));
      secure.listen(0, "127.0.0.1");
      await once(secure, "listening");
      listener = secure;
    });

    test("gives all bytes of one whose certificate is signed by the authority that is named", async () => {
      const tail = begin(content.length, closing().signal, testCertificate.cert);
      expect(digest(await all(tail))).toBe(digest(content));
      expect(told).toEqual(["answered", "over"]);
      await isGone();
    });

    test("gives a reader that has rested all bytes of one that has closed behind the last, too", async () => {
      const bytes = content.subarray(0, 3 * MiB);
      serve = (socket) => socket.end(answer(bytes));
      const tail = begin(bytes.length, closing().signal, testCertificate.cert);
      await until(() => sockets[0]?.writableFinished ?? false);
      await Bun.sleep(200);
      expect(digest(await all(tail))).toBe(digest(bytes));
      expect(told).toEqual(["answered", "over"]);
    });

    test("takes little ahead of a reader that rests, too", async () => {
      const tail = begin(content.length, closing().signal, testCertificate.cert);
      await until(() => told.length === 1);
      await Bun.sleep(200);
      const socket = dialled[0] as net.Socket;
      expect(socket.bytesRead).toBeLessThanOrEqual(mostAhead);
      expect(digest(await all(tail))).toBe(digest(content));
    });

    test("sends nothing to one that others have signed, and to one of another name", async () => {
      const others = begin(100, closing().signal, rootCertificates[0]);
      expect(await others.next()).toBeUndefined();
      const named = begin(100, closing().signal, testCertificate.cert, "localhost");
      expect(await named.next()).toBeUndefined();
      expect(requests).toEqual([]);
      expect(told).toHaveLength(2);
      for (const code of told) expect(code).toMatch(/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/);
      await isGone();
    });
  });
});

const digest = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
