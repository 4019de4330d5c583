import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Spool, StoreFullError } from "../../src/blobs/contract.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import type { ByteSource } from "../../src/pull/contract.ts";
import { Download } from "../../src/pull/download.ts";
import { Fill } from "../../src/pull/fill.ts";
import { PartSource } from "../../src/pull/part.ts";
import type { UpstreamClient } from "../../src/upstream/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/upstream.ts";

const KiB = 1 << 10;

/** Gives the chunks one after another, and says when it was ended. */
class ListSource implements ByteSource {
  readonly waiting = false;
  isOver = false;

  constructor(readonly chunks: Uint8Array[]) {}

  async next(): Promise<Uint8Array | undefined> {
    return this.chunks.shift();
  }

  async cancel(): Promise<void> {
    this.isOver = true;
  }
}

async function read(source: ByteSource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let bytes = await source.next(); bytes; bytes = await source.next()) parts.push(bytes);
  return new Uint8Array(Buffer.concat(parts));
}

describe("a part of a source", () => {
  test("is exactly its bytes, however they come, and ends the source", async () => {
    const bytes = sampleBytes(200);
    const cases = fc.record({
      cuts: fc.array(fc.nat(200), { maxLength: 8 }),
      start: fc.nat(100),
      first: fc.nat(99),
      length: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ cuts, start, first, length }) => {
        const bounds = [start, ...cuts.filter((cut) => cut > start).toSorted((a, b) => a - b), 200];
        const chunks = bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end));
        const source = new ListSource(chunks);
        const range = { first: start + first, last: start + first + length - 1 };
        const part = new PartSource(source, start, range);
        if (range.last < 200) {
          expect(await read(part)).toEqual(bytes.slice(range.first, range.last + 1));
          expect(source.isOver).toBe(true);
        } else expect(read(part)).rejects.toThrow("ended before");
      }),
    );
  });
});

describe("a reader of a fill that the store could not take to its end", () => {
  const bytes = sampleBytes(1024 * KiB + 512 * KiB, 4);
  const taken = 600 * KiB;

  /** Takes so many bytes and then no more. */
  class FullSpool implements Spool {
    #bytes = Buffer.alloc(0);
    get length(): number {
      return this.#bytes.length;
    }
    async append(chunk: Uint8Array): Promise<void> {
      const left = taken - this.length;
      this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, left)]);
      if (left < chunk.length) throw new StoreFullError("full");
    }
    read(position: number, length: number): Uint8Array {
      return this.#bytes.subarray(position, position + length);
    }
    async commit(): Promise<void> {}
    async discard(): Promise<void> {}
    async close(): Promise<void> {}
  }

  /** A fill that has overflowed, what it asked the upstream for, and what it learned. */
  async function overflowed(digest: Digest) {
    const offsets: number[] = [];
    const failures: unknown[] = [];
    const client = {
      blob: async (_: unknown, __: unknown, ___: unknown, { offset }: { offset: number }) => {
        offsets.push(offset);
        const body = new Blob([bytes.slice(offset)]).stream();
        return { found: true, offset, size: bytes.length, etag: undefined, body };
      },
    } as unknown as UpstreamClient;
    const download = async (position: number) => {
      const started = await Download.start(
        {
          client,
          clock: new SteppedClock(),
          upstream: { id: 1, name: "u" } as never,
          repository: "a/b",
          digest,
          expected: bytes.length,
          signal: new AbortController().signal,
          marks: [],
        },
        position,
      );
      if (!("next" in started)) throw new Error("the blob is there");
      return started;
    };
    const fill = new Fill({
      digest,
      upstream: "u",
      download: await download(0),
      spool: new FullSpool(),
      reopen: download,
      abandoned() {},
      failed: (error) => failures.push(error),
      maxBytes: undefined,
    });
    const follow = (first: number, last: number, unverified: boolean) => {
      const reader = fill.follow();
      if (!reader) throw new Error("the fill is not released");
      reader.limit({ first, last }, unverified);
      return reader;
    };
    await fill.run().catch(() => undefined);
    expect(fill.state).toBe("overflowed");
    return { follow, offsets, failures };
  }

  const end = bytes.length - 1;

  test.each<[first: number, last: number]>([
    [10, 20],
    [taken - 10, taken + 9],
    [taken + 9, taken + 99_999],
    [0, end - 1],
  ])("gets an inner part, %d to %d", async (first, last) => {
    const { follow, failures } = await overflowed(digestOf(bytes));
    expect(await read(follow(first, last, true))).toEqual(bytes.slice(first, last + 1));
    expect(failures).toEqual([]);
  });

  test.each([0, taken + 9, end])("gets what is from %d on, verified", async (first) => {
    const { follow, offsets } = await overflowed(digestOf(bytes));
    expect(await read(follow(first, end, false))).toEqual(bytes.slice(first));
    expect(offsets).toEqual([0, taken]);
  });

  test("is cut where the whole turns out wrong, and that is noted", async () => {
    const { follow, failures } = await overflowed(digestOf(bytes.subarray(1)));
    expect(read(follow(taken + 9, end, false))).rejects.toThrow("are not");
    await read(follow(taken + 9, end, false)).catch(() => undefined);
    expect(failures.length).toBeGreaterThan(0);
  });

  test("is cut where an inner part was to be verified: nobody looks at the whole", async () => {
    const { follow, offsets } = await overflowed(digestOf(bytes));
    expect(read(follow(taken + 9, taken + 99, false))).rejects.toThrow("never be verified");
    expect(offsets).toEqual([0]);
  });
});
