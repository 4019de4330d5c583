import type { EvictedEntry, SpaceScope } from "../../metadata/contract.ts";

/** Something that holds more than it may. */
export interface Overfull {
  of: SpaceScope;
  name: string;
  /** `limit`: of its own; `free_space`: the disk is nearly full. */
  why: "limit" | "free_space";
  /** What it has, and may have: bytes of content, or of free space that is left and should be. */
  bytes: number;
  bound: number;
  /** Bytes to get rid of. */
  excess: number;
  /** Undefined where it can wait for pulls; else as in `WorkStep`: the more, the farther beyond. */
  urgency: number | undefined;
}

/** What would go, and why. */
export interface EvictionPreview extends Overfull {
  /** The first few of them. */
  entries: EvictedEntry[];
  /** Of all. */
  count: number;
  size: number;
  /** What cannot be got rid of: it is pinned, was pulled a moment ago, shares its content with what stays, or is no part of the cache. */
  left: number;
}

export interface EvictionPreviewer {
  /** What there is a limit of in all, and how much can be stored until free space is at its floor; undefined: none, unknown. */
  bounds(): Promise<{ cacheMaxBytes: number | undefined; freeBytes: number | undefined }>;
  /** Changes nothing. */
  preview(): Promise<EvictionPreview[]>;
}

/** How often what was given up: for metrics. */
export interface SpaceCounts {
  evictedEntries: number;
  evictedBytes: number;
  sweptManifests: number;
  sweptBlobs: number;
  sweptBytes: number;
  scrubbedBlobs: number;
  scrubbedBytes: number;
  damaged: number;
  repaired: number;
  /** Left in their place: they could not be read, or not be put aside. */
  kept: number;
  /** What is put aside, as this server has last seen it; undefined: it has not looked. */
  quarantine: { objects: number; bytes: number } | undefined;
}

export function noSpaceCounts(): SpaceCounts {
  return {
    evictedEntries: 0,
    evictedBytes: 0,
    sweptManifests: 0,
    sweptBlobs: 0,
    sweptBytes: 0,
    scrubbedBlobs: 0,
    scrubbedBytes: 0,
    damaged: 0,
    repaired: 0,
    kept: 0,
    quarantine: undefined,
  };
}
