import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Holds } from "../../src/lib/holds.ts";
import type { Metadata } from "../../src/metadata/contract.ts";
import { noSpaceCounts } from "../../src/work/space/contract.ts";
import { sweepingWork } from "../../src/work/space/sweeping.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { postgresOpener } from "../fakes/metadata-postgres.ts";
import { digestOfText, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import { postgresDatabase } from "../fakes/new-database.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
import { readableLog, runnerOn, ScriptedWork } from "../fakes/runner.ts";
import { until } from "../fakes/until.ts";

const lack = lackOfPostgres();
const minuteMs = 60_000;
const all = Number.MAX_SAFE_INTEGER;
const layer = digestOfText("layer");
/** Each server has the runner's, and that by which tables which have grown are looked at anew. */
const timers = 2;

/** Two servers of one database, of which the second is minutes ahead of the first. */
describe.skipIf(lack !== undefined)(`servers' clocks${lack ? ` (${lack})` : ""}`, () => {
  let database: Awaited<ReturnType<typeof postgresDatabase>>;
  let slow: SteppedClock;
  let fast: SteppedClock;
  let first: Metadata;
  let second: Metadata;

  beforeEach(async () => {
    slow = new SteppedClock(Date.now() - 2 * minuteMs);
    fast = new SteppedClock(Date.now() + 20 * minuteMs);
    database = await postgresDatabase(slow);
    first = await database.open({ isClockShared: false });
    second = await postgresOpener(database.url, fast).open({ isClockShared: false });
  });
  afterEach(async () => {
    await first.close();
    await second.close();
    await database.remove();
  });

  test("one of them runs a work, however far apart they are, and the other when that one is gone", async () => {
    const [own, others] = [new ScriptedWork("sweep"), new ScriptedWork("sweep")];
    const one = runnerOn(first.work, slow, [own], "one").runner;
    const two = runnerOn(second.work, fast, [others], "two").runner;
    await one.start();
    await two.start();
    await until(() => slow.pending === timers && fast.pending === timers);
    await one.wake("sweep");
    await until(() => own.steps.length === 1);
    await two.wake("sweep");
    await until(() => fast.pending === timers);
    expect(others.steps).toHaveLength(0);
    expect((await two.list())[0]).toMatchObject({ status: "running" });
    expect((await one.list())[0]).toMatchObject({ status: "running" });
    // The same, when a minute has passed for the second, and none for the database.
    fast.step(minuteMs);
    await until(() => fast.pending === timers);
    expect(others.steps).toHaveLength(0);
    await database.query(
      "update work set leased_until = (extract(epoch from now()) * 1000)::bigint - 1",
    );
    fast.step(minuteMs);
    await until(() => others.steps.length === 1);
    others.end({ isOver: true, done: 0 });
    own.end({ isOver: true, done: 0 });
    await Promise.all([one.stop(), two.stop()]);
  });

  test("a removal that one has begun is waited for by the other", async () => {
    const { upstream } = await sampleRegistry(first);
    await first.cache.storeBlob(shownBlob(upstream, "layer"));
    await first.space.evict(wish(upstream.id));
    const begun = await first.sweep.now();
    expect(await first.sweep.beginRemoval(layer, begun)).toBe(true);
    const blob = shownBlob(upstream, "layer", { now: fast.now() });
    expect(await second.cache.recorded(layer)).toBe("leaving");
    expect(await second.cache.storeBlob(blob)).toBe(false);
    expect(await second.cache.keepBlob(blob)).toBe(false);
    await first.sweep.endRemoval(layer, begun);
    expect(await second.cache.storeBlob(blob)).toBe(true);
    // One that a killed server has left is not, and its bytes are looked at again.
    await second.space.evict(wish(upstream.id));
    await first.sweep.beginRemoval(layer, begun - minuteMs);
    expect(await second.cache.recorded(layer)).toBe("doubtful");
    expect(await second.cache.storeBlob(blob)).toBe(true);
  });

  test("content that nothing needs any more stays for its five minutes, whichever server sweeps", async () => {
    const { upstream } = await sampleRegistry(first);
    await first.cache.storeBlob(shownBlob(upstream, "layer"));
    await first.space.evict(wish(upstream.id));
    const deleted: string[] = [];
    const run = async (metadata: Metadata, clock: SteppedClock) => {
      const { signal } = new AbortController();
      const blobs = {
        delete: async (digest: string) => void deleted.push(digest),
        list: async () => [],
      };
      const { log } = readableLog(clock);
      const around = { blobs, holds: new Holds(), clock, log, counts: noSpaceCounts() };
      const work = sweepingWork({ ...around, sweep: metadata.sweep });
      let at = await work.step({ state: undefined, done: 0, signal });
      while (!at.isOver) at = await work.step({ state: at.state, done: at.done, signal });
    };
    await run(first, slow);
    await run(second, fast);
    expect(deleted).toEqual([]);
    await database.query(`update unneeded_content set since = since - ${5 * minuteMs}`);
    await run(first, slow);
    expect(deleted).toEqual([layer]);
  });
});

const wish = (cacheId: number) => ({
  cacheId,
  after: undefined,
  before: all,
  bytes: all,
  isDry: false,
});
