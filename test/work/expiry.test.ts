import { expect, test } from "bun:test";
import { expiryWork } from "../../src/work/expiry.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { readableLog } from "../fakes/runner.ts";

const run = { state: undefined, done: 0, signal: new AbortController().signal };

test("gives up what has expired once a day, step by step, and says how much that was", async () => {
  const counts = [7, 2, 0, 0];
  const { log, lines } = readableLog(new SteppedClock());
  const expire = async () => counts.shift() ?? 0;
  const work = expiryWork({ name: "expired_entries", what: "entries", expire, log });
  expect(work).toMatchObject({ everyMs: 86_400_000, afterStartMs: 3_600_000, goesByAge: true });
  expect(await work.step(run)).toEqual({ isOver: false, state: "entries", done: 7 });
  expect(await work.step({ ...run, done: 7 })).toMatchObject({ isOver: false, done: 9 });
  expect(await work.step({ ...run, done: 9 })).toEqual({ isOver: true, done: 9 });
  expect(await work.step(run)).toEqual({ isOver: true, done: 0 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"message":"entries have expired","count":9');
});
