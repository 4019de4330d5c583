import { expect, test } from "bun:test";
import type { BlobStore } from "../../src/blobs/contract.ts";
import { Holds } from "../../src/lib/holds.ts";
import type { Cache, Upstream } from "../../src/metadata/contract.ts";
import { importArchive } from "../../src/pull/images/import.ts";
import { layout, tarOf } from "../fakes/archive.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { buildImage, sampleBytes } from "../fakes/image.ts";

test("entries of an import are made in steps between which pulls have their turn", async () => {
  const layers = Array.from({ length: 100 }, (_, i) => sampleBytes(64, i));
  const image = buildImage({ layers });
  // A database that answers without a turn of its own, as SQLite does.
  let inTurn = 0;
  let most = 0;
  let isOver = false;
  const turn = () => {
    inTurn = 0;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const write = async () => {
    most = Math.max(most, ++inTurn);
    return true;
  };
  const cache = {
    keepBlob: async () => true,
    recorded: async () => "no",
    storeBlob: write,
    storeManifest: write,
    manifests: async () => [{ proof: "shown" }],
  } as unknown as Cache;
  const spool = { length: 64, append() {}, commit() {}, discard() {}, close() {} };
  const blobs = { spool: async () => spool } as unknown as BlobStore;
  const clock = new SteppedClock();
  const upstream = { id: 1, groupId: 1, version: 1, name: "up", rules: [] } as unknown as Upstream;
  const archive = async function* () {
    yield tarOf(layout(image));
  };
  const wanted = { repository: "app", tag: "1", vouched: async () => undefined };
  const options = { blobs, cache, clock, holds: new Holds(), maxBlobBytes: undefined, told() {} };
  await importArchive(upstream, archive(), wanted, options);
  isOver = true;
  expect(most).toBeLessThanOrEqual(20);
});
