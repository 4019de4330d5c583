import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Capped, type Family, Histogram, metricsText } from "../../src/lib/metrics.ts";

const family = (samples: Awaited<ReturnType<Family["samples"]>>): Family => ({
  name: "some_total",
  help: "Some.",
  type: "counter",
  samples: async () => samples,
});

describe("the text format", () => {
  test("a family without numbers still says what it is", async () => {
    expect(await metricsText([family([])])).toBe(
      "# HELP some_total Some.\n# TYPE some_total counter\n",
    );
  });

  test("any text can stand in a label, and no label can end its line", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (value) => {
        const text = await metricsText([family([{ labels: { value }, value: 1 }])]);
        const [, , line = "", ...more] = text.split("\n");
        expect(more).toEqual([""]);
        const [, quoted = ""] = /^some_total\{value="(.*)"\} 1$/su.exec(line) ?? [];
        const read = quoted.replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));
        expect(read).toBe(value);
      }),
    );
  });
});

test("a histogram says how many were at most so large", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (values) => {
      const histogram = new Histogram([1, 5, 10]);
      for (const value of values) histogram.observe(value);
      const samples = histogram.samples({ a: "b" });
      const atMost = (bound: number) => values.filter((value) => value <= bound).length;
      expect(samples.slice(0, 4)).toEqual(
        [1, 5, 10, Infinity].map((bound) => ({
          suffix: "_bucket",
          labels: { a: "b", le: bound === Infinity ? "+Inf" : String(bound) },
          value: atMost(bound),
        })),
      );
      expect(samples[5]).toEqual({ suffix: "_count", labels: { a: "b" }, value: values.length });
      expect(samples[4]?.value).toBeCloseTo(values.reduce((sum, value) => sum + value, 0));
    }),
  );
});

test("names that come too late share one value", () => {
  const capped = new Capped(2, () => ({ count: 0 }));
  for (const name of ["a", "b", "c", "a", "d", "c"]) capped.of(name).count++;
  expect(capped.entries()).toEqual([
    ["a", { count: 2 }],
    ["b", { count: 1 }],
    ["other", { count: 3 }],
  ]);
});
