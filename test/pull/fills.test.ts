import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { buildImage, FakeUpstream, Gate, sampleBytes, Tap } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const MiB = 1 << 20;
const size = 4 * MiB;
const holdBack = 64 << 10;
const bytes = sampleBytes(size, 3);
const digest = digestOf(bytes);
const blobGets = `GET /v2/${name}/blobs/*`;

let upstream: FakeUpstream;
let weir: TestWeir;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  upstream.image(name, "latest", buildImage({ layers: [bytes] }));
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
  await weir.manifest(name, "latest");
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const status = (response: Response) => response.headers.get("x-weir-cache")?.split(";")[0];

/** Reads until `count` bytes have come. */
async function readSome(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  count: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  while (total < count) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    total += value.length;
  }
  return Buffer.concat(parts);
}

const readerOf = (response: Response) =>
  response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;

describe("a fill", () => {
  test("is one download for 32 clients, and the last has bytes while it runs", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(MiB);
    const answers = await Promise.all(Array.from({ length: 32 }, () => weir.blob(name, digest)));
    const readers = answers.map(readerOf);
    const heads = await Promise.all(readers.map((reader) => readSome(reader, MiB - holdBack)));
    for (const head of heads) expect(head.length).toBe(MiB - holdBack);
    expect(readdirSync(weir.folder("spool"))).toHaveLength(1);
    tap.open();
    const rests = await Promise.all(readers.map((reader) => readSome(reader, size)));
    for (const [i, rest] of rests.entries()) {
      expect(digestOf(Buffer.concat([heads[i]!, rest]))).toBe(digest);
    }
    expect(upstream.count(blobGets)).toBe(1);
    expect(answers.map(status).toSorted()).toEqual([
      ...Array<string>(31).fill("collapsed"),
      "miss",
    ]);
  });

  test("goes on when its client leaves, and is stored", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(MiB);
    const reader = readerOf(await weir.blob(name, digest));
    await readSome(reader, 1000);
    await reader.cancel();
    tap.open();
    await weir.settled(name, digest);
    expect(upstream.count(blobGets)).toBe(1);
  });

  test("a client that leaves before or after its header holds no file open", async () => {
    const open = () =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(weir.dataDir + "/blobs");
        } catch {
          return false; // closed meanwhile
        }
      });
    const gate = new Gate();
    upstream.fault(blobGets, { gate });
    const leaving = new AbortController();
    const early = Promise.allSettled(
      Array.from({ length: 5 }, () => weir.blob(name, digest, { signal: leaving.signal })),
    );
    await gate.arrived(1);
    leaving.abort();
    await early;
    gate.open();
    const late = await weir.blob(name, digest);
    const reader = readerOf(late);
    await readSome(reader, 1000);
    await reader.cancel();
    await weir.settled(name, digest);
    await until(() => open().length === 0);
  });

  test("one that joins late starts at the beginning at once", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(3 * MiB);
    const first = readerOf(await weir.blob(name, digest));
    await readSome(first, 2 * MiB);
    const late = readerOf(await weir.blob(name, digest));
    const head = await readSome(late, 2 * MiB);
    expect(digestOf(head.subarray(0, 2 * MiB))).toBe(digestOf(bytes.subarray(0, 2 * MiB)));
    tap.open();
    await Promise.all([readSome(first, size), readSome(late, size)]);
  });

  test("holds the last 64 KiB back until the digest agrees; a wrong one cuts everyone and stores nothing", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { wrongByte: 100, tap });
    tap.release(2 * MiB);
    // Both have their headers before it turns out to be wrong.
    const answers = await Promise.all([weir.blob(name, digest), weir.blob(name, digest)]);
    tap.open();
    for (const answer of answers) {
      let got = 0;
      const read = async () => {
        for await (const chunk of answer.body!) got += chunk.length;
      };
      expect(answer.status).toBe(200);
      expect(read()).rejects.toThrow();
      await read().catch(() => undefined);
      expect(got).toBeLessThanOrEqual(size - holdBack);
    }
    expect(await weir.stored()).toEqual([]);
    upstream.heal();
    expect(digestOf(await (await weir.blob(name, digest)).bytes())).toBe(digest);
  });

  test("a body that is shorter or longer than the manifest says is cut, never completed", async () => {
    for (const body of [
      bytes.subarray(0, size - 1),
      Buffer.concat([bytes, bytes.subarray(0, 1)]),
    ]) {
      upstream.fault(blobGets, { body, headers: { etag: null, "docker-content-digest": null } });
      const answer = await weir.blob(name, digest).catch(() => undefined);
      if (answer?.status === 200) expect(answer.bytes()).rejects.toThrow();
      weir.clock.step(60_000);
      await answer?.bytes().catch(() => undefined);
      upstream.heal();
    }
    expect(await weir.stored()).toEqual([]);
  });

  test("a dropped connection is gone on with by Range: one cut costs one more request and no byte twice", async () => {
    upstream.fault(blobGets, { times: 1, cutAfter: 2 * MiB });
    expect(digestOf(await (await weir.blob(name, digest)).bytes())).toBe(digest);
    const [first, second] = upstream.seen(blobGets);
    expect(first?.headers.get("range")).toBeNull();
    expect(second?.headers.get("range")).toMatch(/^bytes=[1-9]\d*-$/);
    expect(upstream.sent(blobGets)).toBeLessThan(size + MiB);
  });

  test("an upstream that ignores the range is skipped through, and still verified", async () => {
    upstream.fault(blobGets, { ignoreRange: true });
    upstream.fault(blobGets, { times: 1, cutAfter: 2 * MiB });
    expect(digestOf(await (await weir.blob(name, digest)).bytes())).toBe(digest);
  });

  test("an upstream that refuses ranges is asked for all of it, and what is here is passed over", async () => {
    upstream.fault(blobGets, {
      status: 416,
      times: 1,
    });
    upstream.fault(blobGets, { times: 1, cutAfter: 2 * MiB });
    const answer = weir.blob(name, digest).then((response) => response.bytes());
    await until(() => upstream.count(blobGets) === 2);
    await until(() => {
      // Only when the pause is what is waited for: the deadlines of calls are on the same clock.
      if (weir.clock.isDue(1000)) weir.clock.step(1000);
      return upstream.count(blobGets) === 3;
    });
    expect(digestOf(await answer)).toBe(digest);
    expect(upstream.seen(blobGets).map(({ headers }) => headers.has("range"))).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("a small blob that was wrong once is asked for once more, before anything is said", async () => {
    const small = upstream.blob(name, sampleBytes(1000, 8));
    upstream.fault(blobGets, { wrongByte: 3, times: 1 });
    expect(digestOf(await (await weir.blob(name, small)).bytes())).toBe(small);
    expect(upstream.count(blobGets)).toBe(2);
  });

  test("small blobs are verified before their header: a wrong one is a 502", async () => {
    const small = upstream.blob(name, sampleBytes(1000, 8));
    upstream.fault(blobGets, { wrongByte: 3 });
    expect((await weir.blob(name, small)).status).toBe(502);
    upstream.heal();
    expect((await weir.blob(name, small)).status).toBe(200);
  });

  test("a blob whose size nobody says is streamed and verified", async () => {
    const unnamed = upstream.blob(name, sampleBytes(2 * MiB, 8));
    upstream.fault(blobGets, { framing: "chunked" });
    expect(digestOf(await (await weir.blob(name, unnamed)).bytes())).toBe(unnamed);
  });

  test("a range to the end is followed while it runs, its last 64 KiB held back until the whole is right", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(3 * MiB);
    const answer = await weir.blob(name, digest, { headers: { Range: `bytes=${MiB}-` } });
    expect([answer.status, status(answer), answer.headers.get("content-range")]).toEqual([
      206,
      "miss",
      `bytes ${MiB}-${size - 1}/${size}`,
    ]);
    const reader = readerOf(answer);
    const early = await readSome(reader, 2 * MiB - holdBack);
    expect(early.length).toBe(2 * MiB - holdBack);
    const tail = weir.blob(name, digest, { headers: { Range: "bytes=-5" } });
    tap.open();
    expect(Buffer.concat([early, await readSome(reader, size)])).toEqual(
      Buffer.from(bytes.subarray(MiB)),
    );
    expect(await (await tail).bytes()).toEqual(bytes.slice(-5));
    expect(upstream.count(blobGets)).toBe(1);
  });

  test("a range to the end of a blob that turns out wrong is cut; afterwards every range is, wherever the wrong byte is", async () => {
    for (const Range of [`bytes=${MiB}-`, "bytes=0-99", `bytes=0-${MiB - 1}`]) {
      upstream.fault(blobGets, { wrongByte: 100 });
      // The cut can come before the header has left, or after.
      const pulled = weir
        .blob(name, digest, { headers: { Range } })
        .then((answer) => answer.bytes());
      const isWhole = await pulled.then(
        () => true,
        () => false,
      );
      expect(isWhole).toBe(false);
    }
    upstream.heal();
    const beyond = await weir.blob(name, digest, { headers: { Range: `bytes=${size}-` } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${size}`]);
  });

  test("is ended by a stop: its readers are cut, the spool is empty", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(MiB);
    const reader = readerOf(await weir.blob(name, digest));
    await readSome(reader, 1000);
    const halted = weir.halt();
    weir.clock.step(30_000);
    await halted;
    expect(readSome(reader, size)).rejects.toThrow();
    expect(readdirSync(weir.folder("spool"))).toEqual([]);
    tap.open();
    await weir.run();
  });

  test("upstream errors before the first byte are answers, not cuts, and are not remembered", async () => {
    for (const [code, wanted] of [
      [500, 503],
      [429, 429],
      [404, 404],
      [403, 503],
    ] as const) {
      upstream.fault(blobGets, { status: code });
      expect((await weir.blob(name, digest)).status).toBe(wanted);
      upstream.heal();
      // What was absent is remembered for a moment, and who was limited is left alone.
      weir.clock.step(60_000);
    }
    expect((await weir.blob(name, digest)).status).toBe(200);
  });

  test("abandoned fills of a group are limited to eight", async () => {
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(MiB);
    const digests = Array.from({ length: 10 }, (_, i) =>
      upstream.blob(name, sampleBytes(2 * MiB, 50 + i)),
    );
    for (const one of digests) {
      const reader = readerOf(await weir.blob(name, one));
      await readSome(reader, 1000);
      await reader.cancel();
    }
    await until(() => readdirSync(weir.folder("spool")).length <= 8);
    tap.open();
    await upstream.server.quiet();
  });
});

describe("a client that leaves, or a body that is wrong, leaves nothing open", () => {
  /** Connections to the upstream that carry a request. */
  const quiet = () => upstream.server.quiet();

  test("in a bypass: no request is made for somebody who has left", async () => {
    await weir.stop();
    const env = { WEIR_MAX_BLOB_BYTES: "1000" };
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env });
    await weir.manifest(name, "latest");
    const tap = new Tap();
    upstream.fault(blobGets, { tap });
    tap.release(MiB);
    for (let i = 0; i < 5; i++) {
      const reader = readerOf(await weir.blob(name, digest));
      await readSome(reader, 1000);
      await reader.cancel();
    }
    await quiet();
    expect(upstream.count(blobGets)).toBe(5);
    upstream.heal();
    // Too long a body: cut, and its connection closed.
    upstream.fault(blobGets, { body: Buffer.concat([bytes, bytes]), headers: { etag: null } });
    const long = await weir.blob(name, digest);
    await long.bytes().catch(() => undefined);
    await quiet();
  });

  test("a client that stalls is given up after two minutes, the fill goes on", async () => {
    // More than the kernel takes for a connection that nobody reads.
    const large = upstream.blob(name, sampleBytes(32 * MiB, 30));
    const socket = connect(Number(new URL(weir.url).port), "127.0.0.1");
    const token = await weir.token(name);
    const head = `GET ${weir.path(name, "blobs", large)} HTTP/1.1\r\nHost: weir.test\r\n`;
    socket.write(`${head}Authorization: Bearer ${token}\r\n\r\n`);
    await weir.settled(name, large);
    const cut = () => weir.logLines.some(({ message }) => message === "transfer cut");
    weir.clock.step(119_000);
    expect(cut()).toBe(false);
    await until(() => {
      weir.clock.step(1_000);
      return cut();
    });
    socket.destroy();
    expect(upstream.count(blobGets)).toBe(1);
  });
});

describe("a receiver that cannot see a cut", () => {
  test("gets a blob with its length, when it is complete, and a refusal when it is wrong", async () => {
    await weir.stop();
    const env = { WEIR_TRUSTED_PROXIES: "127.0.0.0/8" };
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env });
    await weir.manifest(name, "latest");
    const ask = async (): Promise<string> => {
      const socket = connect(Number(new URL(weir.url).port), "127.0.0.1");
      const path = weir.path(name, "blobs", digest);
      const token = await weir.token(name);
      socket.write(
        `GET ${path} HTTP/1.0\r\nHost: weir.test\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
      const parts: Uint8Array[] = [];
      for await (const part of socket) parts.push(part as Uint8Array);
      return Buffer.concat(parts).toString("latin1");
    };
    upstream.fault(blobGets, { wrongByte: 7 });
    expect(await ask()).toMatch(/^HTTP\/1\.[01] 502 /);
    upstream.heal();
    const [head = "", body = ""] = (await ask()).split(/\r\n\r\n(.*)/s);
    expect(head).toMatch(/^HTTP\/1\.[01] 200 /);
    expect(head.toLowerCase()).toContain(`content-length: ${size}`);
    expect(digestOf(Buffer.from(body, "latin1"))).toBe(digest);
  });
});

