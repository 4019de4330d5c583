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
