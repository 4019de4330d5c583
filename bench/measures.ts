import { coldBlob, herd, miss, slowHerd } from "./cold-measures.ts";
import type { Bench, Measure } from "./contract.ts";
import { cachedBlob, cachedManifest } from "./warm-measures.ts";
import { coldWindow, lazyReading } from "./window-measures.ts";

/** All measures, in the order in which they are taken. */
export function allMeasures(bench: Bench): Measure[] {
  const blobs = [1, 8, 16, 32].map((clients) => cachedBlob(bench, clients));
  return [
    cachedManifest(bench),
    ...blobs,
    coldBlob(bench),
    herd(bench),
    slowHerd(bench),
    miss(bench),
    coldWindow(bench),
    lazyReading(bench),
  ];
}
