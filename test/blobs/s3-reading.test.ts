import { expect, test } from "bun:test";
import type { Bucket } from "../../src/blobs/s3/bucket.ts";
import { firstOf, ObjectStream, Readers } from "../../src/blobs/s3/reading.ts";
import type { ByteRange } from "../../src/lib/range.ts";
import { SteppedClock } from "../fakes/clock.ts";

test("a reader that leaves gives back what was read ahead for it", async () => {
  const size = 8 << 20;
  const given: Uint8Array[] = [];
  const get = async (_: string, { range: { first, last } }: { range: ByteRange }) => {
    const bytes = new Uint8Array(last + 1 - first);
    given.push(bytes);
    return { bytes, size, etag: "x" };
  };
  const range = { first: 0, last: size - 1 };
  const bucket = { get, tail: () => undefined } as unknown as Bucket;
  const around = { bucket, clock: new SteppedClock(), key: "key", range, readers: new Readers() };
  const stream = new ObjectStream(around, await get("key", { range: firstOf(range) }));
  expect((await stream.next())?.length).toBeGreaterThan(0);
  while (given.length < 2) await Promise.resolve();
  await stream.cancel();
  await new Promise((resolve) => setImmediate(resolve));
  expect(given[1]?.byteLength).toBe(0);
  expect(stream.next()).rejects.toThrow("not wanted any more");
});

test("a connection that is over too soon is followed by a window, and by another one if it has brought much", async () => {
  const size = 200 << 20;
  const asked: string[] = [];
  let given = 0;
  const bytes = (count: number) => {
    given += count;
    return new Uint8Array(count);
  };
  const get = async (_: string, { range: { first, last } }: { range: ByteRange }) => {
    asked.push(`window at ${first >> 20}`);
    expect(first).toBe(given);
    return { bytes: bytes(last + 1 - first), size, etag: "x" };
  };
  const brings = [70, 10];
  const tail = (_: string, { range: { first } }: { range: ByteRange }) => {
    asked.push(`connection at ${first >> 20}`);
    let left = brings.shift() ?? 0;
    const next = async () => (left-- > 0 ? bytes(1 << 20) : undefined);
    return { next, cancel() {} };
  };
  const range = { first: 0, last: size - 1 };
  const bucket = { get, tail } as unknown as Bucket;
  const around = { bucket, clock: new SteppedClock(), key: "key", range, readers: new Readers() };
  const stream = new ObjectStream(around, await get("key", { range: firstOf(range) }));
  let read = 0;
  for (let piece = await stream.next(); piece; piece = await stream.next()) read += piece.length;
  expect(read).toBe(size);
  const windows = Array.from({ length: 29 }, (_, i) => `window at ${84 + 4 * i}`);
  expect(asked).toEqual([
    "window at 0",
    "connection at 0",
    "window at 70",
    "connection at 74",
    ...windows,
  ]);
});
