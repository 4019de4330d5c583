import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Metadata } from "../../../src/metadata/contract.ts";
import type { Runner, Work } from "../../../src/work/runner/contract.ts";
import { migratedFolder, type sqliteFolder } from "../../fakes/metadata-sqlite.ts";
import { runnerOn, ScriptedWork } from "../../fakes/runner.ts";
import { until } from "../../fakes/until.ts";

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let folder: ReturnType<typeof sqliteFolder>;
let metadata: Metadata;
const started: Runner[] = [];
const works: ScriptedWork[] = [];
beforeEach(async () => {
  folder = await migratedFolder();
  metadata = await folder.open();
});
afterEach(async () => {
  const stopped = Promise.all(started.splice(0).map((runner) => runner.stop()));
  // Whatever was left under way comes to its end.
  for (const work of works.splice(0)) work.end({ isOver: true, done: 0 });
  await stopped;
  await metadata.close();
  folder.remove();
});

function scripted(name = "sweep", times: Partial<Work> = {}): ScriptedWork {
  const work = new ScriptedWork(name, times);
  works.push(work);
  return work;
}

async function start(work: Work, owner = "one") {
  const one = runnerOn(metadata.work, folder.clock, [work], owner);
  await one.runner.start();
  started.push(one.runner);
  return one;
}

const begun = (work: ScriptedWork, count: number) => until(() => work.steps.length === count);
const report = async (runner: Runner) => (await runner.list())[0];
/** Nothing else is under way: the runner has set its timer. */
const resting = (count = 1) => until(() => folder.clock.pending === count);

test("runs a while after the start, then at its interval, and tells how far it is", async () => {
  const { clock } = folder;
  const work = scripted();
  const { runner } = await start(work);
  await resting();
  clock.step(10 * minuteMs - 1);
  await resting();
  expect([work.steps.length, await report(runner)]).toMatchObject([0, { status: "scheduled" }]);
  clock.step(1);
  await begun(work, 1);
  expect(work.steps[0]?.run).toMatchObject({ state: undefined, done: 0 });
  work.end({ isOver: false, state: "a", done: 2, total: 3 });
  await begun(work, 2);
  expect(work.steps[1]?.run).toMatchObject({ state: "a", done: 2 });
  expect(await report(runner)).toMatchObject({ status: "running", done: 2, total: 3 });
  work.end({ isOver: true, done: 3, total: 3 });
  await until(async () => (await report(runner))?.status === "scheduled");
  const now = clock.now();
  expect(await report(runner)).toMatchObject({ done: 3, lastRunAt: now, nextRunAt: now + hourMs });
  await resting();
  clock.step(hourMs);
  await begun(work, 3);
  expect(work.steps[2]?.run).toMatchObject({ state: undefined, done: 0 });
});

test("rests twice as long as it works, and no longer than that where it is urgent", async () => {
  const { clock } = folder;
  const work = scripted();
  const { runner } = await start(work);
  await runner.wake("sweep");
  await begun(work, 1);
  clock.step(5);
  work.end({ isOver: false, state: "a", done: 1, urgency: 0 });
  await until(() => clock.isDue(5));
  clock.step(5);
  await begun(work, 2);
  clock.step(5);
  work.end({ isOver: false, state: "b", done: 2 });
  await until(() => clock.isDue(10));
  clock.step(10);
  await begun(work, 3);
});

test("woken it runs at once, and woken while it runs once more", async () => {
  const work = scripted();
  const { runner } = await start(work);
  await runner.wake("sweep");
  await begun(work, 1);
  await runner.wake("sweep");
  await runner.wake("sweep");
  work.end({ isOver: true, done: 0 });
  await begun(work, 2);
  work.end({ isOver: true, done: 0 });
  await until(async () => (await report(runner))?.status === "scheduled");
  await resting();
  expect(work.steps).toHaveLength(2);
});

test("a failure is told, and the run is gone on with after one minute, two, and at most an hour", async () => {
  const { clock } = folder;
  const work = scripted();
  const { runner, lines } = await start(work);
  await runner.wake("sweep");
  await begun(work, 1);
  work.end({ isOver: false, state: "half", done: 5 });
  for (const [index, minutes] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    await begun(work, 2 + index);
    expect(work.steps.at(-1)?.run).toMatchObject({ state: "half", done: 5 });
    work.fail("SQLITE_FULL");
    await until(async () => (await report(runner))?.status === "failed");
    expect(await report(runner)).toMatchObject({
      message: "SQLITE_FULL",
      nextRunAt: clock.now() + minutes * minuteMs,
    });
    await resting();
    clock.step(minutes * minuteMs - 1);
    await resting();
    expect(work.steps).toHaveLength(2 + index);
    clock.step(1);
  }
  await begun(work, 10);
  work.end({ isOver: true, done: 6 });
  await until(async () => (await report(runner))?.message === undefined);
  expect(lines.join("")).toContain('"work":"sweep","code":"SQLITE_FULL","failures":1');
});

test("failures in a row are known without asking, on all servers within a minute, until a run goes well", async () => {
  const { clock } = folder;
  const [work, other] = [scripted(), scripted()];
  const { runner } = await start(work);
  expect(await runner.failures()).toEqual(new Map());
  const { runner: second } = await start(other, "two");
  const told = async () =>
    Promise.all([runner, second].map(async (one) => (await one.failures()).get("sweep")));
  const isTold = (first: number, last: number, stepMs: number) =>
    until(async () => {
      clock.step(stepMs);
      return Bun.deepEquals(await told(), [first, last]);
    });
  await isTold(0, 0, 1);
  await runner.wake("sweep");
  await begun(work, 1);
  work.fail("EIO");
  await isTold(1, 0, 1);
  // The other one looks for itself, and one of them tries again.
  await isTold(1, 1, 1000);
  await until(() => (clock.step(1000), work.steps.length + other.steps.length === 2));
  expect(await told()).toEqual([1, 1]);
  for (const one of [work, other]) one.end({ isOver: true, done: 0 });
  await isTold(0, 0, 1000);
  expect(work.steps.length + other.steps.length).toBe(2);
});

