import { expect, test } from "bun:test";
import { createLog } from "../../src/lib/log.ts";
import { startExpiry } from "../../src/work/expiry.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { until } from "../fakes/until.ts";

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Runs end when the test says so, with a number of entries or a failure. */
function bench() {
  const clock = new SteppedClock();
  const lines: string[] = [];
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  const runs: PromiseWithResolvers<number>[] = [];
  const expire = () => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  };
  return { clock, lines, runs, expiry: startExpiry({ what: "entries", expire, clock, log }) };
}

test("runs after an hour and a day after each run's end, never twice at a time", async () => {
  const { clock, lines, runs, expiry } = bench();
  clock.step(hourMs - 1);
  expect(runs.length).toBe(0);
  clock.step(3 * dayMs);
  expect([runs.length, clock.pending]).toEqual([1, 0]);
  runs[0]?.resolve(7);
  await until(() => clock.pending === 1);
  expect(lines.join("")).toContain('"message":"entries have expired","count":7');
  clock.step(dayMs - 1);
  expect(runs.length).toBe(1);
  clock.step(1);
  expect(runs.length).toBe(2);
  runs[1]?.resolve(0);
  await until(() => clock.pending === 1);
  expect(lines).toHaveLength(1);
  await expiry.stop();
  expect(clock.pending).toBe(0);
});

test("a run that fails is logged, and the next one comes all the same", async () => {
  const { clock, lines, runs, expiry } = bench();
  clock.step(hourMs);
  runs[0]?.reject(Object.assign(new Error("full"), { code: "SQLITE_FULL" }));
  await until(() => clock.pending === 1);
  expect(lines.join("")).toContain("SQLITE_FULL");
  clock.step(dayMs);
  expect(runs.length).toBe(2);
  runs[1]?.resolve(0);
  await expiry.stop();
});

test("an end waits for the run that is under way, and lets no other begin", async () => {
  const { clock, runs, expiry } = bench();
  clock.step(hourMs);
  let isOver = false;
  const stopped = expiry.stop().then(() => (isOver = true));
  await Promise.resolve();
  expect(isOver).toBe(false);
  runs[0]?.resolve(1);
  await stopped;
  clock.step(2 * dayMs);
  expect([runs.length, clock.pending]).toEqual([1, 0]);
});

test("a clock that was set makes nothing old until a day has passed by it", async () => {
  const { clock, lines, runs, expiry } = bench();
  clock.set(100 * dayMs);
  clock.step(hourMs);
  await until(() => clock.pending === 1);
  expect([runs.length, lines.join("").includes("the clock was set")]).toEqual([0, true]);
  clock.set(-100 * dayMs);
  clock.step(dayMs);
  await until(() => clock.pending === 1);
  expect(runs.length).toBe(0);
  clock.step(dayMs);
  expect(runs.length).toBe(1);
  runs[0]?.resolve(0);
  await expiry.stop();
});
