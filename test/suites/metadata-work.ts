import { describe, expect, test } from "bun:test";
import type { WorkEnding, WorkState } from "../../src/metadata/contract.ts";
import { noon, sampleRegistry, shownBlob } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const minute = 60_000;
const fresh: WorkState = {
  name: "sweep",
  state: undefined,
  done: 0,
  total: undefined,
  failures: 0,
  message: undefined,
  wakes: 0,
  lastRunAt: undefined,
  nextRunAt: noon,
  leasedUntil: 0,
};
const ending = (about: Partial<WorkEnding> = {}): WorkEnding => ({
  state: undefined,
  done: 7,
  total: undefined,
  lastRunAt: noon + minute,
  nextRunAt: noon + 60 * minute,
  failures: 0,
  message: undefined,
  wakes: 0,
  now: noon + minute,
  ...about,
});

/** Who has which background work. */
export function workSuite(bench: MetadataBench): void {
  describe("background work", () => {
    const states = () => bench.metadata.work;
    const claim = (owner: string, now = noon) => states().claim("sweep", owner, now + minute, now);

    test("is made known once, and listed by name", async () => {
      await states().add("sweep", noon);
      await states().add("eviction", noon + 1);
      await states().add("sweep", noon + 2);
      expect(await states().all()).toEqual([
        { ...fresh, name: "eviction", nextRunAt: noon + 1 },
        fresh,
      ]);
      expect(await states().get("sweep")).toEqual(fresh);
      expect(await states().get("nothing")).toBeUndefined();
      expect(await states().now()).toBe(bench.clock.now());
    });

    test("of many who want it at once one has it, when it is due, until he gives it up or his lease ends", async () => {
      await states().add("sweep", noon);
      expect(await claim("early", noon - 1)).toBeUndefined();
      const owners = Array.from({ length: 8 }, (_, n) => `server ${n}`);
      const claims = await Promise.all(owners.map((owner) => claim(owner)));
      const [winner = ""] = owners.filter((_, n) => claims[n] !== undefined);
      expect(claims.filter((one) => one !== undefined)).toEqual([
        { ...fresh, leasedUntil: noon + minute },
      ]);
      expect(await states().renew("sweep", winner, noon + 2 * minute)).toBe(true);
      expect(await claim("other", noon + minute)).toBeUndefined();
      // It was not renewed again: another one goes on where the first has come to.
      const progress = { state: "at a", done: 3, total: 9 };
      expect(await states().save("sweep", winner, progress, noon + 3 * minute)).toBe(true);
      expect(await claim("other", noon + 3 * minute)).toMatchObject(progress);
      // The first one finds out by its next call, whatever that is, and changes nothing.
      expect(await states().renew("sweep", winner, noon + 90 * minute)).toBe(false);
      const late = { state: "at b", done: 4, total: 9 };
      expect(await states().save("sweep", winner, late, noon + 90 * minute)).toBe(false);
      expect(await states().release("sweep", winner, ending())).toBe(false);
      expect(await states().get("sweep")).toMatchObject({
        ...progress,
        leasedUntil: noon + 4 * minute,
      });
      expect(await states().release("sweep", "other", ending({ message: "m".repeat(300) }))).toBe(
        true,
      );
      expect(await states().get("sweep")).toEqual({
        ...fresh,
        done: 7,
        message: "m".repeat(255),
        lastRunAt: noon + minute,
        nextRunAt: noon + 60 * minute,
      });
    });

    test("woken, it is due now; woken while it runs, it runs once more", async () => {
      await states().add("sweep", noon + 60 * minute);
      expect(await claim("one")).toBeUndefined();
      await states().wake("sweep", noon);
      // That it was to run before that stays.
      await states().wake("sweep", noon + 30 * minute);
      expect(await states().get("sweep")).toMatchObject({ wakes: 2, nextRunAt: noon });
      expect(await claim("one")).toMatchObject({ wakes: 2 });
      await states().wake("sweep", noon);
      await states().release("sweep", "one", ending({ wakes: 2 }));
      expect(await states().get("sweep")).toMatchObject({ wakes: 1, nextRunAt: noon + minute });
      expect(await claim("two", noon + minute)).toMatchObject({ wakes: 1 });
      await states().release("sweep", "two", ending({ wakes: 1 }));
      expect(await states().get("sweep")).toMatchObject({
        wakes: 0,
        nextRunAt: noon + 60 * minute,
      });
    });

    test("is put off or brought forward while nobody has it, and taken from who has it where it is cancelled", async () => {
      await states().add("sweep", noon + 60 * minute);
      await states().schedule("sweep", noon, noon);
      await claim("one");
      await states().schedule("sweep", noon + 5, noon);
      expect(await states().get("sweep")).toMatchObject({ nextRunAt: noon });
      await states().save("sweep", "one", { state: "a", done: 1, total: 2 }, noon + minute);
      await states().cancel("sweep", noon + 60 * minute);
      expect(await states().renew("sweep", "one", noon + minute)).toBe(false);
      expect(await states().get("sweep")).toEqual({ ...fresh, nextRunAt: noon + 60 * minute });
    });
  });

  test("what is done alone is done by one at a time, and a failure lets the next one go on", async () => {
    const { metadata } = bench;
    const seen: string[] = [];
    const first = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const one = metadata.alone("a", async () => {
      begun.resolve();
      await first.promise;
      seen.push("one");
      throw new Error("fails");
    });
    await begun.promise;
    const two = metadata.alone("a", async () => seen.push("two"));
    first.resolve();
    const outcome: unknown = await one.catch((error: unknown) => error);
    expect(outcome).toMatchObject({ message: "fails" });
    expect(await two).toBe(2);
    expect(seen).toEqual(["one", "two"]);
  });

  test("blobs are counted, and nothing is wrong beside it", async () => {
    const { metadata } = bench;
    const { upstream } = await sampleRegistry(metadata);
    expect(await metadata.blobCount()).toBe(0);
    for (const text of ["a", "b", "c"]) await metadata.cache.storeBlob(shownBlob(upstream, text));
    expect(await metadata.blobCount()).toBe(3);
    expect(await metadata.impaired()).toBeUndefined();
    expect(metadata.isWritingBack()).toBe(false);
  });
}
