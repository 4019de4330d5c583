import type { Registry } from "../metadata/contract.ts";
import type { PullStatistics } from "../pull/contract.ts";
import type { Exchange } from "./exchange.ts";

/** Tells the statistics what a pull of a manifest or blob has come to; of anything else there is nothing to tell. */
export function countPull(
  statistics: PullStatistics,
  { told, registry, kind, bytes = 0 }: Exchange,
): void {
  if (!told || !registry || (kind !== "manifest" && kind !== "blob")) return;
  const { status, source, upstream } = told;
  if (source) return statistics.pulled(source.upstreamId, source.repository, status, bytes);
  const blamed = blamedIn(registry, upstream);
  // What nobody has could be any name: such are not counted one by one.
  if (blamed !== undefined) statistics.pulled(blamed, undefined, status, bytes);
}

/** The first of those that stood in the way, or were asked; else the first of the registry. */
function blamedIn({ upstreams }: Registry, names: string): number | undefined {
  const found = upstreams.find(({ name }) => name === names || names.startsWith(`${name}, `));
  return (found ?? upstreams[0])?.id;
}
