import { expect, test } from "bun:test";
import type { Clock } from "../../../src/lib/clock.ts";
import { Pace } from "../../../src/work/runner/pace.ts";
import { SteppedClock } from "../../fakes/clock.ts";
import { until } from "../../fakes/until.ts";

const never = new AbortController().signal;
const no = () => false;

/** How long a rest is, for as long as it is not late. */
async function restMs(
  tookMs: number,
  {
    underWay = 0,
    lanes = 1,
    urgency,
  }: { underWay?: number; lanes?: number; urgency?: number } = {},
): Promise<number> {
  const clock = new SteppedClock();
  const rest = new Pace(clock, () => underWay, no).rest(tookMs, lanes, never, urgency);
  let isOver = false;
  void rest.then(() => (isOver = true));
  await until(() => isOver || clock.pending > 0);
  const ms = isOver ? 0 : clock.next;
  clock.step(ms);
  await rest;
  return ms;
}

test("a rest is in proportion to the step, longer beside requests and other works, and never long", async () => {
  expect(await restMs(5)).toBe(10);
  expect(await restMs(5, { underWay: 1 })).toBe(45);
  expect(await restMs(5, { underWay: 1, lanes: 2 })).toBe(90);
  expect(await restMs(100, { underWay: 1 })).toBe(250);
  expect(await restMs(0)).toBe(0);
});

test("what is urgent rests as long as it works, whoever asks for something, and never long; or less, or not at all", async () => {
  expect(await restMs(5, { underWay: 1, lanes: 2, urgency: 0 })).toBe(5);
  expect(await restMs(60_000, { underWay: 1, urgency: 0 })).toBe(250);
  expect(await restMs(100, { underWay: 1, urgency: 0.75 })).toBe(25);
  expect(await restMs(100, { underWay: 1, urgency: 1 })).toBe(0);
});

test("a step that has waited for others has cost nobody anything", async () => {
  expect(await restMs(60_000, { underWay: 1 })).toBe(0);
});

test("rests that end late are followed by others, and the work goes on all the same", async () => {
  let elapsed = 0;
  let rests = 0;
  const busy: Clock = {
    now: () => elapsed,
    elapsed: () => elapsed,
    after(ms, run) {
      rests++;
      elapsed += ms + 50;
      queueMicrotask(run);
      return { cancel: () => {} };
    },
  };
  await new Pace(busy, () => 0, no).rest(5, 1, never);
  expect(rests).toBe(4);
});

test("a rest lasts until the database has written back its log, or the run is to end", async () => {
  const clock = new SteppedClock();
  let asked = 0;
  const isWritingBack = () => ++asked < 4;
  await new Pace(clock, () => 0, isWritingBack).rest(0, 1, never);
  expect(asked).toBe(4);
  const abort = new AbortController();
  const stuck = () => {
    abort.abort();
    return true;
  };
  await new Pace(clock, () => 0, stuck).rest(0, 1, abort.signal);
});

test("a rest ends when the run is to end", async () => {
  const abort = new AbortController();
  const clock = new SteppedClock();
  const rest = new Pace(clock, () => 0, no).rest(100, 1, abort.signal);
  await until(() => clock.pending > 0);
  abort.abort();
  await rest;
  expect(clock.pending).toBe(0);
});
