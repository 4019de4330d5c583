import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { StoreFullError } from "../../src/blobs/contract.ts";
import { FsBlobStore } from "../../src/blobs/fs/store.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { digestOf, hexOf } from "../../src/oci/digest.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { blobsSuite } from "../suites/blobs.ts";

const log = createLog(systemClock, "error", { write() {}, async flush() {} });
const temporary = () => mkdtempSync(path.join(tmpdir(), "weir-blobs-"));
const open = (root: string, minFreeBytes = 0, clock: Clock = systemClock) =>
  FsBlobStore.open({ root, minFreeBytes, log, clock });

blobsSuite("file system", async () => {
  const root = temporary();
  const blobs = await open(root);
  return {
    blobs,
    async close() {
      expect(readdirSync(path.join(root, "spool"))).toEqual([]);
      rmSync(root, { recursive: true });
    },
  };
});

describe("file system", () => {
  const bytes = new TextEncoder().encode("content");
  const digest = digestOf(bytes);
  let root: string;
  beforeEach(() => (root = temporary()));
  afterEach(() => rmSync(root, { recursive: true }));
  const target = () => path.join(root, "blobs", "sha256", hexOf(digest).slice(0, 2), hexOf(digest));

  async function store(at: Clock = systemClock): Promise<FsBlobStore> {
    const blobs = await open(root, 0, at);
    const spool = await blobs.spool(digest, bytes.length);
    await spool.append(bytes);
    await spool.commit(digest, true);
    await spool.close();
    return blobs;
  }

  test("what was put aside and cannot be read is passed over: the others are listed", async () => {
    // So deep that the name of the one fits into a path, and the longer one of the other does not.
    let deep = root;
    while (deep.length < 3980) deep += `/${"d".repeat(Math.min(200, 3980 - deep.length))}`;
    const blobs = await open(deep);
    const before = process.cwd();
    mkdirSync(`${deep}/quarantine`);
    process.chdir(`${deep}/quarantine`);
    try {
      for (const name of [`sha256-${"b".repeat(64)}`, `sha512-${"b".repeat(128)}`])
        writeFileSync(name, "");
      expect(await blobs.quarantined(10)).toMatchObject([{ digest: `sha256:${"b".repeat(64)}` }]);
    } finally {
      rmSync(`sha512-${"b".repeat(128)}`);
      process.chdir(before);
    }
  });

  test("on a file server whose clock is ahead: files bear our time, by which they are looked at", async () => {
    const clock = new SteppedClock(Date.now() - 3_600_000);
    const blobs = await store(clock);
    const found = await blobs.find(digest, bytes.length);
    expect(Math.abs((found?.writtenAt ?? 0) - clock.now())).toBeLessThan(1);
    expect((await store()).find(digest, bytes.length)).resolves.toMatchObject({
      writtenAt: statSync(target()).mtimeMs,
    });
  });

  test("files are the owner's alone", async () => {
    await store();
    expect(statSync(target()).mode & 0o077).toBe(0);
    expect(statSync(path.join(root, "blobs")).mode & 0o077).toBe(0);
  });

  test("what a killed process left in the spool is gone at the next start, blobs stay", async () => {
    await store();
    writeFileSync(path.join(root, "spool", "left"), "half");
    const again = await open(root);
    expect(readdirSync(path.join(root, "spool"))).toEqual([]);
    expect(await again.find(digest, bytes.length)).toBeDefined();
  });

  test("a link or a folder in a blob's place is not followed, but removed", async () => {
    const blobs = await store();
    rmSync(target());
    writeFileSync(path.join(root, "elsewhere"), bytes);
    symlinkSync(path.join(root, "elsewhere"), target());
    expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    mkdirSync(target());
    expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    expect(existsSync(target())).toBe(false);
    expect(existsSync(path.join(root, "elsewhere"))).toBe(true);
  });

  test("a deleted blob is still read to its end by who has begun", async () => {
    const blobs = await store();
    const opened = await blobs.open(digest, bytes.length, { range: undefined });
    const reader = opened?.kind === "file" ? opened.blob.stream().getReader() : undefined;
    const first = await reader?.read();
    await blobs.delete(digest);
    expect(first?.value).toEqual(bytes);
    expect((await reader?.read())?.done).toBe(true);
  });

  test("too little free space: nothing is begun; counting what others have been promised", async () => {
    const all = await open(root, Number.MAX_SAFE_INTEGER);
    expect(all.spool(digest, 1)).rejects.toBeInstanceOf(StoreFullError);
    const blobs = await open(root);
    expect(blobs.spool(digest, 2 ** 52)).rejects.toBeInstanceOf(StoreFullError);
    const first = await blobs.spool(digest, 1000);
    expect(blobs.spool(digest, 2 ** 52)).rejects.toBeInstanceOf(StoreFullError);
    await first.discard();
    await first.close();
    expect(readdirSync(path.join(root, "spool"))).toEqual([]);
  });

  test("a store that cannot be written to is full, and not ready", async () => {
    const blobs = await open(root);
    rmSync(path.join(root, "spool"), { recursive: true });
    expect(blobs.spool(digest, 1)).rejects.toBeInstanceOf(StoreFullError);
    expect(await blobs.ready()).toMatchObject({ ready: false });
    mkdirSync(path.join(root, "spool"));
    expect(await blobs.ready()).toEqual({ ready: true });
  });
});
