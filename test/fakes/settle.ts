import { until } from "./until.ts";
import type { TestWeir } from "./weir.ts";

const portionMs = 60_000;

/** Lets time pass, and all background work that falls due end. */
export async function settle(weir: TestWeir, ms: number): Promise<void> {
  await atRest(weir);
  for (let left = ms; left > 0; left -= portionMs) {
    weir.clock.step(Math.min(left, portionMs));
    await atRest(weir);
  }
}

/** Nothing runs, and nothing comes of that: what is due but waits for its time after a start is at rest too. */
async function atRest(weir: TestWeir): Promise<void> {
  let quiet = 0;
  await until(async () => {
    // What runs again at once waits for a millisecond.
    if (weir.clock.next <= 10) {
      weir.clock.step(weir.clock.next);
      quiet = 0;
    }
    const works = (await weir.api("GET", "/work")) as { status: string }[];
    quiet = works.some(({ status }) => status === "running") ? 0 : quiet + 1;
    return quiet === 3;
  });
}
