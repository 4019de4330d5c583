import { expect, test } from "bun:test";
import { gradualWork } from "../../src/work/gradual.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { readableLog } from "../fakes/runner.ts";

const run = { state: undefined, done: 0, signal: new AbortController().signal };

test("goes on until there is no more, and says how much that was", async () => {
  const counts = [7, 0, 2, undefined, undefined];
  const { log, lines } = readableLog(new SteppedClock());
  const work = gradualWork({
    name: "expired_entries",
    everyMs: 2,
    afterStartMs: 1,
    goesByAge: true,
    some: async () => counts.shift(),
    told: "entries have expired",
    log,
  });
  expect(work).toMatchObject({ name: "expired_entries", everyMs: 2, goesByAge: true });
  const steps = [];
  for (const done of [0, 7, 7, 9]) steps.push(await work.step({ ...run, done }));
  expect(steps).toMatchObject([
    { isOver: false, done: 7 },
    { isOver: false, done: 7 },
    { isOver: false, done: 9 },
    { isOver: true, done: 9 },
  ]);
  expect(await work.step(run)).toEqual({ isOver: true, done: 0 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"message":"entries have expired","count":9');
});
