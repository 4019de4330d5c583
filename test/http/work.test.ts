import { expect, test } from "bun:test";
import { TestWeir } from "../fakes/weir.ts";

const hourMs = 3_600_000;

test("background work is told of, with its times", async () => {
  const weir = await TestWeir.start({ upstreams: [] });
  try {
    const start = weir.clock.now();
    const work = {
      name: "expired_entries",
      status: "scheduled",
      progress: { done: 0, total: null },
      last_run_at: null,
      next_run_at: new Date(start + hourMs).toISOString(),
      message: null,
    };
    expect(await weir.api("GET", "/work")).toContainEqual(work);
    // A start does not put off what was to come.
    await weir.halt();
    await weir.run();
    expect(await weir.api("GET", "/work")).toContainEqual(work);
  } finally {
    await weir.stop();
  }
});
