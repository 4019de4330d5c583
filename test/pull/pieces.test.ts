import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Spool } from "../../src/blobs/contract.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { Download } from "../../src/pull/download.ts";
import { Fill } from "../../src/pull/fill.ts";
import type { UpstreamClient } from "../../src/upstream/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/upstream.ts";

const MiB = 1 << 20;
const bytes = sampleBytes(6 * MiB, 5);
const digest = digestOf(bytes);

class MemorySpool implements Spool {
  readonly #bytes = Buffer.alloc(bytes.length);
  length = 0;
  async append(chunk: Uint8Array): Promise<void> {
    this.#bytes.set(chunk, this.length);
    this.length += chunk.length;
  }
  read(position: number, length: number): Uint8Array {
    return this.#bytes.subarray(position, Math.min(position + length, this.length));
  }
  async commit(): Promise<void> {}
  async discard(): Promise<void> {}
  async close(): Promise<void> {}
}

/** Of a body that comes cut at these places. */
async function fillOf(cuts: readonly number[]): Promise<Fill> {
  const ends = [...new Set(cuts)].toSorted((a, b) => a - b);
  const pieces = [...ends, bytes.length].map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  const answer = { found: true, offset: 0, size: bytes.length, etag: undefined, body };
  const download = await Download.start({
    client: { blob: async () => answer } as unknown as UpstreamClient,
    clock: new SteppedClock(),
    upstream: { id: 1, name: "u" } as never,
    repository: "a/b",
    digest,
    expected: bytes.length,
    signal: new AbortController().signal,
    marks: [],
  });
  if (!("next" in download)) throw new Error("the blob is there");
  return new Fill({
    digest,
    upstream: "u",
    download,
    spool: new MemorySpool(),
    reopen: () => Promise.reject(new Error("not here")),
    abandoned() {},
    failed() {},
    maxBytes: undefined,
  });
}

// The runtime gathers what nobody has taken yet: on a machine that is busy, a piece can be many MiB.
test("a body is followed to its end, however large its pieces are", async () => {
  const places = fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(places, async (cuts) => {
      const fill = await fillOf(cuts);
      const reader = fill.follow();
      if (!reader) throw new Error("the fill is not over");
      const read: Uint8Array[] = [];
      const reading = async () => {
        for (let piece = await reader.next(); piece; piece = await reader.next()) read.push(piece);
      };
      await Promise.all([fill.run(), reading()]);
      expect(Buffer.concat(read).equals(bytes)).toBe(true);
    }),
    { numRuns: 25, examples: [[[]], [[MiB]], [[MiB + 1]], [[1, MiB + 2]]] },
  );
});
