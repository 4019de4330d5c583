import { expect, spyOn, test } from "bun:test";
import { quickCost } from "../../fakes/hashing.ts";
import { Hashing, HashingBusyError } from "../../../src/access/people/hashing.ts";

const begin = () => {};
const nobody = (hashing: Hashing, account: string) =>
  hashing.verify({ password: "a", hash: undefined, account }, begin);
const verify = (hashing: Hashing, password: string, hash: string | undefined, start = begin) =>
  hashing.verify({ password, hash, account: "" }, start);

test.each([1, 2])(
  "%p at a time, sixteen wait, the next one is refused; then there is room again",
  async (most) => {
    const hashing = new Hashing(most, quickCost);
    expect(hashing.hasRoom("another")).toBe(true);
    const running = Array.from({ length: most + 16 }, (_, i) => nobody(hashing, `account ${i}`));
    expect(hashing.hasRoom("another")).toBe(false);
    expect(nobody(hashing, "another")).rejects.toBeInstanceOf(HashingBusyError);
    expect(await Promise.all(running)).toEqual(running.map(() => false));
    const hash = await hashing.hash("a long password");
    expect(await verify(hashing, "a long password", hash)).toBe(true);
    expect(await verify(hashing, "another password", hash)).toBe(false);
  },
);

test("a hash that cannot be read frees its place", async () => {
  const hashing = new Hashing(undefined, quickCost);
  for (let i = 0; i < 20; i++) expect(verify(hashing, "a", "no hash")).rejects.toThrow();
  expect(await verify(hashing, "a", undefined)).toBe(false);
});

test("nobody's password costs what somebody's does", async () => {
  const hashing = new Hashing();
  const somebodys = await hashing.hash("a long password");
  const verified = spyOn(Bun.password, "verify");
  try {
    expect(await verify(hashing, "wrong", somebodys)).toBe(false);
    expect(await verify(hashing, "wrong", undefined)).toBe(false);
    const costs = verified.mock.calls.map(
      ([, hash]) => /^\$argon2id\$v=19\$m=65536,t=2,p=1\$/.exec(hash as string)?.[0],
    );
    expect(costs).toEqual(Array(2).fill("$argon2id$v=19$m=65536,t=2,p=1$"));
  } finally {
    verified.mockRestore();
  }
});

test("who may not begin when it is his turn is not hashed, and frees his place", async () => {
  const hashing = new Hashing(undefined, quickCost);
  const banned = new Error("banned");
  const late = () => {
    throw banned;
  };
  for (let i = 0; i < 20; i++)
    expect(await verify(hashing, "a", "no hash", late).catch((e) => e)).toBe(banned);
});

test("one account has four at a time at most, and others go on", async () => {
  const hashing = new Hashing(undefined, quickCost);
  const own = Array.from({ length: 4 }, () => nobody(hashing, "ada"));
  expect([hashing.hasRoom("ada"), hashing.hasRoom("ben")]).toEqual([false, true]);
  expect(nobody(hashing, "ada")).rejects.toBeInstanceOf(HashingBusyError);
  expect(await nobody(hashing, "ben")).toBe(false);
  await Promise.all(own);
  expect(await nobody(hashing, "ada")).toBe(false);
});
