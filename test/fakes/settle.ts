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

async function atRest(weir: TestWeir): Promise<void> {
  await until(async () => {
    // What runs again at once waits for a millisecond.
    if (weir.clock.next <= 10) weir.clock.step(weir.clock.next);
    const works = (await weir.api("GET", "/work")) as { status: string; next_run_at: string }[];
    const now = new Date(weir.clock.now()).toISOString();
    return works.every(
      ({ status, next_run_at: at }) => status === "scheduled" && (at > now || at === now),
    );
  });
}