test("after a kill the next process goes on where it was", async () => {
  const first = scripted();
  const { runner } = await start(first);
  await runner.wake("sweep");
  await begun(first, 1);
  first.end({ isOver: false, state: "half", done: 5 });
  await begun(first, 2);
  // Killed here, in the middle of its second step: it cannot write any more.
  await metadata.close();
  metadata = await folder.open();
  const second = scripted();
  await start(second, "two");
  await begun(second, 1);
  expect(second.steps[0]?.run).toMatchObject({ state: "half", done: 5 });
});

test("a stop lets the step under way end, and leaves the rest for the next start", async () => {
  const first = scripted();
  const { runner } = await start(first);
  await runner.wake("sweep");
  await begun(first, 1);
  let isOver = false;
  const stopped = runner.stop().then(() => (isOver = true));
  await until(() => first.steps[0]?.run.signal.aborted === true);
  expect(isOver).toBe(false);
  first.end({ isOver: false, state: "half", done: 1 });
  await stopped;
  expect([first.steps.length, folder.clock.pending]).toEqual([1, 0]);
  const second = scripted();
  await start(second, "two");
  await begun(second, 1);
  expect(second.steps[0]?.run.state).toBe("half");
});

test("of two servers one runs it; the other takes over when the lease has run out", async () => {
  const { clock } = folder;
  const [first, second] = [scripted(), scripted()];
  const { runner } = await start(first, "one");
  await start(second, "two");
  await runner.wake("sweep");
  await begun(first, 1);
  first.end({ isOver: false, state: "half", done: 1 });
  await begun(first, 2);
  // The first renews it for as long as its step takes.
  const leasedUntil = async () => (await metadata.work.get("sweep"))?.leasedUntil ?? 0;
  for (let i = 0; i < 10; i++) {
    clock.step(minuteMs / 3);
    await until(async () => (await leasedUntil()) === clock.now() + minuteMs);
  }
  expect(second.steps).toHaveLength(0);
  // Another has it all the same: what the first was about to note does not count.
  const now = clock.now();
  await metadata.work.cancel("sweep", now);
  expect(await metadata.work.claim("sweep", "three", now + minuteMs, now)).toBeDefined();
  clock.step(minuteMs / 3);
  await until(() => first.steps[1]?.run.signal.aborted === true);
  first.end({ isOver: false, state: "lost", done: 9 });
  await resting(2);
  expect(await metadata.work.get("sweep")).toMatchObject({ state: undefined, done: 0 });
});

test("a lease that nobody renews is another's", async () => {
  const { work: states } = metadata;
  await states.add("sweep", 0);
  expect(await states.claim("sweep", "one", 1000, 1)).toMatchObject({ name: "sweep" });
  expect(await states.claim("sweep", "two", 2000, 999)).toBeUndefined();
  expect(await states.claim("sweep", "two", 2000, 1000)).toMatchObject({ name: "sweep" });
  const progress = { state: "x", done: 1, total: undefined };
  expect(await states.save("sweep", "one", progress, 3000)).toBe(false);
  expect(await states.save("sweep", "two", progress, 3000)).toBe(true);
});

test("cancelled it ends after its step and begins anew", async () => {
  const { clock } = folder;
  const work = scripted();
  const { runner } = await start(work);
  await runner.wake("sweep");
  await begun(work, 1);
  work.end({ isOver: false, state: "half", done: 1 });
  await begun(work, 2);
  await runner.cancel("sweep");
  expect(work.steps[1]?.run.signal.aborted).toBe(true);
  work.end({ isOver: false, state: "more", done: 2 });
  await resting();
  expect(await report(runner)).toMatchObject({ status: "scheduled", done: 0 });
  clock.step(hourMs);
  await begun(work, 3);
  expect(work.steps[2]?.run).toMatchObject({ state: undefined, done: 0 });
});

test("what goes by age does not run by a clock that was set, forwards or back", async () => {
  const { clock } = folder;
  const work = scripted("expiry", { everyMs: dayMs, afterStartMs: hourMs, goesByAge: true });
  const { lines } = await start(work);
  await resting();
  clock.set(100 * dayMs);
  clock.step(hourMs);
  await until(() => lines.join("").includes("the clock was set"));
  await resting();
  clock.set(-100 * dayMs);
  clock.step(dayMs);
  await until(() => lines.length === 2);
  await resting();
  expect(work.steps).toHaveLength(0);
  clock.step(dayMs);
  await begun(work, 1);
});

test("what does not go by age runs whatever the clock says, though not before it is up", async () => {
  const { clock } = folder;
  const work = scripted();
  await start(work);
  await resting();
  clock.set(100 * dayMs);
  clock.step(10 * minuteMs - 1);
  await resting();
  expect(work.steps).toHaveLength(0);
  clock.step(1);
  await begun(work, 1);
});

test("nobody wakes what is not there", async () => {
  const { runner } = await start(scripted());
  expect(runner.wake("sweeps")).rejects.toThrow('there is no background work "sweeps"');
});
