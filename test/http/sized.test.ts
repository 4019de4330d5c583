import { expect, test } from "bun:test";
import { Sized } from "../../src/http/metrics/sized.ts";
import { SteppedClock } from "../fakes/clock.ts";

const turns = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test("blobs are counted rarely, once for all who ask, and nobody waits for it; bytes are those of now", async () => {
  const clock = new SteppedClock();
  const counts: PromiseWithResolvers<number>[] = [];
  let bytes = Promise.resolve(70);
  const sized = new Sized({
    clock,
    storedBytes: () => bytes,
    blobCount() {
      const count = Promise.withResolvers<number>();
      counts.push(count);
      return count.promise;
    },
  });
  const ask = async () =>
    (await Promise.all(sized.families().map((family) => family.samples()))).map(
      ([sample]) => sample?.value,
    );
  expect(await Promise.all([ask(), ask()])).toEqual([
    [70, undefined],
    [70, undefined],
  ]);
  expect(counts.length).toBe(1);
  // The database does not answer: there is nothing to tell, and it is tried again later.
  bytes = Promise.reject(new Error("the database is gone"));
  counts[0]?.reject(new Error("the database is gone"));
  await turns();
  expect(await ask()).toEqual([undefined, undefined]);
  expect(counts.length).toBe(1);
  bytes = Promise.resolve(700);
  clock.step(60_000);
  await ask();
  expect(counts.length).toBe(2);
  clock.step(10_000);
  counts[1]?.resolve(7);
  await turns();
  // It took ten seconds: the next one is due after five hundred times as long.
  clock.step(4_999_000);
  expect(await ask()).toEqual([700, 7]);
  expect(counts.length).toBe(2);
  clock.step(1000);
  expect(await ask()).toEqual([700, 7]);
  expect(counts.length).toBe(3);
  counts[2]?.resolve(8);
  await turns();
  expect(await ask()).toEqual([700, 8]);
});
