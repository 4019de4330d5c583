import type { Asked } from "./asked.ts";
import type { KnownManifest } from "./fetching.ts";
import type { Freshness } from "./freshness.ts";

/** The way a pull takes. */
export type Road =
  | { kind: "cached"; status: "hit" | "stale"; entry: KnownManifest; reason?: string }
  /** Its own upstream is asked before it is served. */
  | { kind: "check"; entry: KnownManifest }
  /** It is served while its own upstream is asked. */
  | { kind: "check behind"; entry: KnownManifest }
  | { kind: "walk" };

/** Which way a pull takes, from what the cache holds. Asks nobody. */
export function roadOf(
  { reference }: Asked,
  known: readonly KnownManifest[],
  freshness: Freshness,
): Road {
  const [entry] = known;
  if (!entry) return { kind: "walk" };
  if (reference.kind === "digest") {
    return isServable(entry) ? { kind: "cached", status: "hit", entry } : { kind: "walk" };
  }
  if (!isServable(entry)) return { kind: "check", entry };
  if (freshness.isFresh(entry, entry.upstream)) return { kind: "cached", status: "hit", entry };
  if (freshness.isPostponed(entry)) {
    return { kind: "cached", status: "stale", entry, reason: "check postponed" };
  }
  return { kind: entry.upstream.staleWhileRevalidate ? "check behind" : "check", entry };
}

/** Stored, and shown with the present credentials. */
export function isServable({ proof, payload }: KnownManifest): boolean {
  return proof === "shown" && payload !== undefined;
}
