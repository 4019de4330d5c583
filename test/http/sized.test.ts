import { expect, test } from "bun:test";
import { Sized } from "../../src/http/metrics/sized.ts";
import type { StoreSize } from "../../src/metadata/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";

const turns = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test("what is stored is counted rarely, once for all who ask, and nobody waits for a second count", async () => {
  const clock = new SteppedClock();
  const counts: PromiseWithResolvers<StoreSize>[] = [];
  const sized = new Sized(clock, () => {
    const count = Promise.withResolvers<StoreSize>();
    counts.push(count);
    return count.promise;
  });
  const ask = async () =>
    (await Promise.all(sized.families().map((family) => family.samples()))).map(
      ([sample]) => sample?.value,
    );
  // The database does not answer yet: there is nothing to tell, and it is tried again later.
  const none = ask();
  await turns();
  expect(counts.length).toBe(1);
  counts[0]?.reject(new Error("the database is gone"));
  expect(await none).toEqual([undefined, undefined]);
  clock.step(60_000);
  // The first count is waited for.
  const first = [ask(), ask()];
  await turns();
  expect(counts.length).toBe(2);
  clock.step(10_000);
  counts[1]?.resolve({ bytes: 700, blobs: 7 });
  expect(await Promise.all(first)).toEqual([
    [700, 7],
    [700, 7],
  ]);
  // It took ten seconds: the next one is due after fifty times as long.
  clock.step(499_000);
  expect(await ask()).toEqual([700, 7]);
  expect(counts.length).toBe(2);
  clock.step(1000);
  expect(await ask()).toEqual([700, 7]);
  await turns();
  expect(counts.length).toBe(3);
  counts[2]?.resolve({ bytes: 800, blobs: 8 });
  await turns();
  expect(await ask()).toEqual([800, 8]);
});
