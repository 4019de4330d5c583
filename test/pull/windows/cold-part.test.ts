import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/oci/digest.ts";
import { Gate, sampleBytes } from "../../fakes/upstream.ts";
import { until } from "../../fakes/until.ts";
import {
  ask,
  blobGets,
  bytes,
  bytesOf,
  digest,
  forEachTest,
  holdFill,
  MiB,
  name,
  ranged,
  size,
  slice,
  spooled,
  status,
  upstream,
  weir,
  wholeGets,
} from "./rig.ts";

forEachTest();

describe("a part of a cold blob", () => {
  test("is relayed at once, before the fill behind it has an answer, and marked", async () => {
    const gate = new Gate();
    upstream.fault(blobGets, { gate, ranged: false });
    const answer = await ask(4 * MiB, 5 * MiB - 1);
    expect([answer.status, answer.headers.get("content-range")]).toEqual([
      206,
      `bytes ${4 * MiB}-${5 * MiB - 1}/${size}`,
    ]);
    expect(answer.headers.get("x-weir-cache")).toBe(
      'window; upstream="up1"; age=0; reason="not verified yet"',
    );
    expect(answer.headers.get("etag")).toBe(`"${digest}"`);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.bytes()).toEqual(slice(4 * MiB, 5 * MiB - 1));
    expect(ranged().map(({ headers }) => headers.get("range"))).toEqual([
      `bytes=${4 * MiB}-${5 * MiB - 1}`,
    ]);
    gate.open();
    await weir.settled(name, digest);
    expect(wholeGets()).toBe(1);
    expect(status(await ask(4 * MiB, 5 * MiB - 1))).toBe("hit");
    expect(upstream.count(blobGets)).toBe(2);
  });

  test("asked for by many at once begins one fill", async () => {
    const tap = holdFill();
    const starts = Array.from({ length: 12 }, (_, i) => 2 * MiB + i * (MiB >> 1));
    const answers = await Promise.all(starts.map((start) => ask(start, start + 999)));
    for (const [i, answer] of answers.entries()) {
      expect(status(answer)).toBe("window");
      expect(await answer.bytes()).toEqual(slice(starts[i]!, starts[i]! + 999));
    }
    expect([wholeGets(), ranged().length]).toEqual([1, 12]);
    tap.open();
    await weir.settled(name, digest);
    expect(wholeGets()).toBe(1);
  });

  test("is read from the spool where its bytes are there, also to its very end", async () => {
    const tap = holdFill();
    tap.release(4 * MiB);
    const whole = await weir.blob(name, digest);
    await spooled(4 * MiB);
    const answer = await ask(3 * MiB - 10, 3 * MiB + 9);
    expect([answer.status, status(answer)]).toEqual([206, "window"]);
    expect(await answer.bytes()).toEqual(slice(3 * MiB - 10, 3 * MiB + 9));
    expect(ranged()).toEqual([]);
    tap.open();
    expect(digestOf(await whole.bytes())).toBe(digest);
    expect(wholeGets()).toBe(1);
  });

  test("that begins shortly beyond what the fill has is left to the fill", async () => {
    const tap = holdFill();
    const early = ask(MiB, MiB + 99).then((one) => one.bytes());
    await until(() => upstream.count(blobGets) === 1);
    tap.release(2 * MiB);
    expect(await early).toEqual(slice(MiB, MiB + 99));
    await spooled(2 * MiB);
    const next = ask(3 * MiB, 3 * MiB + 99).then((one) => one.bytes());
    tap.open();
    expect(await next).toEqual(slice(3 * MiB, 3 * MiB + 99));
    expect(ranged()).toEqual([]);
  });

  test.each<[Range: string, first: number]>([
    [`bytes=${size - 1}-`, size - 1],
    [`bytes=${size - 1}-${size + 99}`, size - 1],
    ["bytes=-5", size - 5],
    [`bytes=2-${size - 1}`, 2],
  ])(
    "that holds the last byte, as %s, is never relayed and waits for the digest",
    async (Range, first) => {
      const tap = holdFill();
      tap.release(size - 1);
      const answering = weir.blob(name, digest, { headers: { Range } });
      let isOver = false;
      const reading = bytesOf(answering).finally(() => (isOver = true));
      await spooled(size - 1);
      expect(isOver).toBe(false);
      tap.open();
      expect(await reading).toEqual(bytes.slice(first));
      const answer = await answering;
      expect([answer.status, status(answer)]).toEqual([206, "miss"]);
      expect(ranged()).toEqual([]);
    },
  );

  test("that goes on with a download follows the fill, and costs nothing twice", async () => {
    const tap = holdFill();
    tap.release(2 * MiB);
    const pending = bytesOf(ask(6 * MiB, ""));
    tap.open();
    expect(await pending).toEqual(slice(6 * MiB, size - 1));
    await weir.settled(name, digest);
    expect(upstream.sent(blobGets)).toBe(size);
  });

  test("small blobs are not parted: they are verified before their header", async () => {
    const small = sampleBytes(MiB, 6);
    const smallDigest = upstream.blob(name, small);
    const init = { headers: { Range: "bytes=10-19" } };
    upstream.fault(blobGets, { wrongByte: 5 });
    expect((await weir.blob(name, smallDigest, init)).status).toBe(502);
    upstream.heal();
    const answer = await weir.blob(name, smallDigest, init);
    expect([answer.status, await answer.bytes()]).toEqual([206, small.slice(10, 20)]);
    expect(ranged()).toEqual([]);
  });
});
