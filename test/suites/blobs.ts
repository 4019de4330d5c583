import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { BlobStore } from "../../src/blobs/contract.ts";
import { digestOf } from "../../src/oci/digest.ts";

export interface OpenedBlobs {
  blobs: BlobStore;
  close(): Promise<void>;
}

const bytes = new TextEncoder().encode("the bytes of a blob, a few of them");
const digest = digestOf(bytes);

async function store(blobs: BlobStore, content: Uint8Array = bytes): Promise<void> {
  const spool = await blobs.spool(content.length);
  await spool.append(content.subarray(0, 5));
  await spool.append(content.subarray(5));
  await spool.commit(digestOf(content));
  await spool.close();
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

    test("what was committed is found, whole and in parts", async () => {
      await store(blobs);
      const stored = await blobs.find(digest, bytes.length);
      expect(await stored?.whole().bytes()).toEqual(bytes);
      expect(await stored?.part(0, 0).bytes()).toEqual(bytes.slice(0, 1));
      expect(await stored?.part(4, 9).bytes()).toEqual(bytes.slice(4, 10));
      expect(await stored?.part(0, bytes.length - 1).bytes()).toEqual(bytes);
    });

    test("what is not there is not found, before a commit too", async () => {
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
      const spool = await blobs.spool(undefined);
      await spool.append(bytes);
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
      await spool.discard();
      await spool.close();
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    });

    test("what is put aside is not found any more, and can be stored anew", async () => {
      await store(blobs);
      await blobs.quarantine(digest);
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
      await blobs.quarantine(digest);
      await store(blobs);
      await blobs.quarantine(digest);
      await store(blobs);
      expect(await (await blobs.find(digest, bytes.length))?.whole().bytes()).toEqual(bytes);
    });

    test("storing the same again is harmless", async () => {
      await store(blobs);
      await store(blobs);
      expect(await (await blobs.find(digest, bytes.length))?.whole().bytes()).toEqual(bytes);
    });

    test("a size that is not the stored one: removed, to be fetched again", async () => {
      await store(blobs);
      expect(await blobs.find(digest, bytes.length + 1)).toBeUndefined();
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    });

    test("deleting is for good, and no error twice", async () => {
      await store(blobs);
      await blobs.delete(digest);
      await blobs.delete(digest);
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    });

    test("a spool is read by position while it grows, and after its commit", async () => {
      const spool = await blobs.spool(bytes.length);
      expect(spool.read(0, 10)).toHaveLength(0);
      await spool.append(bytes.subarray(0, 8));
      expect(spool.length).toBe(8);
      expect([...spool.read(2, 3)]).toEqual([...bytes.subarray(2, 5)]);
      expect([...spool.read(6, 100)]).toEqual([...bytes.subarray(6, 8)]);
      await spool.append(bytes.subarray(8));
      await spool.commit(digest);
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
      await store(blobs, new Uint8Array());
      const stored = await blobs.find(digestOf(new Uint8Array()), 0);
      expect((await stored?.whole().bytes())?.length).toBe(0);
    });

    test("is ready", async () => {
      expect(await blobs.unready()).toBeUndefined();
    });
  });
}
