import type { Prefetch, PrefetchSettings } from "./contract.ts";

/** What people have said of a prefetch, which stays as it is while it runs: for its tag. */
export function settingsOf(prefetch: Prefetch): PrefetchSettings & { id: number } {
  const { id, images, platforms, everyHours } = prefetch;
  return { id, images: images.map(({ image }) => image), platforms, everyHours };
}
