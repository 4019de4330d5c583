import { expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import { watchConnecting } from "../../src/lib/connecting.ts";
import { SteppedClock } from "../fakes/clock.ts";

function watched() {
  const clock = new SteppedClock();
  const seen: string[] = [];
  const knock = { isOpened: false, close: () => void seen.push("closed") };
  const knocks = () => {
    seen.push("knock");
    return knock;
  };
  const stop = watchConnecting(clock, 10_000, knocks, () => void seen.push("late"));
  const wait = async (ms: number) => {
    clock.step(ms);
    for (let turn = 0; turn < 50; turn++) await yieldTurn();
  };
  return { clock, seen, knock, stop, wait };
}

test("an answer within half of the time needs no knock", async () => {
  const { clock, seen, stop, wait } = watched();
  await wait(4999);
  stop();
  await wait(60_000);
  expect(seen).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("a knock that nobody answers says late after the other half", async () => {
  const { seen, stop, wait } = watched();
  await wait(5000);
  await wait(4999);
  expect(seen).toEqual(["knock"]);
  await wait(1);
  expect(seen).toEqual(["knock", "late"]);
  stop();
  expect(seen).toEqual(["knock", "late", "closed"]);
});

test("a knock that is answered says nothing, and the wait goes on", async () => {
  const { seen, knock, wait } = watched();
  await wait(5000);
  knock.isOpened = true;
  await wait(60_000);
  expect(seen).toEqual(["knock"]);
});

test("a knock that came late itself is given its turns", async () => {
  const { clock, seen, knock, wait } = watched();
  clock.step(60_000);
  await yieldTurn();
  knock.isOpened = true;
  await wait(0);
  expect(seen).toEqual(["knock"]);
});

test("what is stopped while it knocks leaves no connection, and says nothing", async () => {
  const { clock, seen, stop, wait } = watched();
  await wait(7000);
  stop();
  await wait(60_000);
  expect(seen).toEqual(["knock", "closed"]);
  expect(clock.pending).toBe(0);
});
