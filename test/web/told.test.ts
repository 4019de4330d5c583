import { expect, test } from "bun:test";
import { queries } from "../../web/api/queries.ts";
import { asked, told } from "../../web/api/told.ts";

/** A query under this key whose request has begun, and is answered when the test says. */
async function begun(key: readonly unknown[]) {
  const [isAsked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<number[]>()];
  const known = queries.fetchQuery({
    queryKey: key,
    staleTime: 0,
    queryFn: () => {
      isAsked.resolve();
      return asked(key, answer.promise);
    },
  });
  await isAsked.promise;
  return { answer: answer.resolve, known };
}

const append = (key: readonly unknown[], n: number) =>
  told<number[]>(key, (known) => [...known, n]);

test("what a stream tells is put on what is known, and on the answer of a request that was under way", async () => {
  const key = ["told", 1];
  append(key, 0);
  expect(queries.getQueryData(key)).toBeUndefined();
  const first = await begun(key);
  append(key, 3);
  first.answer([1, 2]);
  expect(await first.known).toEqual([1, 2, 3]);
  append(key, 4);
  expect(queries.getQueryData<number[]>(key)).toEqual([1, 2, 3, 4]);

  // A later answer has what was told before it was asked for; of another key nothing is put on it.
  const second = await begun(key);
  append(["told", 2], 9);
  append(key, 5);
  expect(queries.getQueryData<number[]>(key)).toEqual([1, 2, 3, 4, 5]);
  second.answer([1, 2, 3, 4]);
  expect(await second.known).toEqual([1, 2, 3, 4, 5]);
});
