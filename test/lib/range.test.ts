import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseContentRange, readRange, rangeWithin } from "../../src/lib/range.ts";

function parse(header: string | null, size: number) {
  const spec = readRange(header);
  return spec && rangeWithin(spec, size);
}

describe("a range", () => {
  const table: [header: string | null, size: number, wanted: unknown][] = [
    [null, 10, undefined],
    ["bytes=0-0", 10, { first: 0, last: 0 }],
    ["bytes=2-5", 10, { first: 2, last: 5 }],
    ["BYTES=2-5", 10, { first: 2, last: 5 }],
    ["bytes= 2-5 ", 10, { first: 2, last: 5 }],
    ["bytes=2-", 10, { first: 2, last: 9 }],
    ["bytes=2-99", 10, { first: 2, last: 9 }],
    ["bytes=-3", 10, { first: 7, last: 9 }],
    ["bytes=-99", 10, { first: 0, last: 9 }],
    ["bytes=10-", 10, "unsatisfiable"],
    ["bytes=10-12", 10, "unsatisfiable"],
    ["bytes=-0", 10, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=5-2", 10, undefined],
    ["bytes=-", 10, undefined],
    ["bytes=1-2,4-5", 10, undefined],
    ["bytes=a-b", 10, undefined],
    ["bytes=1.5-2", 10, undefined],
    ["lines=1-2", 10, undefined],
    [`bytes=${"1".repeat(99)}-`, 10, "unsatisfiable"],
    [`bytes=0-${"0".repeat(99)}9`, 10, { first: 0, last: 9 }],
    [`bytes=-${"9".repeat(400)}`, 10, { first: 0, last: 9 }],
    ["bytes=9999999999999999-", 10, "unsatisfiable"],
  ];
  for (const [header, size, wanted] of table) {
    test(`${header} of ${size}`, () => expect(parse(header, size)).toEqual(wanted as never));
  }

  test("whatever it is, the range lies within the body", () => {
    const header = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((a) => `bytes=-${a}`),
    );
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const range = parse(text, size);
        if (range === undefined || range === "unsatisfiable") return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.first).toBeLessThanOrEqual(range.last);
        expect(range.last).toBeLessThan(size);
      }),
    );
  });
});

test("parseContentRange takes complete statements only", () => {
  expect(parseContentRange("bytes 3-9/10")).toEqual({ first: 3, last: 9, size: 10 });
  for (const wrong of [
    null,
    "",
    "bytes */10",
    "bytes 3-9/*",
    "bytes 9-3/10",
    "bytes 3-10/10",
    "3-9/10",
  ]) {
    expect(parseContentRange(wrong)).toBeUndefined();
  }
});
