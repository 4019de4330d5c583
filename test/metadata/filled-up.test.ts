import { expect, test } from "bun:test";
import fc from "fast-check";
import { filledUp } from "../../src/metadata/filled-up.ts";

test("a list keeps its values, in their order, and has one of few lengths", () => {
  expect(filledUp([])).toEqual([]);
  expect(filledUp([1])).toEqual([1]);
  expect(filledUp([1, 2, 3, 4, 5])).toEqual([1, 2, 3, 4, 5, 5, 5, 5]);
  const lists = fc.array(fc.integer(), { minLength: 1, maxLength: 600 });
  fc.assert(
    fc.property(lists, (values) => {
      const filled = filledUp(values);
      expect(filled.slice(0, values.length)).toEqual(values);
      expect(new Set(filled)).toEqual(new Set(values));
      expect(Number.isInteger(Math.log2(filled.length))).toBe(true);
    }),
  );
});
