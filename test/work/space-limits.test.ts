import { expect, test } from "bun:test";
import type { BoundedSpace, Space } from "../../src/metadata/contract.ts";
import { overfull } from "../../src/work/space/limits.ts";

const GiB = 1 << 30;

/** What is over its limit, where so much is stored, leaving and free. */
function over(
  { stored, leaving = 0, room }: { stored: number; leaving?: number; room?: number },
  limits: { cacheMaxBytes?: number; minFreeBytes?: number; bounded?: BoundedSpace[] },
) {
  const { cacheMaxBytes, minFreeBytes = 0, bounded = [] } = limits;
  const space = {
    usage: async () => ({ stored, leaving }),
    bounded: async () => bounded,
  } as unknown as Space;
  return overfull({ space, blobs: { room: async () => room }, cacheMaxBytes, minFreeBytes });
}

test("without limits nothing is over one, and what is leaving does not count", async () => {
  expect(await over({ stored: 5 * GiB }, {})).toEqual([]);
  expect(await over({ stored: 1000 }, { cacheMaxBytes: 1000 })).toEqual([]);
  expect(await over({ stored: 1200, leaving: 200 }, { cacheMaxBytes: 1000 })).toEqual([]);
  expect(await over({ stored: 1200, leaving: 100 }, { cacheMaxBytes: 1000 })).toMatchObject([
    { of: { scope: "instance" }, why: "limit", bytes: 1100, bound: 1000, excess: 150 },
  ]);
});

test("eviction begins before the floor of free space is reached, and what is leaving will be free", async () => {
  const minFreeBytes = GiB;
  const stored = 5 * GiB;
  expect(await over({ stored, room: GiB / 2 }, { minFreeBytes })).toEqual([]);
  expect(await over({ stored, room: GiB / 4 }, { minFreeBytes })).toMatchObject([
    { of: { scope: "instance" }, why: "free_space", excess: GiB / 4 },
  ]);
  expect(await over({ stored, room: GiB / 4, leaving: GiB / 4 }, { minFreeBytes })).toEqual([]);
  expect(await over({ stored, room: -GiB }, { minFreeBytes })).toMatchObject([
    { why: "free_space", excess: GiB + GiB / 2 },
  ]);
  // The disk is full of other things.
  expect(await over({ stored: 0, room: -GiB }, { minFreeBytes })).toEqual([]);
  expect(await over({ stored }, { minFreeBytes })).toEqual([]);
});

test("what is a tenth over its limit is urgent, and so is a disk with half of the headroom left: the more, the farther", async () => {
  const urgency = async (...given: Parameters<typeof over>) => (await over(...given))[0]?.urgency;
  const cacheMaxBytes = 1000;
  expect(await urgency({ stored: 1100 }, { cacheMaxBytes })).toBeUndefined();
  expect(await urgency({ stored: 1101 }, { cacheMaxBytes })).toBeCloseTo(0.0025);
  expect(await urgency({ stored: 1300 }, { cacheMaxBytes })).toBeCloseTo(0.5);
  expect(await urgency({ stored: 1500 }, { cacheMaxBytes })).toBeCloseTo(1);
  expect(await urgency({ stored: 8000 }, { cacheMaxBytes })).toBe(1);
  const minFreeBytes = GiB;
  const stored = 5 * GiB;
  expect(await urgency({ stored, room: GiB / 4 }, { minFreeBytes })).toBeUndefined();
  expect(await urgency({ stored, room: GiB / 8 }, { minFreeBytes })).toBe(0.5);
  expect(await urgency({ stored, room: -GiB }, { minFreeBytes })).toBe(1);
});

test("the narrowest limit comes first", async () => {
  const one = { id: 1, name: "n", bytes: 200, maxBytes: 100 };
  const bounded: BoundedSpace[] = [
    { scope: "group", ...one },
    { scope: "upstream", ...one },
    { scope: "upstream", ...one, id: 2, bytes: 100 },
  ];
  const found = await over({ stored: 200 }, { bounded, cacheMaxBytes: 100 });
  expect(found.map(({ of }) => of.scope)).toEqual(["upstream", "group", "instance"]);
});
