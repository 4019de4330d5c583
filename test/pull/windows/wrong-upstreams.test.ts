import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/oci/digest.ts";
import { type Fault, Tap } from "../../fakes/upstream.ts";
import { until } from "../../fakes/until.ts";
import {
  ask,
  blobGets,
  bytes,
  bytesOf,
  digest,
  drained,
  failed,
  forEachTest,
  holdFill,
  MiB,
  name,
  ranged,
  size,
  slice,
  status,
  upstream,
  weir,
  wholeGets,
} from "./rig.ts";

forEachTest();

describe("an upstream that does not answer a window as asked", () => {
  const first = 4 * MiB;
  const last = 5 * MiB - 1;
  const part = slice(first, last);
  const contentRange = (text: string): Fault => ({ headers: { "content-range": text } });
  const faults: [what: string, fault: Fault][] = [
    ["ignores the range", { ignoreRange: true }],
    ["answers another part", contentRange(`bytes ${first + 1}-${last + 1}/${size}`)],
    ["answers less than the part", contentRange(`bytes ${first}-${last - 1}/${size}`)],
    ["answers a part of another size", contentRange(`bytes ${first}-${last}/${size + 1}`)],
    ["names no part", { headers: { "content-range": null } }],
    ["announces another length", { headers: { "content-length": "17" } }],
    ["claims another digest", { headers: { "docker-content-digest": digestOf(part) } }],
    ["encodes it", { headers: { "content-encoding": "gzip" } }],
    ["answers 416", { status: 416 }],
    ["answers 404", { status: 404 }],
    ["answers 403", { status: 403 }],
    ["answers 500", { status: 500, headers: { "retry-after": "9" } }],
    ["redirects without an end", { redirect: ({ path }) => `${upstream.url}${path}` }],
    ["redirects to where it may not lead", { redirect: "ftp://127.0.0.1/x" }],
    ["ends without an answer", { reset: true }],
    ["answers nonsense", { raw: "nonsense\r\n\r\n" }],
  ];
  for (const [what, fault] of faults) {
    test(`${what}: the part waits for the fill, and no more windows are asked for`, async () => {
      const tap = holdFill();
      upstream.fault(blobGets, { ...fault, ranged: true });
      const pending = ask(first, last);
      await until(() =>
        weir.logLines.some(({ message }) => message === "part of a blob was not relayed"),
      );
      const asked = ranged().length;
      const later = ask(6 * MiB, 7 * MiB);
      tap.open();
      const answer = await pending;
      expect([answer.status, answer.headers.get("content-range")]).toEqual([
        206,
        `bytes ${first}-${last}/${size}`,
      ]);
      expect(await answer.bytes()).toEqual(part);
      expect(await bytesOf(later)).toEqual(slice(6 * MiB, 7 * MiB));
      expect([wholeGets(), ranged().length]).toEqual([1, asked]);
      await upstream.server.quiet();
    });
  }

  test("is followed where it redirects", async () => {
    upstream.file("/elsewhere", bytes);
    upstream.fault(blobGets, { redirect: `${upstream.url}/elsewhere`, ranged: true });
    const tap = holdFill();
    expect(await bytesOf(ask(first, last))).toEqual(part);
    expect(upstream.seen("GET /elsewhere")[0]?.headers.get("range")).toBe(`bytes=${first}-${last}`);
    tap.open();
  });

  test("but hangs: the fill is there first, and the connection is closed", async () => {
    const tap = holdFill();
    upstream.fault(blobGets, { hang: true, ranged: true });
    const pending = bytesOf(ask(first, last));
    await until(() => ranged().length === 1);
    tap.open();
    expect(await pending).toEqual(part);
    await upstream.server.quiet();
  });

  const faultsOfBody: [what: string, fault: Fault][] = [
    ["breaks it off", { cutAfter: 600_000 }],
    ["breaks it off, chunked", { cutAfter: 600_000, framing: "chunked" }],
    ["sends too few bytes", { body: part.slice(1), framing: "chunked" }],
    ["sends too many bytes", { body: slice(first, last + 1), framing: "chunked" }],
  ];
  for (const [what, fault] of faultsOfBody) {
    test(`${what}, once its header is there: the transfer is cut, and the next one waits for the fill`, async () => {
      const tap = holdFill();
      upstream.fault(blobGets, { ...fault, ranged: true });
      expect(await failed(bytesOf(ask(first, last)))).toBe(true);
      expect(ranged()).toHaveLength(1);
      tap.open();
      expect(await bytesOf(ask(first, last))).toEqual(part);
      expect(ranged()).toHaveLength(1);
      await upstream.server.quiet();
    });
  }

  test("stops in the middle of the body: the transfer is cut after its time", async () => {
    const tap = holdFill();
    const held = new Tap();
    held.release(1000);
    upstream.fault(blobGets, { tap: held, ranged: true });
    const answer = await ask(first, last);
    const reading = failed(answer.bytes());
    let isOver = false;
    void reading.finally(() => (isOver = true));
    await until(() => {
      weir.clock.step(10_000);
      return isOver;
    });
    expect(await reading).toBe(true);
    tap.open();
  });
});

describe("an upstream whose bytes are wrong", () => {
  test("has its windows cut when the fill shows it, and gives no more until a fill is right", async () => {
    const tap = new Tap();
    const held = new Tap();
    held.release(1000);
    upstream.fault(blobGets, { tap, wrongByte: 100, ranged: false });
    upstream.fault(blobGets, { tap: held, ranged: true });
    const answer = await ask(4 * MiB, 5 * MiB);
    const reading = failed(answer.bytes());
    tap.open();
    expect(await reading).toBe(true);
    await upstream.server.quiet();
    const asked = ranged().length;

    // Parts are strict now: their end waits for the digest, which is wrong again.
    for (const [first, last] of [
      [4 * MiB, 5 * MiB],
      [0, 9],
    ] as const) {
      expect(await failed(ask(first, last).then((one) => one.bytes()))).toBe(true);
    }
    expect(ranged().length).toBe(asked);

    upstream.heal();
    const part = await ask(4 * MiB, 5 * MiB);
    expect(status(part)).not.toBe("window");
    expect(await part.bytes()).toEqual(slice(4 * MiB, 5 * MiB));
    await weir.settled(name, digest);
    expect(ranged().length).toBe(asked);
  });

  test("or whose size is not the one of the manifest, is no better", async () => {
    upstream.fault(blobGets, {
      body: Buffer.concat([bytes, bytes]),
      headers: { etag: null },
      ranged: false,
    });
    await ask(4 * MiB, 5 * MiB).then(drained, () => undefined);
    const reason = () =>
      weir.logLines.find(({ message }) => message === "fill was not stored")?.["reason"];
    await until(() => reason() !== undefined);
    expect(String(reason())).toStartWith("invalid");
    const asked = ranged().length;
    expect(await failed(ask(4 * MiB, 5 * MiB).then((one) => one.bytes()))).toBe(true);
    expect(ranged().length).toBe(asked);
  });
});
