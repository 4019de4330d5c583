import { until } from "./until.ts";
import type { TestWeir } from "./weir.ts";

const eachMinute = 60_000;

/** Lets time pass, and all background work that falls due end: of servers that are beside each other, any of them will do. */
export async function settle(weir: TestWeir, ms: number, portionMs = eachMinute): Promise<void> {
  await atRest(weir);
  for (let left = ms; left > 0; left -= portionMs) {
    weir.clock.step(Math.min(left, portionMs));
    await atRest(weir);
  }
}

/** What runs again at once waits for a millisecond. */
const atOnceMs = 10;
/** Where a step took longer by the clock, which others have moved on meanwhile, so does the rest after it. */
const restMs = 4000;
const patience = 20;

/** Nothing runs, and nothing comes of that: what is due but waits for its time after a start is at rest too. */
async function atRest(weir: TestWeir): Promise<void> {
  const { clock } = weir;
  let quiet = 0;
  let resting = 0;
  await until(async () => {
    if (clock.next <= atOnceMs || (resting > patience && clock.next <= restMs)) {
      clock.step(clock.next);
      quiet = 0;
      resting = 0;
    }
    const works = (await weir.api("GET", "/work")) as { status: string }[];
    const isAtRest = works.every(({ status }) => status !== "running");
    quiet = isAtRest ? quiet + 1 : 0;
    resting = isAtRest ? 0 : resting + 1;
    return quiet === 3;
  });
}
