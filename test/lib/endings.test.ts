import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Endings } from "../../src/lib/endings.ts";
import { FlightsAfterLook } from "../../src/lib/flights-after-look.ts";

const names: string[] = ["a", "b", "c", "d", "e"];

describe("endings", () => {
  test("no ending is missed, however many there are; one is told of that was not only where too many were", () => {
    const keys = fc.array(fc.constantFrom(...names), { maxLength: 30 });
    fc.assert(
      fc.property(keys, keys, fc.integer({ min: 1, max: 5 }), (before, after, capacity) => {
        const endings = new Endings(capacity);
        before.forEach((key) => endings.note(key));
        const { moment } = endings;
        after.forEach((key) => endings.note(key));
        for (const key of names) {
          if (after.includes(key)) expect(endings.since(key, moment)).toBe(true);
          else if (new Set(after).size <= capacity) expect(endings.since(key, moment)).toBe(false);
          expect(endings.since(key, endings.moment)).toBe(false);
        }
      }),
    );
  });
});

describe("flights of those who have looked", () => {
  test("one who looked before another's end is told so, whether that failed or not; others are not", async () => {
    const flights = new FlightsAfterLook<boolean>();
    const look = async (isOld: boolean) => isOld;
    const { moment } = flights;
    expect(await flights.do("a", moment, look)).toBe(false);
    expect(await flights.do("a", moment, look)).toBe(true);
    expect(await flights.do("a", flights.moment, look)).toBe(false);
    expect(await flights.do("b", moment, look)).toBe(false);
    const failing = () => Promise.reject(new Error("no"));
    const before = flights.moment;
    expect(flights.do("c", before, failing)).rejects.toThrow("no");
    await flights.do("c", before, failing).catch(() => undefined);
    expect(await flights.do("c", before, look)).toBe(true);
  });

  test("are joined until what came of them is kept, unless they are left", async () => {
    const flights = new FlightsAfterLook<number>();
    const { moment } = flights;
    const kept = Promise.withResolvers<void>();
    let runs = 0;
    const fly = () =>
      flights.do(
        "a",
        moment,
        async () => ++runs,
        () => kept.promise,
      );
    expect([await fly(), await fly()]).toEqual([1, 1]);
    flights.leave("a");
    expect([await fly(), await fly()]).toEqual([2, 2]);
    kept.resolve();
    await kept.promise;
    expect(await flights.do("a", moment, async (isOld) => (isOld ? ++runs : 0))).toBe(3);
  });
});
