import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { BlobStore, OpenedBlob, Wanted } from "../../src/blobs/contract.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";

export interface OpenedBlobs {
  blobs: BlobStore;
  close(): Promise<void>;
}

const bytes = new TextEncoder().encode("the bytes of a blob, a few of them");
const digest = digestOf(bytes);

async function store(blobs: BlobStore, content: Uint8Array = bytes): Promise<void> {
  const spool = await blobs.spool(digestOf(content), content.length);
  await spool.append(content.subarray(0, 5));
  await spool.append(content.subarray(5));
  await spool.commit(digestOf(content), true);
  await spool.discard();
  await spool.close();
}

/** Everything that an opened blob gives. */
export async function contentOf(opened: OpenedBlob | undefined): Promise<Uint8Array> {
  if (opened?.kind === "file") return opened.blob.bytes();
  if (opened?.kind !== "stream") throw new Error("the blob was not opened");
  const chunks: Uint8Array[] = [];
  for (let chunk = await opened.stream.next(); chunk; chunk = await opened.stream.next()) {
    chunks.push(chunk.slice());
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** What every blob store holds to (src/blobs/contract.ts). */
export function blobsSuite(name: string, open: () => Promise<OpenedBlobs>): void {
  describe(`${name}: blob store`, () => {
    let opened: OpenedBlobs;
    let blobs: BlobStore;
    beforeEach(async () => {
      opened = await open();
      blobs = opened.blobs;
    });
    afterEach(() => opened.close());

    const all = { range: undefined, as: "bytes" } as const;
    const part = (first: number, last: number): Wanted => ({ range: { first, last }, as: "bytes" });
    const read = async (wanted: Wanted = all, content = bytes) =>
      contentOf(await blobs.open(digestOf(content), content.length, wanted));

    test("what was committed is there, whole and in parts", async () => {
      await store(blobs);
      expect(await blobs.find(digest, bytes.length)).toBeDefined();
      expect(await read()).toEqual(bytes);
      expect(await read(part(0, 0))).toEqual(bytes.slice(0, 1));
      expect(await read(part(4, 9))).toEqual(bytes.slice(4, 10));
      expect(await read(part(0, bytes.length - 1))).toEqual(bytes);
      expect(await read({ ...part(4, 9), as: "file" })).toEqual(bytes.slice(4, 10));
    });

    test("for a receiver that cannot see a cut it is a file", async () => {
      await store(blobs);
      const file = await blobs.open(digest, bytes.length, { range: undefined, as: "file" });
      expect(file?.kind).toBe("file");
      expect(await contentOf(file)).toEqual(bytes);
    });

    test("what is not there is not found, before a commit too", async () => {
      const isThere = async () =>
        (await blobs.find(digest, bytes.length)) !== undefined ||
        (await blobs.open(digest, bytes.length, all)) !== undefined ||
        (await blobs.stat(digest)) !== undefined;
      expect(await isThere()).toBe(false);
      const spool = await blobs.spool(digest, undefined);
      await spool.append(bytes);
      expect(await isThere()).toBe(false);
      await spool.discard();
      await spool.close();
      expect(await isThere()).toBe(false);
    });

    test("what is put aside is not found any more, and can be stored anew", async () => {
      await store(blobs);
      const found = (await blobs.stat(digest))!;
      expect(await blobs.quarantine(found)).toBe(true);
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
      expect(await blobs.quarantine(found)).toBe(false);
      await store(blobs);
      expect(await blobs.quarantine((await blobs.stat(digest))!)).toBe(true);
      await store(blobs);
      expect(await blobs.find(digest, bytes.length)).toBeDefined();
    });

    test("what others have stored since it was looked at is not put aside", async () => {
      await store(blobs);
      const found = (await blobs.stat(digest))!;
      const { size, storedAt } = found;
      for (const other of [{ size: size + 1 }, { storedAt: storedAt - 1000 }]) {
        expect(await blobs.quarantine({ ...found, ...other })).toBe(false);
      }
      expect(await blobs.find(digest, bytes.length)).toBeDefined();
      expect(await blobs.quarantined(10)).toEqual([]);
    });

    test("what was put aside is listed, and can be given up", async () => {
      expect(await blobs.quarantined(10)).toEqual([]);
      const other = new TextEncoder().encode("other bytes");
      for (const content of [bytes, other]) {
        await store(blobs, content);
        await blobs.quarantine((await blobs.stat(digestOf(content)))!);
      }
      const sizes = async (limit: number) =>
        new Map((await blobs.quarantined(limit)).map((one) => [one.digest, one.size]));
      expect(await sizes(10)).toEqual(
        new Map([
          [digest, bytes.length],
          [digestOf(other), other.length],
        ]),
      );
      expect((await sizes(1)).size).toBe(1);
      await blobs.discardQuarantined(digest);
      await blobs.discardQuarantined(digest);
      expect(await sizes(10)).toEqual(new Map([[digestOf(other), other.length]]));
    });

    test("a digest may be known in the end only", async () => {
      const spool = await blobs.spool(undefined, undefined);
      await spool.append(bytes);
      await spool.commit(digest, true);
      await spool.discard();
      await spool.close();
      expect(await blobs.find(digest, bytes.length)).toBeDefined();
    });

    test("storing the same again is harmless", async () => {
      await store(blobs);
      await store(blobs);
      expect(await read()).toEqual(bytes);
    });

    test("what is there without a record is replaced, though it has the size", async () => {
      const put = async (content: Uint8Array) => {
        const spool = await blobs.spool(digest, content.length);
        await spool.append(content);
        await spool.commit(digest, false);
        await spool.discard();
        await spool.close();
      };
      await put(bytes.map((byte) => byte ^ 1));
      await put(bytes);
      expect(await read()).toEqual(bytes);
    });

    test("a size that is not the stored one: removed, to be fetched again", async () => {
      await store(blobs);
      expect(await blobs.find(digest, bytes.length + 1)).toBeUndefined();
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
      await store(blobs);
      expect(await blobs.open(digest, bytes.length - 1, all)).toBeUndefined();
      expect(await blobs.open(digest, bytes.length, all)).toBeUndefined();
    });

    test("deleting is for good, and no error twice", async () => {
      await store(blobs);
      await blobs.delete(digest);
      await blobs.delete(digest);
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    });

    test("a spool is read by position while it grows, and after its commit", async () => {
      const spool = await blobs.spool(digest, bytes.length);
      expect(spool.read(0, 10)).toHaveLength(0);
      await spool.append(bytes.subarray(0, 8));
      expect(spool.length).toBe(8);
      expect([...spool.read(2, 3)]).toEqual([...bytes.subarray(2, 5)]);
      expect([...spool.read(6, 100)]).toEqual([...bytes.subarray(6, 8)]);
      await spool.append(bytes.subarray(8));
      await spool.commit(digest, true);
      await spool.discard();
      expect([...spool.read(0, 1000)]).toEqual([...bytes]);
      await spool.close();
      expect(await blobs.find(digest, bytes.length)).toBeDefined();
    });

    test("sha512 and sha256 of the same bytes are two blobs", async () => {
      await store(blobs);
      expect(await blobs.find(digestOf(bytes, "sha512"), bytes.length)).toBeUndefined();
    });

    test("an empty blob is a blob", async () => {
      const empty = new Uint8Array();
      await store(blobs, empty);
      expect(await blobs.find(digestOf(empty), 0)).toBeDefined();
      expect(await read(all, empty)).toHaveLength(0);
    });

    test("is ready", async () => {
      expect(await blobs.ready()).toEqual({ ready: true });
    });

    test("says of a blob how large it is and since when", async () => {
      const before = Date.now();
      await store(blobs);
      const stored = await blobs.stat(digest);
      expect(stored).toEqual({ digest, size: bytes.length, storedAt: expect.any(Number) });
      // Some stores know whole seconds alone.
      expect(stored?.storedAt).toBeGreaterThanOrEqual(before - 2000);
      expect(stored?.storedAt).toBeLessThanOrEqual(Date.now() + 2000);
    });

    test("lists everything in the order of digests, page by page, each once", async () => {
      const contents = Array.from({ length: 7 }, (_, i) => new TextEncoder().encode(`blob ${i}`));
      for (const content of contents) await store(blobs, content);
      const wanted = contents.map((content) => digestOf(content)).sort();
      const pages: Digest[][] = [];
      for (let after: Digest | undefined; ;) {
        const page = (await blobs.list(after, 3)).map((stored) => stored.digest);
        pages.push(page);
        if (page.length < 3) break;
        after = page.at(-1);
      }
      expect(pages.flat()).toEqual(wanted);
      expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
      expect((await blobs.list(undefined, 10))[0]).toMatchObject({ size: 6 });
      expect(await blobs.list(wanted.at(-1), 10)).toEqual([]);
    });

    test("an empty store lists nothing", async () => {
      expect(await blobs.list(undefined, 10)).toEqual([]);
    });
  });
}
