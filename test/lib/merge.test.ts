import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { mergeAscending } from "../../src/lib/merge.ts";

const texts = fc.uniqueArray(fc.stringMatching(/^[A-Za-c_.0-2-]{1,3}$/), { maxLength: 20 });

test("merging is joining, filtering, sorting and beginning behind a text", () => {
  const lists = fc.array(fc.record({ texts, kept: fc.constantFrom(/./, /[a-z]/, /^$/) }), {
    maxLength: 4,
  });
  const after = fc.option(fc.stringMatching(/^[A-Za-c_.0-2-]{0,3}$/), { nil: undefined });
  fc.assert(
    fc.property(lists, after, (all, start) => {
      const wanted = new Set(
        all.flatMap((list) => list.texts.filter((one) => list.kept.test(one))),
      );
      const behind = [...wanted].filter((one) => start === undefined || one > start).sort();
      const sources = all.map((list) => ({
        texts: list.texts.toSorted(),
        keeps: (one: string) => list.kept.test(one),
      }));
      const steps = [...mergeAscending(sources, start)];
      expect(steps.filter((one) => one !== undefined)).toEqual(behind);
    }),
  );
});
