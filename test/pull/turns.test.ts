import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { FsBlobStore } from "../../src/blobs/fs/store.ts";
import { createLog } from "../../src/lib/log.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { Download } from "../../src/pull/download.ts";
import { Fill } from "../../src/pull/fill.ts";
import type { UpstreamClient } from "../../src/upstream/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { sampleBytes } from "../fakes/upstream.ts";

const size = 32 << 20;
const chunk = sampleBytes(64 << 10);
const whole = Buffer.concat(Array<Uint8Array>(size / chunk.length).fill(chunk));

/** How often others had their turn while the work ran. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = () => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await work;
  over = true;
  return turns;
}

test("a fill and its reader let others have a turn at least each 256 KiB, however fast the upstream is", async () => {
  const root = mkdtempSync(path.join(tmpdir(), "weir-turns-"));
  const clock = new SteppedClock();
  const log = createLog(clock, "error", { write() {}, async flush() {} });
  const blobs = await FsBlobStore.open({ root, minFreeBytes: 0, log, clock });
  const digest = digestOf(whole);
  const description = {
    found: true,
    contentType: undefined,
    size,
    claimedDigest: undefined,
    etag: undefined,
  } as const;
  // A body that never has to be waited for: reading it alone would never leave the microtasks.
  const client = {
    blob: async () => {
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent === size) return controller.close();
          sent += chunk.length;
          controller.enqueue(chunk);
        },
      });
      return { ...description, offset: 0, body };
    },
  } as unknown as UpstreamClient;
  const upstream = {
    id: 1,
    name: "u",
    url: "",
    username: undefined,
    password: undefined,
    tokenRealm: undefined,
    deniedMeans: "unsure",
    ca: undefined,
    version: 1,
  } as const;
  const { signal } = new AbortController();
  const download = await Download.start({
    client,
    clock,
    upstream,
    repository: "a/b",
    digest,
    expected: size,
    signal,
    marks: [],
  });
  if (!("next" in download)) throw new Error("the blob is there");
  const spool = await blobs.spool(digest, size);
  const fill = new Fill({
    digest,
    upstream: "u",
    download,
    spool,
    reopen: () => Promise.reject(new Error("not here")),
    abandoned() {},
    failed() {},
    maxBytes: undefined,
  });
  const turns = size / (256 << 10);

  expect(await turnsDuring(fill.run())).toBeGreaterThanOrEqual(turns);
  const reader = fill.follow();
  if (!reader) throw new Error("the fill is not over");
  const read = async () => {
    let got = 0;
    for (let bytes = await reader.next(); bytes; bytes = await reader.next()) got += bytes.length;
    expect(got).toBe(size);
  };
  expect(await turnsDuring(read())).toBeGreaterThanOrEqual(turns);
  await spool.discard();
  await fill.release();
  rmSync(root, { recursive: true });
});
