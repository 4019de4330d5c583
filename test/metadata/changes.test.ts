import { describe, expect, test } from "bun:test";
import { type Changes, Remembered } from "../../src/metadata/changes.ts";

/** A count of changes that a test moves by hand. */
class Counter implements Changes {
  value = 1;
  generation = () => Promise.resolve(this.value);
  run = () => Promise.reject(new Error("nothing is written here"));
}

describe("what is remembered", () => {
  test("is loaded once a generation, and what is not there each time", async () => {
    const changes = new Counter();
    const loaded: string[] = [];
    const remembered = new Remembered(changes, 10, async (key: string) => {
      loaded.push(key);
      return key === "absent" ? undefined : { key };
    });
    for (const key of ["a", "b", "a", "absent", "absent"]) await remembered.get(key);
    expect(loaded).toEqual(["a", "b", "absent", "absent"]);
    changes.value++;
    expect(await remembered.get("a")).toEqual({ key: "a" });
    expect(loaded.at(-1)).toBe("a");
    expect(loaded).toHaveLength(5);
  });

  test("is never older than its generation, however long loading took", async () => {
    const changes = new Counter();
    const loads: PromiseWithResolvers<{ of: string }>[] = [];
    const remembered = new Remembered(changes, 10, () => {
      const load = Promise.withResolvers<{ of: string }>();
      loads.push(load);
      return load.promise;
    });
    const slow = remembered.get("key");
    await changes.generation();
    changes.value++;
    const quick = remembered.get("key");
    await changes.generation();
    loads[1]?.resolve({ of: "the new generation" });
    await quick;
    loads[0]?.resolve({ of: "the old generation" });
    await slow;
    expect(await remembered.get("key")).toEqual({ of: "the new generation" });
    expect(loads).toHaveLength(2);
  });

  test("is bounded", async () => {
    let loads = 0;
    const remembered = new Remembered(new Counter(), 2, async (key: number) => ({
      key,
      n: ++loads,
    }));
    for (const key of [1, 2, 3, 3, 2, 1]) await remembered.get(key);
    expect(loads).toBe(4);
  });
});
