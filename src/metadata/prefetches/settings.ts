import type { Prefetch, PrefetchSettings } from "./contract.ts";

/** What people have said of a prefetch, which stays as it is while it runs: for its tag. */
export function settingsOf(prefetch: Prefetch): PrefetchSettings & { id: number } {
  const { id, name, images, platforms, everyHours } = prefetch;
  return { id, name, images: images.map(({ image }) => image), platforms, everyHours };
}
