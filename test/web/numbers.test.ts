import { expect, test } from "bun:test";
import fc from "fast-check";
import { labelled, ticks } from "../../web/charts/scale.ts";
import { bytesText, durationText, relativeText, shareText } from "../../web/ui/format.tsx";

test("sizes, durations, shares and times as people read them", () => {
  expect([0, 999, 1000, 1_260_000, 999_999, 3e15].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.3 MB",
    "1.0 MB",
    "3.0 PB",
  ]);
  expect([3.2, 1500, 59_999, 61_000, 7_200_000, 400_000_000].map(durationText)).toEqual([
    "3 ms",
    "1.5 s",
    "1 min 0 s",
    "1 min 1 s",
    "2 h 0 min",
    "5 d",
  ]);
  expect([shareText(1, 3), shareText(0, 0)]).toEqual(["33.3 %", "–"]);
  const now = Date.parse("2026-11-26T12:00:00Z");
  const ago = (ms: number) => relativeText(new Date(now - ms).toISOString(), now);
  expect([5000, 120_000, 7_200_000, 86_400_000, -3_600_000].map(ago)).toEqual([
    "just now",
    "2 minutes ago",
    "2 hours ago",
    "yesterday",
    "in 1 hour",
  ]);
});

test("an axis goes from zero beyond the highest value, in even steps, and not far beyond", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (most) => {
      const marks = ticks(most);
      const [first, step = 0] = marks;
      const last = marks.at(-1) ?? 0;
      expect(first).toBe(0);
      expect(last).toBeGreaterThanOrEqual(most * (1 - 1e-9));
      expect(last).toBeLessThan(most + step * 1.001);
      expect(marks.length).toBeLessThanOrEqual(6);
    }),
  );
});

test("labels are few, evenly far from each other, and the last value has one", () => {
  fc.assert(
    fc.property(fc.nat(800), fc.integer({ min: 0, max: 20 }), (count, most) => {
      const indices = labelled(count, most);
      if (count === 0) return expect(indices).toEqual([]);
      expect(indices.at(-1)).toBe(count - 1);
      expect(indices.length).toBeLessThanOrEqual(Math.max(1, most));
      expect(Math.min(...indices)).toBeGreaterThanOrEqual(0);
      return undefined;
    }),
  );
});
