import { expect, test } from "bun:test";
import { Hashing, HashingBusyError } from "../../../src/access/people/hashing.ts";

const begin = () => {};

test("two at a time, sixteen wait, the next one is refused; then there is room again", async () => {
  const hashing = new Hashing();
  const running = Array.from({ length: 18 }, () => hashing.verify("a", undefined, begin));
  expect(hashing.verify("a", undefined, begin)).rejects.toBeInstanceOf(HashingBusyError);
  expect(await Promise.all(running)).toEqual(Array.from({ length: 18 }, () => false));
  const hash = await hashing.hash("a long password");
  expect(await hashing.verify("a long password", hash, begin)).toBe(true);
  expect(await hashing.verify("another password", hash, begin)).toBe(false);
});

test("a hash that cannot be read frees its place", async () => {
  const hashing = new Hashing();
  for (let i = 0; i < 20; i++) expect(hashing.verify("a", "no hash", begin)).rejects.toThrow();
  expect(await hashing.verify("a", undefined, begin)).toBe(false);
});

test("nobody's password takes as long as somebody's", async () => {
  const hashing = new Hashing();
  const hash = await hashing.hash("a long password");
  const measure = async (given: string | undefined) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      await hashing.verify("wrong", given, begin);
      times.push(performance.now() - began);
    }
    return Math.min(...times);
  };
  const [known, unknown] = [await measure(hash), await measure(undefined)];
  expect(Math.abs(known - unknown)).toBeLessThan(Math.max(known, unknown) / 2);
  const [, costs] = /^\$argon2id\$v=19\$(m=65536,t=2,p=1)\$/.exec(hash) ?? [];
  expect(costs).toBeDefined();
});

test("who may not begin when it is his turn is not hashed, and frees his place", async () => {
  const hashing = new Hashing();
  const banned = new Error("banned");
  const late = () => {
    throw banned;
  };
  for (let i = 0; i < 20; i++)
    expect(await hashing.verify("a", "no hash", late).catch((e) => e)).toBe(banned);
});
