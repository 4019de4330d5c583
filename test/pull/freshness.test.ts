import { expect, test } from "bun:test";
import type { CachedManifest, Upstream } from "../../src/metadata/contract.ts";
import { Freshness } from "../../src/pull/freshness.ts";
import type { PullerOptions } from "../../src/pull/puller.ts";
import { SteppedClock } from "../fakes/clock.ts";

test("what is always checked is never fresh, even where nothing else would ever be checked", () => {
  const clock = new SteppedClock();
  const options: Partial<PullerOptions> = { clock };
  const freshness = new Freshness(options as PullerOptions);
  const entry = { checkedAt: clock.now() } as CachedManifest;
  for (const cacheValidityHours of [0, 24]) {
    const plain = { cacheValidityHours, alwaysCheck: false } as Upstream;
    const always = { ...plain, alwaysCheck: true };
    expect([freshness.isFresh(entry, plain), freshness.isFresh(entry, always)]).toEqual([
      true,
      false,
    ]);
    expect(freshness.freshUntil(entry, always)).toBe(entry.checkedAt);
    expect(freshness.freshUntil(entry, plain)).not.toBe(entry.checkedAt);
  }
});
