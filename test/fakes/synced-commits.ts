// Tests of a process of its own (`test/blobs/fs-sync.test.ts`): it watches and breaks the system's calls, for whoever has
// them from here on.
import { afterEach, beforeEach, expect, mock, test } from "bun:test";
import * as system from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const fs = { ...system };
let seen: string[] = [];
let failing: RegExp | undefined;
await mock.module("node:fs", () => ({
  ...fs,
  fsync(fd: number, done: (error: Error | null) => void) {
    const name = fs.readlinkSync(`/proc/self/fd/${fd}`).replace(root, "");
    seen.push(`sync ${name.replace(/[0-9a-f-]{36}$/, "*")}`);
    if (failing?.test(name)) return done(Object.assign(new Error("EIO"), { code: "EIO" }));
    fs.fsync(fd, done);
  },
  renameSync(from: string, to: string) {
    seen.push(`rename to ${path.dirname(to).replace(root, "")}`);
    fs.renameSync(from, to);
  },
}));
// Not before: what they take from there they keep.
const { FsBlobStore } = await import("../../src/blobs/fs/store.ts");
const { systemClock } = await import("../../src/lib/clock.ts");
const { createLog } = await import("../../src/lib/log.ts");
const { digestOf, hexOf } = await import("../../src/oci/digest.ts");

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(tmpdir(), "weir-sync-"));
  [seen, failing] = [[], undefined];
});
afterEach(() => fs.rmSync(root, { recursive: true }));

const bytes = new TextEncoder().encode("hello");
const digest = digestOf(bytes);
const folder = `/blobs/sha256/${hexOf(digest).slice(0, 2)}`;
const log = createLog(systemClock, "error", { write() {}, async flush() {} });

/** What came of it, and whether the blob is at its place. */
async function commit() {
  const store = await FsBlobStore.open({ root, minFreeBytes: 0, log, clock: systemClock });
  const spool = await store.spool(digest, bytes.length);
  await spool.append(bytes);
  const error: unknown = await spool.commit(digest, false).catch((failed: unknown) => failed);
  await spool.discard();
  await spool.close();
  return { error, isThere: (await store.find(digest, bytes.length)) !== undefined };
}

test("the bytes are safe before they have their name, and the name after that", async () => {
  expect(await commit()).toEqual({ error: undefined, isThere: true });
  const above = ["/blobs/sha256", "/blobs"].map((name) => `sync ${name}`);
  expect(seen).toEqual(["sync /spool/*", `rename to ${folder}`, `sync ${folder}`, ...above]);
});

test("bytes that cannot be made safe get no name, and that is not tried again", async () => {
  failing = /^\/spool\//;
  expect(await commit()).toMatchObject({ error: { code: "EIO" }, isThere: false });
  expect(seen).toEqual(["sync /spool/*"]);
  expect(fs.readdirSync(path.join(root, "spool"))).toEqual([]);
});

test("a name that cannot be made safe is told: nothing goes on record", async () => {
  failing = /^\/blobs\//;
  expect(await commit()).toMatchObject({ error: { code: "EIO" } });
  expect(seen).toEqual(["sync /spool/*", `rename to ${folder}`, `sync ${folder}`]);
});