describe("what cannot be stored passes through", () => {
  async function withLimit(env: Record<string, string>, work: () => Promise<void>): Promise<void> {
    await weir.stop();
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env });
    await weir.manifest(name, "latest");
    await work();
    expect(await weir.stored()).toEqual([]);
  }

  test("a blob over the limit", () =>
    withLimit({ WEIR_MAX_BLOB_BYTES: "1000" }, async () => {
      const answer = await weir.blob(name, digest);
      expect([answer.status, status(answer)]).toEqual([200, "bypass"]);
      expect(digestOf(await answer.bytes())).toBe(digest);
    }));

  test("a full disk; a wrong digest is cut there too", () =>
    withLimit({ WEIR_MIN_FREE_BYTES: "900TiB" }, async () => {
      expect(digestOf(await (await weir.blob(name, digest)).bytes())).toBe(digest);
      upstream.fault(blobGets, { wrongByte: 100 });
      expect((await weir.blob(name, digest)).bytes()).rejects.toThrow();
    }));

  test("a store that is full in the middle: every reader gets the rest, verified, and nothing is stored", () =>
    withLimit({ WEIR_MAX_BLOB_BYTES: "2MiB" }, async () => {
      // Nobody says the size of this one, so that the limit is met half-way.
      const unnamed = upstream.blob(name, sampleBytes(size, 21));
      upstream.fault(`GET *${unnamed}`, { framing: "chunked" });
      const answers = await Promise.all([weir.blob(name, unnamed), weir.blob(name, unnamed)]);
      for (const answer of answers) expect(digestOf(await answer.bytes())).toBe(unnamed);
      expect(readdirSync(weir.folder("spool"))).toEqual([]);
      upstream.fault(`GET *${unnamed}`, { framing: "chunked", wrongByte: 100 });
      const wrong = await weir.blob(name, unnamed);
      expect(wrong.bytes()).rejects.toThrow();
      await wrong.bytes().catch(() => undefined);
      await upstream.server.quiet();
    }));

  test("several at once each get their own, none is refused", () =>
    withLimit({ WEIR_MAX_BLOB_BYTES: "1000" }, async () => {
      const gate = new Gate();
      upstream.fault(blobGets, { gate });
      const all = Array.from({ length: 4 }, () => weir.blob(name, digest));
      await gate.arrived(1);
      gate.open();
      const digests: Digest[] = [];
      for (const one of await Promise.all(all)) digests.push(digestOf(await one.bytes()));
      expect(digests).toEqual(Array<Digest>(4).fill(digest));
    }));
});
